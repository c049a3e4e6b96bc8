"""Putting right what was kept: whom a study shows, what a film is, and which study it is of.

Each step is one transaction with its history, its results and its audit row. Who asks says what
they saw of each study (`Seen`); if that has changed meanwhile, nothing is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from cxr_triage.domain import Assessment, Patient, persons
from cxr_triage.errors import Conflict, NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import (
    assessments,
    corrections,
    images,
    patients,
    reviews,
    stations,
    studies,
)
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry, StudyDetail
from cxr_triage.store.rows import signing
from cxr_triage.store.rows.codec import to_json
from cxr_triage.store.rows.corrected import values_of
from cxr_triage.store.rows.history import Kind, note_correction
from cxr_triage.store.rows.keys import key_of, new_id, result_id
from cxr_triage.store.rows.patients import COLUMNS, keep_patient, patient_of, remove_unneeded
from cxr_triage.store.rows.placing import (
    Film,
    Number,
    make_study,
    mark_contested,
    mark_twins,
    move,
    note_accession,
    refresh,
    station_lock,
)
from cxr_triage.store.rows.results import current_of_study, keep_result

Results = Mapping[str, Assessment]
"""By image: results that are to be the current ones, made of what holds after the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody saw of a study. results: the current ones of every image."""

    study_id: str
    version: int
    results: frozenset[str]


def seen_in(detail: StudyDetail, version: int) -> Seen:
    """version: that of which they say that they saw it."""
    results = frozenset(one.assessment.id for one in detail.everything)
    return Seen(study_id=detail.row.study_id, version=version, results=results)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmValues:
    """Of an image. view: None as the file says. marker: a note on its side marker."""

    view: str | None = None
    marker: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """All that shall hold of a study. patient, age_years: None as the files say.
    films: of those images that change."""

    station_id: str
    patient: Patient | None = field(default=None, repr=False)
    age_years: float | None = None
    films: Mapping[str, FilmValues] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does it, when and why. audit: without the reason, which may name somebody."""

    audit: AuditEntry
    at: datetime
    reason: str = field(default="", repr=False)

    @property
    def signed(self) -> AuditEntry:
        """For the history, which has the reason."""
        return replace(self.audit, reason=self.reason)


