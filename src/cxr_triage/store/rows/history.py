"""What was put right of a study: one row each, numbered; names stand in `patients` alone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from cxr_triage.domain import Patient
from cxr_triage.store.database.tables import corrections, patients, people, stations, studies
from cxr_triage.store.records import AuditEntry, Correction
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.keys import new_id

CorrectionKind = Literal[
    "sent_again", "identity", "image", "station", "moved", "hidden", "shown", "merged", "parted",
    "settled", "unsettled",
]  # fmt: skip
"""sent_again: the same image came with another identity. identity: whom the study shows, and the
age. image: view and side of a film. moved: a film is of another study. hidden, shown: it was sent
by mistake, or was not. merged: two studies of one number are one patient's. parted: they are
not. settled: the studies of one number are rightly several; unsettled: that is open again."""


def note_correction(
    connection: Connection,
    *,
    study_id: str,
    kind: CorrectionKind,
    audit: AuditEntry,
    at: datetime,
    image_id: str | None = None,
    patients: tuple[str | None, str | None] = (None, None),
    changes: Mapping[str, object] | None = None,
) -> int:
    """Add a row; the study's version, which has grown by one.

    audit: who did it, and why. patients: rows, before and after. changes: field → [before, after],
    without anything that names a patient.
    """
    connection.execute(
        update(studies).where(studies.c.id == study_id).values(version=studies.c.version + 1)
    )
    version: int = connection.execute(
        select(studies.c.version).where(studies.c.id == study_id)
    ).scalar_one()
    before, after = patients
    connection.execute(
        insert(corrections).values(
            id=new_id(),
            study_id=study_id,
            image_id=image_id,
            version=version,
            at=at,
            kind=kind,
            actor_kind=audit.actor_kind,
            actor_id=audit.actor_id,
            reason=audit.reason,
            patient_before=before,
            patient_after=after,
            changes=to_json(dict(changes or {})),
        )
    )
    return version


_before: Final = patients.alias("before")
_after: Final = patients.alias("after")
_HISTORY: Final = (
    select(
        corrections,
        people.c.full_name,
        stations.c.name.label("station_name"),
        *(
            column.label(f"{which}_{column.name}")
            for which, named in (("before", _before), ("after", _after))
            for column in (
                named.c.patient_id, named.c.issuer, named.c.name, named.c.birth_date, named.c.sex,
            )
        ),
    )
    .outerjoin(people, people.c.id == corrections.c.actor_id)
    .outerjoin(stations, stations.c.id == corrections.c.actor_id)
    .outerjoin(_before, _before.c.id == corrections.c.patient_before)
    .outerjoin(_after, _after.c.id == corrections.c.patient_after)
)  # fmt: skip


def of_study(connection: Connection, study_id: str) -> tuple[Correction, ...]:
    """What was put right of a study, newest first."""
    rows = connection.execute(
        _HISTORY.where(corrections.c.study_id == study_id).order_by(
            corrections.c.at.desc(), corrections.c.version.desc(), corrections.c.id
        )
    )
    return tuple(_correction(row) for row in rows)


def _correction(row: Row[Any]) -> Correction:
    changes = json.loads(row.changes)
    by = row.full_name if row.actor_kind == "person" else row.station_name
    return Correction(
        version=row.version,
        at=row.at,
        kind=row.kind,
        by=by or row.actor_id,
        reason=row.reason,
        image_id=row.image_id,
        before=_patient(row, "before") if row.patient_before else None,
        after=_patient(row, "after") if row.patient_after else None,
        changes={name: (was, is_) for name, (was, is_) in changes.items()},
    )


def _patient(row: Row[Any], which: str) -> Patient:
    values = row._mapping
    return Patient(
        id=values[f"{which}_patient_id"],
        issuer=values[f"{which}_issuer"],
        name=values[f"{which}_name"],
        birth_date=values[f"{which}_birth_date"],
        sex=values[f"{which}_sex"],
    )
