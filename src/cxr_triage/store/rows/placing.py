"""Which study each film of a Study Instance UID is of: one patient's, whatever came first.

Devices and anonymisers give one UID to several people's films. What `domain.persons` finds to be
one person's is a study; films that a doctor has placed, or whose study is signed, stay where they
are.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from cxr_triage.domain import Patient, persons
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    patients,
    reviews,
    studies,
)
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.keys import key_of, new_id, study_id
from cxr_triage.store.rows.patients import COLUMNS, keep_patient, patient_of, remove_unneeded
from cxr_triage.store.rows.ranking import rank_study

SIGNED: Final = ("signed", "changed")
"""States of studies whose films nothing but a doctor moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFilm:
    """An image and where it is. id, study_id: empty for one that is to come. fixed: it stays."""

    id: str
    study_id: str
    patient: Patient
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyNumber:
    """A Study Instance UID at a station. uid: as columns hold it."""

    station_id: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The study that a film is of, and all that changed to make it so, that one too."""

    study: str
    changed: frozenset[str]


def station_lock(station_id: str) -> str:
    """What is held by who decides which study a station's film is of."""
    return f"films of {station_id}"


def study_for(
    connection: Connection, number: StudyNumber, patient: Patient, *, received_at: datetime
) -> Arranged:
    """The study that a new film of that patient is of, made if need be; other films of the number
    are moved where the new one shows that they belong elsewhere.

    The caller holds the station, ranks the study and keeps the film.
    """
    known = None if patient.nameless else _study_of_same(connection, number, patient)
    if known is not None:
        return Arranged(study=known, changed=frozenset({known}))
    newcomer = PlacedFilm(id="", study_id="", patient=patient, fixed=False)
    return arrange(connection, number, newcomer, received_at=received_at)


def arrange(
    connection: Connection,
    number: StudyNumber,
    newcomer: PlacedFilm | None = None,
    *,
    received_at: datetime,
) -> Arranged:
    """Put every film of the number to the study of the person whom it shows; the newcomer's."""
    films = _films(connection, number)
    everyone = [*films, newcomer] if newcomer else films
    found = ""
    left: set[str] = set()
    gained: set[str] = set()
    for group, target in _targets(everyone):
        study = target or make_study(connection, number, group, received_at)
        for film in group:
            if film is newcomer:
                found = study
            elif not film.fixed and film.study_id != study:
                move(connection, film.id, study)
                left |= {film.study_id, study}
                gained.add(study)
    for study in left:
        refresh(connection, study)
        note_accession(connection, study)
        if study in gained:
            signing.after_keeping(connection, study, new_film=True, new_result=False)
        else:
            signing.after_leaving(connection, study)
    changed = left | mark_contested(connection, number) | ({found} if found else set())
    return Arranged(study=found, changed=frozenset(changed))


def move(connection: Connection, image_id: str, study: str, *, by_hand: bool = False) -> None:
    """The film, with what was read of it, is of that study. Both must be refreshed."""
    values = {"study_id": study} | ({"placed_by_hand": True} if by_hand else {})
    connection.execute(update(images).where(images.c.id == image_id).values(**values))
    theirs = select(assessments.c.id).where(assessments.c.image_id == image_id)
    connection.execute(
        update(reviews).where(reviews.c.assessment_id.in_(theirs)).values(study_id=study)
    )


def refresh(connection: Connection, study: str) -> None:
    """Whom a study shows and its place in the worklist, after films came or went; without any,
    it is gone."""
    if connection.scalar(select(images.c.id).where(images.c.study_id == study).limit(1)) is None:
        _remove(connection, study)
        return
    note_patient(connection, study)
    rank_study(connection, study)


def note_accession(connection: Connection, study: str) -> None:
    """The accession number that the study's films name, the oldest first."""
    documents = connection.execute(
        select(assessments.c.document)
        .join(images, images.c.id == assessments.c.image_id)
        .where(images.c.study_id == study, assessments.c.is_current)
        .order_by(images.c.received_at, images.c.id)
    ).scalars()
    named = (json.loads(document)["header"]["accession"] for document in documents)
    accession = key_of(next(filter(None, named), ""))
    connection.execute(update(studies).where(studies.c.id == study).values(accession=accession))


def note_patient(connection: Connection, study: str) -> None:
    """The study shows whom its films say, the most complete and newest first; unless a person put
    that right."""
    row = connection.execute(select(studies).where(studies.c.id == study)).one()
    found = connection.execute(
        select(images.c.hidden_at, *COLUMNS)
        .join_from(images, patients, patients.c.id == images.c.patient_id)
        .where(images.c.study_id == study)
        .order_by(images.c.identified_at.desc(), images.c.id)
    ).all()
    counted = [one for one in found if one.hidden_at is None] or found
    everyone = sorted((patient_of(one) for one in counted), key=_completeness, reverse=True)
    shown = Patient()
    for one in everyone:
        shown = shown.completed_by(one)
    filed = keep_patient(connection, row.station_id, shown)
    values = {"filed_patient_id": filed}
    if "patient" not in json.loads(row.corrected):
        values["patient_id"] = filed
    connection.execute(update(studies).where(studies.c.id == study).values(**values))
    remove_unneeded(connection, row.patient_id, row.filed_patient_id)


