"""Putting right what was kept: whom a study shows, what a film is, and which study it is of.

Each step is one transaction with its history, its results and its audit row. Who asks says what
they saw of each study (`Seen`); if that has changed meanwhile, nothing is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from cxr_triage.domain import Assessment
from cxr_triage.errors import Conflict, NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.corrections import By, Seen, Values
from cxr_triage.store.database.tables import (
    assessments,
    images,
    studies,
)
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.history import CorrectionKind, note_correction
from cxr_triage.store.rows.keys import new_id, result_id
from cxr_triage.store.rows.moving import (
    arrived,
    bring,
    forget_needless,
    keep_as_it_is_shown,
    number,
    number_of,
    parts_of,
    settle_down,
    study_of_its_own,
)
from cxr_triage.store.rows.placing import (
    refresh,
    station_lock,
)
from cxr_triage.store.rows.put_right import (
    correct_films,
    correct_patient,
    correct_station,
    note_own,
)
from cxr_triage.store.rows.results import keep_result
from cxr_triage.store.rows.sealing import seals_of

NewResults = Mapping[str, Assessment]
"""By image: results that are to be the current ones, made of what holds after the step."""


class Correcting:
    """Every method may raise StoreError: NotFound if a study is gone, Conflict
    `correction_outdated` if it is not as it was seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def correct(
        self, seen: Seen, values: Values, *, station_id: str, results: NewResults, by: By
    ) -> None:
        """Let the values hold; what they do not change is not noted. station_id: whose it was."""

        def work(connection: Connection) -> None:
            self._hold(connection, station_id, values.station_id)
            study = _as_seen(connection, seen)
            identity = correct_patient(connection, study, values, by)
            films = correct_films(connection, study, values, by)
            others = correct_station(connection, study, values, by)
            made = _keep_results(connection, seen.study_id, results, by)
            refresh(connection, seen.study_id)
            if identity or films or others or made:
                seals = seals_of(connection, seen.study_id, *others, results=made)
                append(connection, replace(by.audit, study_id=seen.study_id), seals)

        self._database.write(work)

    def judge(
        self, image_id: str, assessment: Assessment, *, at: datetime, audit: AuditEntry
    ) -> None:
        """A result of a film by what a person said of it is the current one."""

        def work(connection: Connection) -> None:
            study = connection.scalar(select(images.c.study_id).where(images.c.id == image_id))
            if study is None:
                return  # purged meanwhile
            note_own(connection, image_id)
            made = _make_current(connection, image_id, assessment, at)
            signing.after_keeping(connection, study, new_film=False, new_result=True)
            refresh(connection, study)
            append(
                connection,
                replace(
                    audit,
                    study_id=study,
                    assessment_id=made,
                    fingerprint=assessment.fingerprint,
                ),
                seals_of(connection, study, results=(made,)),
            )

        self._database.write(work)

    def move(
        self, image_id: str, source: Seen, target: Seen | None, *,
        station_id: str, results: NewResults, by: By,
    ) -> str:  # fmt: skip
        """The film is of the other study (None: of one of its own); which study that is.

        Raises Conflict `other_station`.
        """

        def work(connection: Connection) -> str:
            self._hold(connection, station_id)
            study = _as_seen(connection, source)
            if target is None:
                made = study_of_its_own(connection, image_id, study, by)
            else:
                other = _as_seen(connection, target)
                if other.station_id != study.station_id:
                    raise Conflict("other_station")
                made = other.id
            bring(connection, [image_id], study.id, made, "moved", by)
            new = _keep_results(connection, made, results, by)
            numbers = {number(study), number_of(connection, made)}
            changed = settle_down(connection, {study.id, made}, numbers)
            seals = seals_of(connection, *changed, results=new)
            append(connection, replace(by.audit, study_id=made), seals)
            return str(made)

        return self._database.write(work)

    def hide(self, image_id: str, seen: Seen, *, hidden: bool, station_id: str, by: By) -> None:
        """The film was sent by mistake, or was not after all."""

        def work(connection: Connection) -> None:
            self._hold(connection, station_id)
            study = _as_seen(connection, seen)
            connection.execute(
                update(images)
                .where(images.c.id == image_id, images.c.study_id == study.id)
                .values(hidden_at=by.at if hidden else None)
            )
            kind: CorrectionKind = "hidden" if hidden else "shown"
            note_correction(
                connection,
                study_id=study.id,
                image_id=image_id,
                kind=kind,
                audit=by.signed,
                at=by.at,
            )
            if hidden:
                signing.after_leaving(connection, study.id)
            else:
                arrived(connection, study.id)
            refresh(connection, study.id)
            append(connection, replace(by.audit, study_id=study.id), seals_of(connection, study.id))

        self._database.write(work)

    def merge(
        self, into: Seen, other: Seen, *, station_id: str, results: NewResults, by: By
    ) -> None:
        """Two studies of one number are one patient's: whom the first shows.

        Raises Conflict `other_number`.
        """

        def work(connection: Connection) -> None:
            self._hold(connection, station_id)
            study, gone = _as_seen(connection, into), _as_seen(connection, other)
            if number(study) != number(gone):
                raise Conflict("other_number")
            films = connection.scalars(select(images.c.id).where(images.c.study_id == gone.id))
            keep_as_it_is_shown(connection, study)
            bring(connection, films.all(), gone.id, study.id, "merged", by)
            new = _keep_results(connection, study.id, results, by)
            changed = settle_down(connection, {study.id, gone.id}, {number(study)})
            seals = seals_of(connection, *changed, results=new)
            append(connection, replace(by.audit, study_id=study.id), seals)

        self._database.write(work)

    def parts(self, study_id: str) -> tuple[frozenset[str], ...]:
        """Images of a study by whom they show; those of whom the study shows first."""
        with self._database.read() as connection:
            return parts_of(connection, study_id)

    def part(
        self, seen: Seen, parts: Sequence[frozenset[str]], *,
        station_id: str, results: NewResults, by: By,
    ) -> tuple[str, ...]:  # fmt: skip
        """Every part but the first becomes a study of its own; which ones. parts: as `parts`
        gave them."""

        def work(connection: Connection) -> tuple[str, ...]:
            self._hold(connection, station_id)
            study = _as_seen(connection, seen)
            made, new = [], []
            for part in parts[1:]:
                films = sorted(part)
                own = study_of_its_own(connection, films[0], study, by, number=number(study))
                bring(connection, films, study.id, own, "parted", by)
                new += _keep_results(connection, own, _only(results, part), by)
                made.append(own)
            everything = {study.id, *made}
            connection.execute(
                update(images).where(images.c.study_id.in_(everything)).values(placed_by_hand=False)
            )
            changed = settle_down(connection, everything, {number(study)})
            forget_needless(connection, study.id)
            seals = seals_of(connection, *changed, results=new)
            append(connection, replace(by.audit, study_id=study.id), seals)
            return tuple(made)

        return self._database.write(work)

    def settle(self, seen: Seen, *, settled: bool, station_id: str, by: By) -> None:
        """The studies of its number are rightly several, or that is open again."""

        def work(connection: Connection) -> None:
            self._hold(connection, station_id)
            study = _as_seen(connection, seen)
            of_number = (
                studies.c.station_id == study.station_id,
                studies.c.study_uid == study.study_uid,
                studies.c.contested,
            )
            found = connection.scalars(select(studies.c.id).where(*of_number)).all()
            moment = by.at if settled else None
            connection.execute(update(studies).where(*of_number).values(settled_at=moment))
            kind: CorrectionKind = "settled" if settled else "unsettled"
            for one in found:
                note_correction(connection, study_id=one, kind=kind, audit=by.signed, at=by.at)
            seals = seals_of(connection, study.id, *found)
            append(connection, replace(by.audit, study_id=study.id), seals)

        self._database.write(work)

    def _hold(self, connection: Connection, *stations_: str) -> None:
        self._database.hold(connection, *(station_lock(one) for one in stations_))