class Correcting:
    """Every method may raise StoreError: NotFound if a study is gone, Conflict
    `correction_outdated` if it is not as it was seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def correct(
        self, seen: Seen, values: Values, *, station_id: str, results: Results, by: By
    ) -> None:
        """Let the values hold; what they do not change is not noted. station_id: whose it was."""

        def work(connection: Connection) -> None:
            self._hold(connection, station_id, values.station_id)
            study = _as_seen(connection, seen)
            changed = [
                _correct_patient(connection, study, values, by),
                _correct_films(connection, study, values, by),
                _correct_station(connection, study, values, by),
            ]
            _keep_results(connection, seen.study_id, results, by)
            refresh(connection, seen.study_id)
            if any(changed):
                append(connection, replace(by.audit, study_id=seen.study_id))

        self._database.write(work)

    def judge(self, image_id: str, assessment: Assessment, *, at: datetime) -> None:
        """A result of a film by what a person said of it is the current one."""

        def work(connection: Connection) -> None:
            study = connection.scalar(select(images.c.study_id).where(images.c.id == image_id))
            if study is None:
                return  # purged meanwhile
            _note_own(connection, image_id)
            _make_current(connection, image_id, assessment, at)
            signing.after_keeping(connection, study, new_film=False, new_result=True)
            refresh(connection, study)

        self._database.write(work)

    def move(
        self, image_id: str, source: Seen, target: Seen | None, *,
        station_id: str, results: Results, by: By,
    ) -> str:  # fmt: skip
        """The film is of the other study (None: of one of its own); which study that is.

        Raises Conflict `other_station`.
        """

        def work(connection: Connection) -> str:
            self._hold(connection, station_id)
            study = _as_seen(connection, source)
            if target is None:
                made = _study_of_its_own(connection, image_id, study, by)
            else:
                other = _as_seen(connection, target)
                if other.station_id != study.station_id:
                    raise Conflict("other_station")
                made = other.id
            _bring(connection, [image_id], study.id, made, "moved", by)
            _keep_results(connection, made, results, by)
            _settle_down(
                connection, {study.id, made}, {_number(study), _number_of(connection, made)}
            )
            append(connection, replace(by.audit, study_id=made))
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
            kind: Kind = "hidden" if hidden else "shown"
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
                _arrived(connection, study.id)
            refresh(connection, study.id)
            append(connection, replace(by.audit, study_id=study.id))

        self._database.write(work)

    def merge(self, into: Seen, other: Seen, *, station_id: str, results: Results, by: By) -> None:
        """Two studies of one number are one patient's: whom the first shows.

        Raises Conflict `other_number`.
        """

        def work(connection: Connection) -> None:
            self._hold(connection, station_id)
            study, gone = _as_seen(connection, into), _as_seen(connection, other)
            if _number(study) != _number(gone):
                raise Conflict("other_number")
            films = connection.scalars(select(images.c.id).where(images.c.study_id == gone.id))
            _keep_as_it_is_shown(connection, study)
            _bring(connection, films.all(), gone.id, study.id, "merged", by)
            _keep_results(connection, study.id, results, by)
            _settle_down(connection, {study.id, gone.id}, {_number(study)})
            append(connection, replace(by.audit, study_id=study.id))

        self._database.write(work)

    def parts(self, study_id: str) -> tuple[frozenset[str], ...]:
        """Images of a study by whom they show; those of whom the study shows first."""
        with self._database.read() as connection:
            return _parts(connection, study_id)

    def part(
        self, seen: Seen, parts: Sequence[frozenset[str]], *,
        station_id: str, results: Results, by: By,
    ) -> tuple[str, ...]:  # fmt: skip
        """Every part but the first becomes a study of its own; which ones. parts: as `parts`
        gave them."""

        def work(connection: Connection) -> tuple[str, ...]:
            self._hold(connection, station_id)
            study = _as_seen(connection, seen)
            made = []
            for part in parts[1:]:
                films = sorted(part)
                own = _study_of_its_own(connection, films[0], study, by, number=_number(study))
                _bring(connection, films, study.id, own, "parted", by)
                _keep_results(connection, own, _only(results, part), by)
                made.append(own)
            everything = {study.id, *made}
            connection.execute(
                update(images).where(images.c.study_id.in_(everything)).values(placed_by_hand=False)
            )
            _settle_down(connection, everything, {_number(study)})
            _forget_needless(connection, study.id)
            append(connection, replace(by.audit, study_id=study.id))
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
            kind: Kind = "settled" if settled else "unsettled"
            for one in found:
                note_correction(connection, study_id=one, kind=kind, audit=by.signed, at=by.at)
            append(connection, replace(by.audit, study_id=study.id))

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


def _correct_patient(connection: Connection, study: Row[Any], values: Values, by: By) -> bool:
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


def _correct_films(connection: Connection, study: Row[Any], values: Values, by: By) -> bool:
    changed = False
    for one in current_of_study(connection, study.id):
        wanted = values.films.get(one.image_id)
        if wanted is None:
            continue
        view = one.filed.view if wanted.view is None else wanted.view
        said = {
            "view": [one.assessment.header.view, view],
            "marker": [one.marker, wanted.marker],
        }
        changes = {name: pair for name, pair in said.items() if pair[0] != pair[1]}
        if not changes:
            continue
        holds = {
            "own": {"view": one.filed.view, "age_years": one.filed.age_years},
            **({"view": view} if view != one.filed.view else {}),
            **({"marker": wanted.marker} if wanted.marker else {}),
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


def _correct_station(connection: Connection, study: Row[Any], values: Values, by: By) -> bool:
    """The study is another station's, with its films and whom they show. Raises NotFound."""
    old, new = study.station_id, values.station_id
    if old == new:
        return False
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
    for station in (old, new):
        mark_contested(connection, Number(station_id=station, uid=study.study_uid))
        mark_twins(connection, station, uids)
    return True


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


def _own_age(connection: Connection, leading_id: str) -> float | None:
    found = connection.execute(
        select(assessments.c.document, images.c.corrected)
        .join(images, images.c.id == assessments.c.image_id)
        .where(assessments.c.id == leading_id)
    ).one()
    own = values_of(found.corrected).get("own")
    header = values_of(found.document)["header"]
    age: float | None = (own or header)["age_years"]
    return age


def _note_owns(connection: Connection, study_id: str) -> None:
    for one in connection.scalars(select(images.c.id).where(images.c.study_id == study_id)).all():
        _note_own(connection, one)


