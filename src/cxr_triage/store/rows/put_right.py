"""Whom a study shows, its age and station, and what a film is, put right within a transaction."""

from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from cxr_triage.errors import NotFound
from cxr_triage.store.corrections import By, Values
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    patients,
    stations,
    studies,
)
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.corrected import values_of
from cxr_triage.store.rows.history import note_correction
from cxr_triage.store.rows.patients import COLUMNS, keep_patient, patient_of, remove_unneeded
from cxr_triage.store.rows.placing import StudyNumber, mark_contested, mark_twins
from cxr_triage.store.rows.results import current_of_study


def correct_patient(connection: Connection, study: Row[Any], values: Values, by: By) -> bool:
    corrected = values_of(study.corrected)
    before, age_before = study.patient_id, corrected.get("age_years")
    after = study.filed_patient_id
    if values.patient is not None:
        after = keep_patient(connection, study.station_id, values.patient)
    says = {
        "patient": True if after != study.filed_patient_id else None,
        "age_years": values.age_years,
    }
    now = {name: value for name, value in says.items() if value is not None}
    if before == after and now == corrected:
        return False
    connection.execute(
        update(studies)
        .where(studies.c.id == study.id)
        .values(patient_id=after, corrected=to_json(now))
    )
    if before != after or age_before != values.age_years:
        own = _own_age(connection, study.leading_id)
        ages = [own if one is None else one for one in (age_before, values.age_years)]
        note_correction(
            connection,
            study_id=study.id,
            kind="identity",
            audit=by.signed,
            at=by.at,
            patients=(before, after) if before != after else (None, None),
            changes={"age_years": ages} if age_before != values.age_years else {},
        )
    remove_unneeded(connection, before)
    _note_owns(connection, study.id)
    return True


def correct_films(connection: Connection, study: Row[Any], values: Values, by: By) -> bool:
    changed = False
    for one in current_of_study(connection, study.id):
        wanted = values.films.get(one.image_id)
        if wanted is None:
            continue
        view = one.filed.view if wanted.view is None else wanted.view
        said: dict[str, list[object]] = {
            "view": [one.assessment.header.view, view],
            "marker": [one.marker, wanted.marker],
            "anyway": [one.anyway, wanted.anyway],
        }
        changes = {name: pair for name, pair in said.items() if pair[0] != pair[1]}
        if not changes:
            continue
        holds = {
            "own": {"view": one.filed.view, "age_years": one.filed.age_years},
            **({"view": view} if view != one.filed.view else {}),
            **({"marker": wanted.marker} if wanted.marker else {}),
            **({"anyway": True} if wanted.anyway else {}),
        }
        connection.execute(
            update(images).where(images.c.id == one.image_id).values(corrected=to_json(holds))
        )
        note_correction(
            connection,
            study_id=study.id,
            image_id=one.image_id,
            kind="image",
            audit=by.signed,
            at=by.at,
            changes=changes,
        )
        changed = True
    return changed


def correct_station(connection: Connection, study: Row[Any], values: Values, by: By) -> set[str]:
    """The study is another station's, with its films and whom they show; the studies that this
    changed. Raises NotFound."""
    old, new = study.station_id, values.station_id
    if old == new:
        return set()
    known = select(stations.c.id).where(stations.c.id == new, stations.c.disabled_at.is_(None))
    if connection.scalar(known) is None:
        raise NotFound("station_not_found")
    _move_patients(connection, study.id, new)
    connection.execute(update(studies).where(studies.c.id == study.id).values(station_id=new))
    of_study = images.c.study_id == study.id
    uids = connection.scalars(select(images.c.sop_uid).where(of_study)).all()
    connection.execute(update(images).where(of_study).values(station_id=new, placed_by_hand=True))
    note_correction(
        connection,
        study_id=study.id,
        kind="station",
        audit=by.signed,
        at=by.at,
        changes={"station": [old, new]},
    )
    changed = {str(study.id)}
    for station in (old, new):
        changed |= mark_contested(connection, StudyNumber(station_id=station, uid=study.study_uid))
        mark_twins(connection, station, uids)
    return changed


def _move_patients(connection: Connection, study_id: str, station_id: str) -> None:
    """Every row of patients that the study needs, at another station."""
    places: Final = (
        (studies.c.patient_id, studies.c.id),
        (studies.c.filed_patient_id, studies.c.id),
        (images.c.patient_id, images.c.study_id),
        (corrections.c.patient_before, corrections.c.study_id),
        (corrections.c.patient_after, corrections.c.study_id),
    )
    left = set()
    for column, of_study in places:
        needed = select(column).where(of_study == study_id, column.is_not(None)).distinct()
        for row in connection.scalars(needed).all():
            patient = patient_of(
                connection.execute(select(*COLUMNS).where(patients.c.id == row)).one()
            )
            moved = keep_patient(connection, station_id, patient)
            connection.execute(
                update(column.table)
                .where(of_study == study_id, column == row)
                .values({column.name: moved})
            )
            left.add(row)
    remove_unneeded(connection, *left)


def _own_age(connection: Connection, leading_id: str | None) -> float | None:
    found = connection.execute(
        select(assessments.c.document, images.c.corrected)
        .join(images, images.c.id == assessments.c.image_id)
        .where(assessments.c.id == leading_id)
    ).first()
    if found is None:  # the result is gone
        return None
    own = values_of(found.corrected).get("own")
    header = values_of(found.document)["header"]
    age: float | None = (own or header)["age_years"]
    return age


def _note_owns(connection: Connection, study_id: str) -> None:
    for one in connection.scalars(select(images.c.id).where(images.c.study_id == study_id)).all():
        note_own(connection, one)


def note_own(connection: Connection, image_id: str) -> None:
    """View and age as the file says them, before a result is made of others."""
    row = connection.execute(
        select(images.c.corrected, assessments.c.document)
        .join(assessments, assessments.c.image_id == images.c.id)
        .where(images.c.id == image_id, assessments.c.is_current)
    ).one()
    corrected = values_of(row.corrected)
    if "own" not in corrected:
        header = values_of(row.document)["header"]
        own = {"view": header["view"], "age_years": header["age_years"]}
        connection.execute(
            update(images)
            .where(images.c.id == image_id)
            .values(corrected=to_json({"own": own, **corrected}))
        )