def _as_seen(connection: Connection, seen: Seen) -> Row[Any]:
    """The study, which nobody else changes. Raises NotFound or Conflict `correction_outdated`."""
    study = connection.execute(
        select(studies).where(studies.c.id == seen.study_id).with_for_update()
    ).first()
    if study is None:
        raise NotFound("study_not_found")
    there = connection.scalars(
        select(assessments.c.id)
        .join(images, images.c.id == assessments.c.image_id)
        .where(images.c.study_id == seen.study_id, assessments.c.is_current)
    )
    if study.version != seen.version or set(there) != seen.results:
        raise Conflict("correction_outdated")
    return study


def _keep_results(connection: Connection, study_id: str, results: NewResults, by: By) -> list[str]:
    """Which they are now."""
    made = []
    for image_id, assessment in results.items():
        note_own(connection, image_id)
        made.append(_make_current(connection, image_id, assessment, by.at))
    if results:
        signing.after_keeping(connection, study_id, new_film=False, new_result=True)
    return made


def _make_current(
    connection: Connection, image_id: str, assessment: Assessment, at: datetime
) -> str:
    """Of all results of the image; it is kept if it is not there. Which it is."""
    of_image = assessments.c.image_id == image_id
    connection.execute(update(assessments).where(of_image).values(is_current=False))
    known = connection.scalar(
        select(assessments.c.id).where(
            of_image,
            assessments.c.digest == assessment.digest,
            assessments.c.fingerprint == assessment.fingerprint,
        )
    )
    if known is not None:
        there = assessments.c.id == known
        connection.execute(update(assessments).where(there).values(is_current=True))
        return str(known)
    station = connection.scalar(select(images.c.station_id).where(images.c.id == image_id))
    made = result_id(str(station), assessment.digest, assessment.fingerprint)
    if connection.scalar(select(assessments.c.id).where(assessments.c.id == made)) is not None:
        made = new_id()  # of a film that went to another station
    keep_result(connection, replace(assessment, id=made), image_id, at=at)
    return made


def _only(results: NewResults, part: frozenset[str]) -> NewResults:
    return {image: result for image, result in results.items() if image in part}
