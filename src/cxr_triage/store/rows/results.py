"""Results as rows: kept, and read again by their id or as the current ones of a study."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from cxr_triage.domain import PRIORITIES, Assessment
from cxr_triage.errors import NotFound
from cxr_triage.result.document import read_document
from cxr_triage.store.database.tables import assessments, images, models, patients, studies
from cxr_triage.store.records import Scope, ScoredResult, StoredAssessment
from cxr_triage.store.rows.codec import assessment_of, assessment_row, card_of, card_row
from cxr_triage.store.rows.corrected import as_filed, put_right, values_of
from cxr_triage.store.rows.patients import COLUMNS, patient_of
from cxr_triage.store.rows.ranking import Place, place_in_study

_shown: Final = patients.alias("shown")
RESULT: Final = (
    select(
        assessments,
        images.c.study_id,
        images.c.station_id,
        images.c.file_name,
        images.c.machine,
        images.c.twin,
        images.c.hidden_at,
        images.c.corrected.label("of_film"),
        studies.c.corrected.label("of_study"),
        _shown.c.sex.label("sex_shown"),
        models.c.card,
        *COLUMNS,
    )
    .join(images, images.c.id == assessments.c.image_id)
    .join(models, models.c.id == assessments.c.model_id)
    .join(patients, patients.c.id == images.c.patient_id)
    .join(studies, studies.c.id == images.c.study_id)
    .join(_shown, _shown.c.id == studies.c.patient_id)
)


def find(connection: Connection, assessment_id: str) -> StoredAssessment | None:
    """The result of that id, whoever asks."""
    row = connection.execute(RESULT.where(assessments.c.id == assessment_id)).first()
    return None if row is None else _stored(row)


def keep_result(
    connection: Connection, assessment: Assessment, image_id: str, *, at: datetime
) -> None:
    """A new result, the current one of its image; the caller has seen to the others."""
    card = card_row(assessment.model)
    if connection.scalar(select(models.c.id).where(models.c.id == card["id"])) is None:
        connection.execute(insert(models).values(**card))
    connection.execute(
        insert(assessments).values(
            **assessment_row(assessment),
            image_id=image_id,
            model_id=card["id"],
            received_at=at,
            is_current=True,
        )
    )


def result(connection: Connection, assessment_id: str, scope: Scope) -> StoredAssessment:
    """The result of that id. Raises NotFound, also if it lies outside `scope`."""
    found = find(connection, assessment_id)
    if found is None or not scope.includes_film(found.station_id, found.machine):
        raise NotFound("assessment_not_found")
    return found


def current_of_study(connection: Connection, study_id: str) -> tuple[StoredAssessment, ...]:
    """The current result of each image, hidden or not: assessed before referred, then as the
    worklist."""
    rows = connection.execute(RESULT.where(images.c.study_id == study_id, assessments.c.is_current))
    return tuple(sorted((_stored(row) for row in rows), key=_place))


def _place(stored: StoredAssessment) -> Place:
    found = stored.assessment
    return place_in_study(
        eligibility=found.eligibility,
        priority_rank=PRIORITIES.index(found.priority),
        band=found.band,
        reason=found.reason,
        id_=found.id,
    )


def older_of_image(
    connection: Connection, image_id: str, scope: Scope
) -> tuple[StoredAssessment, ...]:
    """Results of an image that are not current any more, newest first."""
    rows = connection.execute(
        RESULT.where(assessments.c.image_id == image_id, ~assessments.c.is_current).order_by(
            assessments.c.received_at.desc(), assessments.c.id
        )
    )
    return tuple(_stored(row) for row in rows if scope.includes_film(row.station_id, row.machine))


def station_of_file(connection: Connection, digest: str) -> str | None:
    """Which station sent the file with that SHA-256 first; None if none did."""
    return connection.scalar(
        select(images.c.station_id)
        .join(assessments, assessments.c.image_id == images.c.id)
        .where(assessments.c.digest == digest)
        .order_by(images.c.received_at)
        .limit(1)
    )


def image_of_file(connection: Connection, digest: str, station_id: str) -> Row[Any] | None:
    """The image of the station's file with that SHA-256, with whom it shows."""
    return connection.execute(
        select(images, *COLUMNS)
        .join(assessments, assessments.c.image_id == images.c.id)
        .join(patients, patients.c.id == images.c.patient_id)
        .where(assessments.c.digest == digest, images.c.station_id == station_id)
        .limit(1)
    ).first()


def scored_films(connection: Connection) -> list[ScoredResult]:
    """Of each film that is not hidden: its current result, if it was assessed."""
    rows = connection.execute(
        select(images.c.patient_id, images.c.file_name, assessments.c.document, models.c.card)
        .join(images, images.c.id == assessments.c.image_id)
        .join(models, models.c.id == assessments.c.model_id)
        .where(
            assessments.c.is_current,
            assessments.c.outcome == "assessed",
            images.c.hidden_at.is_(None),
        )
        .order_by(assessments.c.id)
    )
    return [
        ScoredResult(
            person=str(row.patient_id),
            file_name=row.file_name,
            model_sha256=card_of(row.card).sha256,
            document=read_document(row.document),
        )
        for row in rows
    ]


def _stored(row: Row[Any]) -> StoredAssessment:
    assessment = assessment_of(row._asdict(), card_of(row.card))
    film, study = values_of(row.of_film), values_of(row.of_study)
    made_of = assessment.header
    filed = as_filed(made_of, film)
    header = put_right(made_of, filed, film, study, row.sex_shown)
    return StoredAssessment(
        assessment=assessment if header is made_of else replace(assessment, header=header),
        study_id=row.study_id,
        image_id=row.image_id,
        station_id=row.station_id,
        received_at=row.received_at,
        is_current=row.is_current,
        patient=patient_of(row),
        file_name=row.file_name,
        machine=row.machine,
        twin=row.twin,
        hidden_at=row.hidden_at,
        filed=filed,
        judged=(made_of.view, made_of.age_years),
        marker=film.get("marker", ""),
        anyway=film.get("anyway", False),
    )