def _note_own(connection: Connection, image_id: str) -> None:
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


def _keep_results(connection: Connection, study_id: str, results: Results, by: By) -> None:
    for image_id, assessment in results.items():
        _note_own(connection, image_id)
        _make_current(connection, image_id, assessment, by.at)
    if results:
        signing.after_keeping(connection, study_id, new_film=False, new_result=True)


def _make_current(
    connection: Connection, image_id: str, assessment: Assessment, at: datetime
) -> None:
    """Of all results of the image; it is kept if it is not there."""
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
        return
    station = connection.scalar(select(images.c.station_id).where(images.c.id == image_id))
    made = result_id(str(station), assessment.digest, assessment.fingerprint)
    if connection.scalar(select(assessments.c.id).where(assessments.c.id == made)) is not None:
        made = new_id()  # of a film that went to another station
    keep_result(connection, replace(assessment, id=made), image_id, at=at)


def _study_of_its_own(
    connection: Connection, image_id: str, study: Row[Any], by: By, *, number: Number | None = None
) -> str:
    """For a film; under the number that its file says, unless another is given."""
    found = connection.execute(
        select(images.c.corrected, assessments.c.document, *COLUMNS)
        .join_from(images, patients, patients.c.id == images.c.patient_id)
        .join(assessments, assessments.c.image_id == images.c.id)
        .where(images.c.id == image_id, assessments.c.is_current)
    ).one()
    uid = values_of(found.document)["header"]["study_uid"] or study.study_uid
    film = Film(id=image_id, study_id=study.id, patient=patient_of(found), fixed=True)
    own = number or Number(station_id=study.station_id, uid=key_of(uid))
    return make_study(connection, own, [film], by.at)


def _bring(
    connection: Connection, films: Sequence[str], source: str, target: str, kind: Kind, by: By
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
    _arrived(connection, target)
    signing.after_leaving(connection, source)
    if emptied:  # its history goes along
        connection.execute(
            update(corrections).where(corrections.c.study_id == source).values(study_id=target)
        )


def _arrived(connection: Connection, study_id: str) -> None:
    """A film came to the study, with what doctors said of it."""
    signing.after_keeping(connection, study_id, new_film=True, new_result=False)
    read = select(reviews.c.id).where(reviews.c.study_id == study_id).limit(1)
    if connection.scalar(read) is not None:
        signing.after_signing(connection, study_id)


def _settle_down(connection: Connection, found: set[str], numbers: set[Number]) -> None:
    """After films came or went."""
    for study in sorted(found):
        note_accession(connection, study)
        refresh(connection, study)
    for number in numbers:
        mark_contested(connection, number)


def _keep_as_it_is_shown(connection: Connection, study: Row[Any]) -> None:
    """Whom the study shows does not follow from the films that come."""
    corrected = values_of(study.corrected) | {"patient": True}
    connection.execute(
        update(studies).where(studies.c.id == study.id).values(corrected=to_json(corrected))
    )


def _forget_needless(connection: Connection, study_id: str) -> None:
    """A person's word that is what the files say too."""
    row = connection.execute(select(studies).where(studies.c.id == study_id)).one()
    corrected = values_of(row.corrected)
    if row.patient_id == row.filed_patient_id and corrected.pop("patient", None):
        connection.execute(
            update(studies).where(studies.c.id == study_id).values(corrected=to_json(corrected))
        )


def _parts(connection: Connection, study_id: str) -> tuple[frozenset[str], ...]:
    found = connection.execute(
        select(images.c.id, images.c.placed_by_hand, *COLUMNS)
        .join_from(images, patients, patients.c.id == images.c.patient_id)
        .where(images.c.study_id == study_id)
        .order_by(images.c.placed_by_hand, images.c.received_at, images.c.id)
    ).all()
    groups = persons([patient_of(row) for row in found])
    return tuple(frozenset(found[place].id for place in group) for group in groups)


def _only(results: Results, part: frozenset[str]) -> Results:
    return {image: result for image, result in results.items() if image in part}


def _number(study: Row[Any]) -> Number:
    return Number(station_id=study.station_id, uid=study.study_uid)


def _number_of(connection: Connection, study_id: str) -> Number:
    return _number(connection.execute(select(studies).where(studies.c.id == study_id)).one())