def mark_contested(connection: Connection, number: StudyNumber) -> set[str]:
    """Several studies under one number are marked, until a doctor says that it is right so; which
    are marked otherwise than before."""
    of_number = (studies.c.station_id == number.station_id, studies.c.study_uid == number.uid)
    several = (connection.scalar(select(func.count()).where(*of_number)) or 0) > 1
    otherwise = select(studies.c.id).where(*of_number, studies.c.contested != several)
    if found := set(connection.scalars(otherwise)):
        connection.execute(
            update(studies)
            .where(*of_number, studies.c.contested != several)
            .values(contested=several, settled_at=None)
        )
    return found


def mark_twins(connection: Connection, station_id: str, sop_uids: Iterable[str]) -> None:
    """Several images under one SOP Instance UID are marked."""
    for uid in sop_uids:
        of_instance = (images.c.station_id == station_id, images.c.sop_uid == uid)
        several = (connection.scalar(select(func.count()).where(*of_instance)) or 0) > 1
        connection.execute(update(images).where(*of_instance).values(twin=several))


def _completeness(patient: Patient) -> int:
    return sum(map(bool, (patient.id, patient.name, patient.birth_date, patient.sex)))


def _study_of_same(connection: Connection, number: StudyNumber, patient: Patient) -> str | None:
    """Where the number's newest film of that very patient is, if there is one."""
    row = keep_patient(connection, number.station_id, patient)
    return connection.scalar(
        select(images.c.study_id)
        .join(studies, studies.c.id == images.c.study_id)
        .where(
            images.c.patient_id == row,
            studies.c.station_id == number.station_id,
            studies.c.study_uid == number.uid,
        )
        .order_by(images.c.placed_by_hand, images.c.received_at.desc(), images.c.id)
        .limit(1)
    )


def _films(connection: Connection, number: StudyNumber) -> list[PlacedFilm]:
    """Of the number, oldest first. Where a person said whom a study shows, its films show that
    patient, but for those that were placed there by hand."""
    put_right = studies.c.corrected.like('%"patient"%')
    shown = case(
        (and_(put_right, ~images.c.placed_by_hand), studies.c.patient_id),
        else_=images.c.patient_id,
    )
    found = connection.execute(
        select(
            images.c.id,
            images.c.study_id,
            images.c.placed_by_hand,
            put_right.label("put_right"),
            studies.c.state,
            *COLUMNS,
        )
        .join_from(images, studies, studies.c.id == images.c.study_id)
        .join(patients, patients.c.id == shown)
        .where(studies.c.station_id == number.station_id, studies.c.study_uid == number.uid)
        .order_by(images.c.received_at, images.c.id)
    )
    return [
        PlacedFilm(
            id=row.id,
            study_id=row.study_id,
            patient=patient_of(row),
            fixed=row.placed_by_hand or row.put_right or row.state in SIGNED,
        )
        for row in found
    ]


def _targets(films: Sequence[PlacedFilm]) -> Iterable[tuple[list[PlacedFilm], str]]:
    """Each person's films and the study that is theirs; empty: it is to be made.

    A study is that of the person whose film came first; what a doctor placed, or signed, says
    where others of that person go only if none lies elsewhere.
    """
    groups = [[films[place] for place in places] for places in persons([f.patient for f in films])]
    taken: set[str] = set()
    for group in sorted(groups, key=lambda one: one[0].patient.nameless):  # else as they came
        free = [film.study_id for film in group if film.study_id and not film.fixed]
        target = next((study for study in free if study not in taken), "")
        if not free:
            target = next((film.study_id for film in group if film.study_id), "")
        else:
            taken.add(target)
        yield group, target


def make_study(
    connection: Connection, number: StudyNumber, group: Sequence[PlacedFilm], received_at: datetime
) -> str:
    """A study for those films; `refresh` and who brings the films fill in the rest."""
    ids = [film.id for film in group if film.id]
    there = connection.execute(
        select(func.min(images.c.received_at).label("received_at")).where(images.c.id.in_(ids))
    ).scalar()
    first = study_id(number.station_id, number.uid)
    used = connection.scalar(select(studies.c.id).where(studies.c.id == first))
    made = new_id() if used else first
    patient = keep_patient(connection, number.station_id, group[0].patient)
    values: dict[str, Any] = {
        "id": made,
        "station_id": number.station_id,
        "patient_id": patient,
        "filed_patient_id": patient,
        "study_uid": number.uid,
        "accession": "",
        "received_at": there or received_at,
        "state": "new",
        "priority_rank": 0,
        "band": 0,
        "images": 0,
        "assessed": 0,
        "leading_id": None,
        "flags": "",
        "contested": False,
        "version": 0,
        "corrected": "{}",
    }
    connection.execute(insert(studies).values(**values))
    return made


def _remove(connection: Connection, study: str) -> None:
    """A study that has lost its last film; what was put right of it goes with the films."""
    row = connection.execute(select(studies).where(studies.c.id == study)).one()
    named = connection.execute(
        select(corrections.c.patient_before, corrections.c.patient_after).where(
            corrections.c.study_id == study
        )
    ).all()
    connection.execute(delete(corrections).where(corrections.c.study_id == study))
    connection.execute(delete(studies).where(studies.c.id == study))
    rows = {row.patient_id, row.filed_patient_id, *(one for pair in named for one in pair if one)}
    remove_unneeded(connection, *rows)
