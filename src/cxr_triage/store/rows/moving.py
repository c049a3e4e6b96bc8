"""Films that a person puts to another study, within a transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from cxr_triage.domain import persons
from cxr_triage.store.corrections import By
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    patients,
    reviews,
    studies,
)
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.corrected import values_of
from cxr_triage.store.rows.history import CorrectionKind, note_correction
from cxr_triage.store.rows.keys import key_of
from cxr_triage.store.rows.patients import COLUMNS, patient_of
from cxr_triage.store.rows.placing import (
    PlacedFilm,
    StudyNumber,
    make_study,
    mark_contested,
    move,
    note_accession,
    refresh,
)


def study_of_its_own(
    connection: Connection,
    image_id: str,
    study: Row[Any],
    by: By,
    *,
    number: StudyNumber | None = None,
) -> str:
    """For a film; under the number that its file says, unless another is given."""
    found = connection.execute(
        select(images.c.corrected, assessments.c.document, *COLUMNS)
        .join_from(images, patients, patients.c.id == images.c.patient_id)
        .join(assessments, assessments.c.image_id == images.c.id)
        .where(images.c.id == image_id, assessments.c.is_current)
    ).one()
    uid = values_of(found.document)["header"]["study_uid"] or study.study_uid
    film = PlacedFilm(id=image_id, study_id=study.id, patient=patient_of(found), fixed=True)
    own = number or StudyNumber(station_id=study.station_id, uid=key_of(uid))
    return make_study(connection, own, [film], by.at)


def bring(
    connection: Connection,
    films: Sequence[str],
    source: str,
    target: str,
    kind: CorrectionKind,
    by: By,
) -> None:
    """Films to another study, noted in the history of both."""
    for film in films:
        move(connection, film, target, by_hand=True)
    shown = {
        row.id: row.patient_id
        for row in connection.execute(
            select(studies.c.id, studies.c.patient_id).where(studies.c.id.in_((source, target)))
        )
    }
    left = select(images.c.id).where(images.c.study_id == source).limit(1)
    emptied = connection.scalar(left) is None
    for study in (target,) if emptied else (source, target):
        note_correction(
            connection,
            study_id=study,
            image_id=films[0] if len(films) == 1 else None,
            kind=kind,
            audit=by.signed,
            at=by.at,
            patients=(shown[source], shown[target]),
            changes={"study": [source, target], "films": [0, len(films)]},
        )
    arrived(connection, target)
    signing.after_leaving(connection, source)
    if emptied:  # its history goes along
        connection.execute(
            update(corrections).where(corrections.c.study_id == source).values(study_id=target)
        )


def arrived(connection: Connection, study_id: str) -> None:
    """A film came to the study, with what doctors said of it."""
    signing.after_keeping(connection, study_id, new_film=True, new_result=False)
    read = select(reviews.c.id).where(reviews.c.study_id == study_id).limit(1)
    if connection.scalar(read) is not None:
        signing.after_signing(connection, study_id)


def settle_down(connection: Connection, found: set[str], numbers: set[StudyNumber]) -> set[str]:
    """After films came or went; those studies, and which others that changed."""
    for study in sorted(found):
        note_accession(connection, study)
        refresh(connection, study)
    return found.union(*(mark_contested(connection, number) for number in numbers))


def keep_as_it_is_shown(connection: Connection, study: Row[Any]) -> None:
    """Whom the study shows does not follow from the films that come."""
    corrected = values_of(study.corrected) | {"patient": True}
    connection.execute(
        update(studies).where(studies.c.id == study.id).values(corrected=to_json(corrected))
    )


def forget_needless(connection: Connection, study_id: str) -> None:
    """A person's word that is what the files say too."""
    row = connection.execute(select(studies).where(studies.c.id == study_id)).one()
    corrected = values_of(row.corrected)
    if row.patient_id == row.filed_patient_id and corrected.pop("patient", None):
        connection.execute(
            update(studies).where(studies.c.id == study_id).values(corrected=to_json(corrected))
        )


def parts_of(connection: Connection, study_id: str) -> tuple[frozenset[str], ...]:
    found = connection.execute(
        select(images.c.id, images.c.placed_by_hand, *COLUMNS)
        .join_from(images, patients, patients.c.id == images.c.patient_id)
        .where(images.c.study_id == study_id)
        .order_by(images.c.placed_by_hand, images.c.received_at, images.c.id)
    ).all()
    groups = persons([patient_of(row) for row in found])
    return tuple(frozenset(found[place].id for place in group) for group in groups)


def number(study: Row[Any]) -> StudyNumber:
    return StudyNumber(station_id=study.station_id, uid=study.study_uid)


def number_of(connection: Connection, study_id: str) -> StudyNumber:
    return number(connection.execute(select(studies).where(studies.c.id == study_id)).one())
