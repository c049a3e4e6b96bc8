"""Rows → results: one by its id, or the current ones of a study."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from cxr_triage.domain import Patient
from cxr_triage.errors import NotFound
from cxr_triage.store.codec import assessment_of, card_of
from cxr_triage.store.records import Scope, StoredAssessment
from cxr_triage.store.tables import assessments, images, models, patients, studies

RESULT: Final = (
    select(
        assessments,
        images.c.study_id,
        images.c.station_id,
        models.c.card,
    )
    .join(images, images.c.id == assessments.c.image_id)
    .join(models, models.c.id == assessments.c.model_id)
)


def find(connection: Connection, assessment_id: str) -> StoredAssessment | None:
    """The result of that id, whoever asks."""
    row = connection.execute(RESULT.where(assessments.c.id == assessment_id)).first()
    return None if row is None else _stored(row)


def result(connection: Connection, assessment_id: str, scope: Scope) -> StoredAssessment:
    """The result of that id. Raises NotFound, also if it lies outside `scope`."""
    found = find(connection, assessment_id)
    if found is None or not scope.includes(found.station_id):
        raise NotFound("assessment_not_found")
    return found


def current_of_study(connection: Connection, study_id: str) -> tuple[StoredAssessment, ...]:
    """The current result of each image: assessed before referred, then as the worklist."""
    rows = _rows(
        connection,
        RESULT.where(images.c.study_id == study_id, assessments.c.is_current).order_by(
            assessments.c.outcome != "assessed",
            assessments.c.priority_rank,
            assessments.c.margin_order,
            assessments.c.id,
        ),
    )
    return tuple(_stored(row) for row in rows)


def older_of_image(
    connection: Connection, image_id: str, scope: Scope
) -> tuple[StoredAssessment, ...]:
    """Results of an image that are not current any more, newest first."""
    rows = _rows(
        connection,
        RESULT.where(assessments.c.image_id == image_id, ~assessments.c.is_current).order_by(
            assessments.c.received_at.desc(), assessments.c.id
        ),
    )
    return tuple(_stored(row) for row in rows if scope.includes(row.station_id))


def patient_of_file(connection: Connection, digest: str, station_id: str) -> Patient | None:
    """Whom the station's file with that SHA-256 shows; None if it was never kept."""
    query = (
        select(patients)
        .join(studies, studies.c.patient_id == patients.c.id)
        .join(images, images.c.study_id == studies.c.id)
        .join(assessments, assessments.c.image_id == images.c.id)
        .where(assessments.c.digest == digest, images.c.station_id == station_id)
    )
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    return Patient(id=row.patient_id, name=row.name, birth_date=row.birth_date, sex=row.sex)


def _rows(connection: Connection, query: Select[Any]) -> Sequence[Row[Any]]:
    return connection.execute(query).all()


def _stored(row: Row[Any]) -> StoredAssessment:
    return StoredAssessment(
        assessment=assessment_of(row._asdict(), card_of(row.card)),
        study_id=row.study_id,
        image_id=row.image_id,
        station_id=row.station_id,
        received_at=row.received_at,
        is_current=row.is_current,
    )
