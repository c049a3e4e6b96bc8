"""One image, its result and its audit row → rows, within the caller's transaction."""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from cxr_triage.domain import Assessment, Patient
from cxr_triage.errors import Conflict
from cxr_triage.store import identity
from cxr_triage.store.audit_rows import append
from cxr_triage.store.codec import assessment_row, card_row
from cxr_triage.store.quota_rows import Allowance, count
from cxr_triage.store.records import AuditEntry, NewImage, StoredAssessment
from cxr_triage.store.tables import assessments, images, models, patients, studies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A new image with the names of its rows. `assessment` bears the store's id, and UIDs
    that were made where the file had none."""

    image: NewImage = field(repr=False)
    assessment: Assessment
    study_id: str
    image_id: str


def place(image: NewImage, assessment: Assessment) -> Placed:
    """Name the rows."""
    station, digest, header = image.station_id, assessment.digest, assessment.header
    header = replace(
        header,
        study_uid=header.study_uid or identity.made_uid("study uid", station, digest),
        series_uid=header.series_uid or identity.made_uid("series uid", station, digest),
        sop_uid=header.sop_uid or identity.made_uid("sop uid", station, digest),
    )
    return Placed(
        image=image,
        assessment=replace(
            assessment,
            id=identity.result_id(station, digest, assessment.fingerprint),
            header=header,
        ),
        study_id=identity.study_id(station, header.study_uid),
        image_id=identity.image_id(station, header.sop_uid),
    )


def check_conflict(connection: Connection, placed: Placed) -> None:
    """Raises Conflict `other_pixels`: before the file is written, so that none is left over."""
    known = connection.execute(
        select(images.c.pixel_digest).where(images.c.id == placed.image_id)
    ).scalar()
    pixel_digest = placed.assessment.pixel_digest
    if known and pixel_digest and known != pixel_digest:
        raise Conflict("other_pixels")


def keep_rows(
    connection: Connection, placed: Placed, audit: AuditEntry, allowance: Allowance | None
) -> StoredAssessment | None:
    """Write every row; None if the result was there already (then nothing is written).

    Raises Conflict `other_pixels` or OverQuota.
    """
    if _there(connection, assessments.c.id, placed.assessment.id):
        return None
    study_id = _keep_image(connection, placed)
    _keep_assessment(connection, placed)
    _rank_study(connection, study_id)
    if allowance is not None:
        count(connection, placed.image.station_id, placed.image.size, allowance)
    append(
        connection,
        replace(
            audit,
            study_id=study_id,
            assessment_id=placed.assessment.id,
            fingerprint=placed.assessment.fingerprint,
        ),
    )
    return StoredAssessment(
        assessment=placed.assessment,
        study_id=study_id,
        image_id=placed.image_id,
        station_id=placed.image.station_id,
        received_at=placed.image.received_at,
        is_current=True,
    )


def _there(connection: Connection, column: Any, value: str) -> bool:  # noqa: ANN401 - any column
    return connection.execute(select(column).where(column == value)).first() is not None


def _keep_image(connection: Connection, placed: Placed) -> str:
    """Make the image and its study unless they are there; the study that the image is in."""
    known = connection.execute(
        select(images.c.study_id).where(images.c.id == placed.image_id)
    ).scalar()
    _lock_study(connection, placed.study_id if known is None else known)
    check_conflict(connection, placed)
    if known is not None:
        _note_pixels(connection, placed)
        return str(known)
    _keep_study(connection, placed)
    header = placed.assessment.header
    connection.execute(
        insert(images).values(
            id=placed.image_id,
            study_id=placed.study_id,
            station_id=placed.image.station_id,
            sop_uid=header.sop_uid,
            series_uid=header.series_uid,
            digest=placed.assessment.digest,
            pixel_digest=placed.assessment.pixel_digest,
            rows=header.rows,
            columns=header.columns,
            received_at=placed.image.received_at,
        )
    )
    return placed.study_id


def _lock_study(connection: Connection, study_id: str) -> None:
    """Its images and its place in the worklist change by one writer at a time."""
    connection.execute(select(studies.c.id).where(studies.c.id == study_id).with_for_update())


def _note_pixels(connection: Connection, placed: Placed) -> None:
    """An image that was refused by its header was not decoded: the first decoding says what
    its pixels are."""
    connection.execute(
        update(images)
        .where(images.c.id == placed.image_id, images.c.pixel_digest == "")
        .values(pixel_digest=placed.assessment.pixel_digest)
    )


def _keep_study(connection: Connection, placed: Placed) -> None:
    """Make the study, or note that it has an image that nobody has seen."""
    patient_id = _keep_patient(connection, placed.image.station_id, placed.image.patient)
    study = connection.execute(
        select(studies.c.accession, *_patient_columns)
        .join_from(studies, patients)
        .where(studies.c.id == placed.study_id)
    ).first()
    if study is None:
        _make_study(connection, placed, patient_id)
        return
    changes: dict[str, object] = {"state": "new"}
    if not any(study[1:]):
        changes["patient_id"] = patient_id
    if not study.accession:
        changes["accession"] = placed.assessment.header.accession
    connection.execute(update(studies).where(studies.c.id == placed.study_id).values(**changes))


def _make_study(connection: Connection, placed: Placed, patient_id: str) -> None:
    header = placed.assessment.header
    connection.execute(
        insert(studies).values(
            id=placed.study_id,
            station_id=placed.image.station_id,
            patient_id=patient_id,
            study_uid=header.study_uid,
            accession=header.accession,
            received_at=placed.image.received_at,
            state="new",
            # `_rank_study` fills in the rest before anybody sees it
            priority_rank=0,
            margin_order=0.0,
            images=0,
            assessed=0,
            leading_id="",
        )
    )


_patient_columns = (
    patients.c.patient_id,
    patients.c.name,
    patients.c.birth_date,
    patients.c.sex,
)


def _keep_patient(connection: Connection, station_id: str, patient: Patient) -> str:
    """The row of that very patient at that station, made if it is not there."""
    values = {
        "station_id": station_id,
        "patient_id": patient.id,
        "name": patient.name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
    }
    known = connection.execute(select(patients.c.id).filter_by(**values)).scalar()
    if known is not None:
        return str(known)
    row = identity.new_id()  # a hash could be found by trying names
    connection.execute(insert(patients).values(id=row, **values))
    return row


def _keep_assessment(connection: Connection, placed: Placed) -> None:
    card = card_row(placed.assessment.model)
    if not _there(connection, models.c.id, card["id"]):
        connection.execute(insert(models).values(**card))
    connection.execute(
        update(assessments)
        .where(assessments.c.image_id == placed.image_id, assessments.c.is_current)
        .values(is_current=False)
    )
    connection.execute(
        insert(assessments).values(
            **assessment_row(placed.assessment),
            image_id=placed.image_id,
            model_id=card["id"],
            received_at=placed.image.received_at,
            is_current=True,
        )
    )


def _rank_study(connection: Connection, study_id: str) -> None:
    """The study's place: that of its most urgent assessed image, as `triage.rank` has it."""
    of_study = {"study": study_id}
    leading = connection.execute(_LEADING, of_study).one()
    counts = connection.execute(_COUNTS, of_study).one()
    connection.execute(_PLACE, of_study | leading._asdict() | counts._asdict())


_CURRENT = (
    select(assessments)
    .join(images, images.c.id == assessments.c.image_id)
    .where(images.c.study_id == bindparam("study"), assessments.c.is_current)
    .subquery()
)
_ASSESSED = case((_CURRENT.c.outcome == "assessed", 1), else_=0)

# Made once: making them takes longer than the database takes to answer.
_LEADING = (
    select(_CURRENT.c.id.label("leading_id"), _CURRENT.c.priority_rank, _CURRENT.c.margin_order)
    .order_by(-_ASSESSED, _CURRENT.c.priority_rank, _CURRENT.c.margin_order, _CURRENT.c.id)
    .limit(1)
)
_COUNTS = select(func.count().label("images"), func.sum(_ASSESSED).label("assessed")).select_from(
    _CURRENT
)
_PLACE = (
    update(studies)
    .where(studies.c.id == bindparam("study"))
    .values(
        {
            name: bindparam(name)
            for name in ("priority_rank", "margin_order", "leading_id", "images", "assessed")
        }
    )
)
