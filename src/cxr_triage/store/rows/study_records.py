"""A study as one row: what is asked for of it, and the record that comes of that."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, func, select

from cxr_triage.domain import (
    PRIORITIES,
    FilmDecision,
    Header,
    Patient,
    PriorityReason,
    Reason,
    Score,
)
from cxr_triage.result.document import read_document
from cxr_triage.store.database.tables import (
    assessments,
    claims,
    images,
    patients,
    people,
    reviews,
    stations,
    studies,
)
from cxr_triage.store.records import StudyClaim, StudyRow
from cxr_triage.store.rows.corrected import as_filed, put_right, values_of
from cxr_triage.store.rows.keys import key_of
from cxr_triage.store.rows.patients import COLUMNS, patient_of

_filed: Final = patients.alias("filed")
SIGNERS: Final = people.alias("signers")
"""Who signed for whole studies."""
DECIDERS: Final = people.alias("deciders")
"""Whose priority holds."""
CLAIMERS: Final = people.alias("claimers")
_of_study: Final = reviews.alias("of_study")


def _among_readings(*columns: Any, unless_withdrawn: bool = True) -> Select[Any]:  # noqa: ANN401
    """Of the study of the row."""
    query = select(*columns).where(_of_study.c.study_id == studies.c.id)
    return query.where(_of_study.c.withdrawn_at.is_(None)) if unless_withdrawn else query


PENDING: Final = (
    _among_readings(func.min(_of_study.c.signs_at))
    .where(_of_study.c.signed_at.is_(None))
    .correlate(studies)
    .scalar_subquery()
)
"""When a signature will count that can still be taken back."""
READ_AT: Final = (
    _among_readings(func.max(_of_study.c.signed_at)).correlate(studies).scalar_subquery()
)
DRAFTED: Final = (
    _among_readings(_of_study.c.id)
    .where(_of_study.c.signed_at.is_(None), _of_study.c.signs_at.is_(None))
    .correlate(studies)
    .exists()
)

STUDY: Final = (
    select(
        studies,
        stations.c.name.label("station_name"),
        *COLUMNS,
        _filed.c.patient_id.label("filed_number"),
        _filed.c.issuer.label("filed_issuer"),
        _filed.c.name.label("filed_name"),
        _filed.c.birth_date.label("filed_birth_date"),
        _filed.c.sex.label("filed_sex"),
        assessments.c.document,
        assessments.c.priority_rank.label("ai_rank"),
        images.c.file_name,
        images.c.corrected.label("of_film"),
        people.c.full_name.label("opener_name"),
        SIGNERS.c.full_name.label("signer_name"),
        DECIDERS.c.full_name.label("decider_name"),
        claims.c.person_id.label("claimed_by"),
        claims.c.since.label("claimed_since"),
        claims.c.until.label("claimed_until"),
        CLAIMERS.c.full_name.label("claimer_name"),
        PENDING.label("signs_at"),
        READ_AT.label("last_signed_at"),
        DRAFTED.label("drafted"),
    )
    .join(stations, stations.c.id == studies.c.station_id)
    .join(patients, patients.c.id == studies.c.patient_id)
    .join(_filed, _filed.c.id == studies.c.filed_patient_id)
    .outerjoin(assessments, assessments.c.id == studies.c.leading_id)  # a result may be gone
    .outerjoin(images, images.c.id == assessments.c.image_id)
    .outerjoin(people, people.c.id == studies.c.opened_by)
    .outerjoin(SIGNERS, SIGNERS.c.id == studies.c.signed_by)
    .outerjoin(DECIDERS, DECIDERS.c.id == studies.c.decided_by)
    .outerjoin(claims, claims.c.study_id == studies.c.id)
    .outerjoin(CLAIMERS, CLAIMERS.c.id == claims.c.person_id)
)


class _ResultGone(NamedTuple):
    """What is told of a study in place of the result that made its priority."""

    header: Header = Header(source="dicom")
    findings: tuple[Score, ...] = ()
    reason: PriorityReason = PriorityReason(code="refused", refusal=Reason(code="result_gone"))
    early_reading: bool = False
    decision: FilmDecision | None = None
    fingerprint: str = ""


RESULT_GONE: Final = _ResultGone()


def study_of(row: Row[Any], *, overdue: bool = False) -> StudyRow:
    gone = row.document is None
    shown = RESULT_GONE if gone else read_document(row.document)
    film = {} if gone else values_of(row.of_film)
    study, patient = values_of(row.corrected), patient_of(row)
    filed = as_filed(shown.header, film)
    header = put_right(shown.header, filed, film, study, patient.sex)
    flags = [flag for flag in shown.findings if flag.level != "none"]
    flags.sort(key=lambda flag: flag.label != shown.reason.label)  # what made the priority first
    return StudyRow(
        study_id=row.id,
        study_uid=_whole(row.study_uid, shown.header.study_uid),
        station_id=row.station_id,
        station_name=row.station_name,
        accession=_whole(row.accession, shown.header.accession),
        patient=patient,
        filed=Patient(
            id=row.filed_number,
            issuer=row.filed_issuer,
            name=row.filed_name,
            birth_date=row.filed_birth_date,
            sex=row.filed_sex,
        ),
        age_years=header.age_years,
        sex=header.sex,
        view=header.view,
        received_at=row.received_at,
        acquired_at=shown.header.acquired_at,
        priority=PRIORITIES[row.priority_rank],
        band=int(row.band),
        reason=shown.reason,
        flags=tuple(flags),
        state=row.state,
        opened_by=row.opener_name or "",
        opened_at=row.opened_at,
        images=row.images,
        assessed=row.assessed,
        assessment_id="" if gone else row.leading_id,
        contested=row.contested,
        settled_at=row.settled_at,
        version=row.version,
        file_name=row.file_name or "",
        signed_by=row.signer_name or "",
        signed_at=row.signed_at,
        filed_image=filed,
        patient_corrected="patient" in study,
        age_corrected="age_years" in study,
        overdue=overdue,
        early_reading=shown.early_reading,
        decision=shown.decision,
        ai_priority=PRIORITIES[row.priority_rank if gone else row.ai_rank],
        decided_by=row.decider_name or "",
        read_at=row.last_signed_at if row.state == "signed" else None,
        drafted=bool(row.drafted),
        signs_at=row.signs_at,
        fingerprint=shown.fingerprint,
        claim=_claim(row),
    )


def _claim(row: Row[Any]) -> StudyClaim | None:
    if row.claimed_by is None or row.claimed_until <= datetime.now(UTC):
        return None
    return StudyClaim(
        person_id=row.claimed_by,
        name=row.claimer_name,
        since=row.claimed_since,
        until=row.claimed_until,
    )


def _whole(key: str, value: str) -> str:
    """What a column's key stands for, where the film that leads has it."""
    return value if key_of(value) == key else key
