"""What was put right of a study: one row each, numbered; names stand in `patients` alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from cxr_triage.store.codec import to_json
from cxr_triage.store.identity import new_id
from cxr_triage.store.records import AuditEntry
from cxr_triage.store.tables import corrections, studies

Kind = Literal["sent_again", "identity", "image", "moved", "hidden", "shown", "settled", "station"]
"""sent_again: the same image came with another identity. identity: whom the study shows, and the
age. image: view and side of a film. moved: a film is of another study. hidden, shown: it was sent
by mistake, or was not. settled: the studies of one number are rightly several."""


def note_correction(
    connection: Connection,
    *,
    study_id: str,
    kind: Kind,
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
