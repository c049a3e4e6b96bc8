"""Putting right what is kept: who may, what it takes, and what follows for the results.

A station its own studies, until they are signed; a radiologist every study, with a reason. Where
another age or view changes what the gate says of a film, it is assessed again before anything is
written: the correction and its results are there together, or neither is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cxr_triage.domain import Assessment, Header, Patient, Reason
from cxr_triage.errors import BlobDamaged, Conflict, CorrectionInvalid, NotAllowed, NotFound
from cxr_triage.imaging.dicom.ages import AGES_CONTRADICT
from cxr_triage.service.audit import SYSTEM, Action, Origin, entry
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.service.inference.turns import Claim, Rank
from cxr_triage.service.intake.declared import NOTHING_DECLARED, Declared
from cxr_triage.service.intake.quotas import UTC_ZONE
from cxr_triage.service.people.principal import Principal, party_of_station
from cxr_triage.store.corrections import By, FilmValues, Values, seen_in
from cxr_triage.store.records import EVERYWHERE, StoredAssessment, StudyDetail, StudyRow
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.placing import SIGNED
from cxr_triage.triage.ages import ADULT_SAID
from cxr_triage.triage.anyway import may_be_read_anyway
from cxr_triage.triage.image_reader import unfinished

MAX_REASON: Final = 500
MAX_MARKER: Final = 200
OLDEST_YEARS: Final = 130
BIRTH_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")

PATIENT_FIELDS: Final = {
    "patient_id": "id",
    "issuer": "issuer",
    "patient_name": "name",
    "birth_date": "birth_date",
    "sex": "sex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedValues:
    """What is to hold; what is not named stays as it is. None: as the files say.

    study: of `PATIENT_FIELDS`, `age_years`, `station_id`. films: by result, `view`, `marker`.
    """

    study: Mapping[str, str | float | None] = field(default_factory=dict, repr=False)
    films: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict, repr=False)


def may_correct(who: Principal, row: StudyRow) -> bool:
    """May they put right anything of that study, which they see?"""
    if not who.may("correct"):
        return False
    return who.may("sign") or (who.station_id is not None and row.state not in SIGNED)


def may_choose_station(who: Principal) -> bool:
    """Those who see every station's studies."""
    return who.may("sign") and who.station_id is None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrections:
    """Every method may raise NotAllowed, NotFound, CorrectionInvalid, Conflict
    (`correction_outdated`: the study is not as `version` says that it was seen), ImageError,
    Overloaded or StoreError; nothing was changed then."""

    store: Store
    pool: InferencePool
    zone: ZoneInfo = UTC_ZONE
    """Of the place, whose days films come on."""

    def correct(
        self, who: Principal, study_id: str, wanted: WantedValues, *,
        version: int, reason: str, origin: Origin,
    ) -> StudyDetail:  # fmt: skip
        """Let what is wanted hold of a study and its films."""
        detail = self._detail(who, study_id, version, reason)
        row = detail.row
        patient = _patient(row, wanted)
        age_years = _age(detail, patient, wanted, self.zone)
        films = _films(detail, wanted)
        station = wanted.study.get("station_id", row.station_id)
        if station != row.station_id and not may_choose_station(who):
            raise NotAllowed("not_allowed")
        values = Values(
            station_id=str(station),
            patient=None if patient == row.filed else patient,
            age_years=age_years,
            films=films,
        )
        views = {image: one.view for image, one in films.items()}
        results = self._results(detail.everything, age_years, views)
        self.store.correcting.correct(
            seen_in(detail, version),
            values,
            station_id=row.station_id,
            results=results,
            by=_by(who, Action.IDENTITY_CORRECTED, reason, origin),
        )
        return self.store.study(study_id, who.scope)

    def read_anyway(
        self, who: Principal, assessment_id: str, *, version: int, reason: str, origin: Origin
    ) -> StudyDetail:
        """Somebody looked at the film of that result, which was refused for its looks: it is read
        all the same. Whoever may put a study right may; nobody needs a reason.

        Raises Conflict `not_for_its_looks` if it was refused for anything else, or was not.
        """
        film, detail = self._film(who, assessment_id, version, reason, needs_reason=False)
        if not may_be_read_anyway(film.assessment.eligibility):
            raise Conflict("not_for_its_looks")
        row, header = detail.row, film.assessment.header
        again = self._assessed(replace(film, anyway=True), header.view, header.age_years)
        values = Values(
            station_id=row.station_id,
            patient=None if row.patient == row.filed else row.patient,
            age_years=_corrected_age(detail),
            films={
                film.image_id: FilmValues(
                    view=header.view if film.view_corrected else None,
                    marker=film.marker,
                    anyway=True,
                )
            },
        )
        self.store.correcting.correct(
            seen_in(detail, version),
            values,
            station_id=row.station_id,
            results={film.image_id: again},
            by=_by(who, Action.FILM_READ_ANYWAY, reason, origin, film),
        )
        return self.store.study(row.study_id, who.scope)

    def move(
        self, who: Principal, assessment_id: str, target_id: str | None, *,
        version: int, reason: str, origin: Origin,
    ) -> StudyDetail:  # fmt: skip
        """The film of that result is of another study of its station, or of one of its own (None);
        that study."""
        film, source = self._film(who, assessment_id, version, reason)
        target, seen = None, None
        if target_id is not None:
            target = self.store.study(target_id, who.scope)
            _check(who, target.row, reason)
            seen = seen_in(target, target.row.version)
        elif len(source.everything) == 1:
            raise Conflict("only_film")
        if target_id == source.row.study_id:
            raise Conflict("same_study")
        results = self._results([film], _corrected_age(target))
        made = self.store.correcting.move(
            film.image_id,
            seen_in(source, version),
            seen,
            station_id=source.row.station_id,
            results=results,
            by=_by(who, Action.FILM_MOVED, reason, origin, film),
        )
        return self.store.study(made, who.scope)

    def hide(
        self, who: Principal, assessment_id: str, *,
        hidden: bool, version: int, reason: str, origin: Origin,
    ) -> StudyDetail:  # fmt: skip
        """The film of that result was sent by mistake, or was not after all."""
        film, detail = self._film(who, assessment_id, version, reason)
        if (film.hidden_at is not None) is not hidden:
            action = Action.FILM_HIDDEN if hidden else Action.FILM_SHOWN
            self.store.correcting.hide(
                film.image_id,
                seen_in(detail, version),
                hidden=hidden,
                station_id=detail.row.station_id,
                by=_by(who, action, reason, origin, film),
            )
        return self.store.study(detail.row.study_id, who.scope)

    def merge(
        self, who: Principal, study_id: str, other_id: str, *,
        version: int, reason: str, origin: Origin,
    ) -> StudyDetail:  # fmt: skip
        """The other study of the same number is the same patient's: its films come to this one."""
        who.need("sign")
        detail = self._detail(who, study_id, version, reason)
        other = self.store.study(other_id, who.scope)
        if other.row.study_id == detail.row.study_id:
            raise Conflict("same_study")
        self.store.correcting.merge(
            seen_in(detail, version),
            seen_in(other, other.row.version),
            station_id=detail.row.station_id,
            results=self._results(other.everything, _corrected_age(detail)),
            by=_by(who, Action.STUDIES_MERGED, reason, origin),
        )
        return self.store.study(study_id, who.scope)

    def part(
        self, who: Principal, study_id: str, *, version: int, reason: str, origin: Origin
    ) -> StudyDetail:
        """The films of other patients than the study's go to studies of their own."""
        who.need("sign")
        detail = self._detail(who, study_id, version, reason)
        parts = self.store.correcting.parts(detail.row.study_id)
        if len(parts) < 2:
            raise Conflict("one_patient")
        leaving = [one for one in detail.everything if one.image_id not in parts[0]]
        self.store.correcting.part(
            seen_in(detail, version),
            parts,
            station_id=detail.row.station_id,
            results=self._results(leaving, None),
            by=_by(who, Action.STUDY_PARTED, reason, origin),
        )
        return self.store.study(study_id, who.scope)

    def settle(
        self, who: Principal, study_id: str, *,
        settled: bool, version: int, reason: str, origin: Origin,
    ) -> StudyDetail:  # fmt: skip
        """The studies of its number are rightly several; or that is open again."""
        who.need("sign")
        detail = self._detail(who, study_id, version, reason)
        if not detail.row.contested:
            raise Conflict("not_contested")
        self.store.correcting.settle(
            seen_in(detail, version),
            settled=settled,
            station_id=detail.row.station_id,
            by=_by(who, Action.NUMBER_SETTLED, reason, origin),
        )
        return self.store.study(study_id, who.scope)

    def followed(self, stored: StoredAssessment) -> StoredAssessment:
        """A film that came: its current result, by what was put right of it and its study."""
        if not (stored.is_current and stored.outdated):
            return stored
        header = stored.assessment.header
        again = self._assessed(stored, header.view, header.age_years)
        if again.eligibility == stored.assessment.eligibility:
            return stored
        audit = entry(Action.FILM_JUDGED_AGAIN, SYSTEM)
        self.store.correcting.judge(stored.image_id, again, at=datetime.now(UTC), audit=audit)
        detail = self.store.study(stored.study_id, EVERYWHERE)
        return next((o for o in detail.everything if o.image_id == stored.image_id), stored)

    def _detail(
        self,
        who: Principal,
        study_id: str,
        version: int,
        reason: str,
        *,
        needs_reason: bool = True,
    ) -> StudyDetail:
        who.need("correct")
        detail = self.store.study(study_id, who.scope)
        _check(who, detail.row, reason, needs_reason=needs_reason)
        if detail.row.version != version:
            raise Conflict("correction_outdated")
        return detail

    def _film(
        self,
        who: Principal,
        assessment_id: str,
        version: int,
        reason: str,
        *,
        needs_reason: bool = True,
    ) -> tuple[StoredAssessment, StudyDetail]:
        """The current result of that result's film, and its study."""
        who.need("correct")
        stored = self.store.assessment(assessment_id, who.scope)
        study = stored.study_id
        detail = self._detail(who, study, version, reason, needs_reason=needs_reason)
        return next(o for o in detail.everything if o.image_id == stored.image_id), detail

    def _results(
        self,
        films: Sequence[StoredAssessment],
        age_years: float | None,
        views: Mapping[str, str | None] | None = None,
    ) -> dict[str, Assessment]:
        """By image, of those films of which the gate says something else under what holds then.

        age_years: that a person says; None: each film's own. views: by image, of those that
        change; None: as the file says.
        """
        found = {}
        for film in films:
            view: str | None = film.assessment.header.view
            if views is not None and film.image_id in views:
                view = views[film.image_id]
            by = (
                film.filed.view if view is None else view,
                film.filed.age_years if age_years is None else age_years,
            )
            if by == film.judged:
                continue
            again = self._assessed(film, *by)
            if again.eligibility != film.assessment.eligibility:
                found[film.image_id] = again
        return found

    def _assessed(self, film: StoredAssessment, view: str, age_years: float | None) -> Assessment:
        """The film by that view and age."""
        header = film.assessment.header
        own = (view, age_years) == (film.filed.view, film.filed.age_years)
        declared = Declared(
            patient=film.patient,
            accession=header.accession,
            view=view,
            age_years=age_years,
            bits=_declared_bits(header),
            adult=age_years is None and _said(film.assessment, ADULT_SAID) is not None,
            older_age=_older_age(film.assessment) if own else None,
            corrected=not own,
            anyway=film.anyway,
        )
        if own and header.source != "picture":
            declared = Declared(anyway=True) if film.anyway else NOTHING_DECLARED
        digest = film.assessment.digest
        again = self.pool.assess(
            self.store.whole_file(digest),
            declared,
            claim=Claim(party=party_of_station(film.station_id), rank=Rank.FIRST),
            unfinished=unfinished(film.assessment.eligibility),
        ).assessment
        if again.digest != digest:
            raise BlobDamaged("blob_damaged")
        numbers = replace(
            again.header,
            study_uid=header.study_uid,
            series_uid=header.series_uid,
            sop_uid=header.sop_uid,
        )
        return replace(again, header=numbers)


def _check(who: Principal, row: StudyRow, reason: str, *, needs_reason: bool = True) -> None:
    """Raises NotAllowed or CorrectionInvalid."""
    if len(reason) > MAX_REASON:
        raise CorrectionInvalid("correction_text_too_long", most=MAX_REASON)
    if who.may("sign"):
        if needs_reason and not reason.strip():
            raise CorrectionInvalid("correction_reason_needed")
    elif who.station_id is None:
        raise NotAllowed("not_allowed")
    elif row.state in SIGNED:
        raise NotAllowed("correction_signed")


def _by(
    who: Principal,
    action: Action,
    reason: str,
    origin: Origin,
    film: StoredAssessment | None = None,
) -> By:
    """The audit row has no reason: one may name a patient."""
    result = "" if film is None else film.assessment.id
    audit = entry(action, who.acts_from(origin), assessment_id=result)
    return By(audit=audit, at=datetime.now(UTC), reason=reason.strip())


def _patient(row: StudyRow, wanted: WantedValues) -> Patient:
    """Whom the study shows then. Raises CorrectionInvalid."""
    given = {
        name: getattr(row.filed, name) if wanted.study[key] is None else str(wanted.study[key])
        for key, name in PATIENT_FIELDS.items()
        if key in wanted.study
    }
    patient = replace(row.patient, **given)
    if patient.birth_date != row.patient.birth_date and patient.birth_date:
        _latest_birth(patient.birth_date)
    return patient


def _age(
    detail: StudyDetail, patient: Patient, wanted: WantedValues, zone: ZoneInfo
) -> float | None:
    """What a person says of the age, by itself or by the birth date; None: as the files say."""
    row = detail.row
    age = row.age_years if row.age_corrected else None
    if "age_years" in wanted.study:
        said = wanted.study["age_years"]
        age = None if said is None else float(said)
    elif patient.birth_date != row.patient.birth_date:
        told = patient.birth_date and patient.birth_date != row.filed.birth_date
        age = _age_at(patient.birth_date, row, zone) if told else None
    if age is not None and all(one.filed.age_years == age for one in detail.everything):
        return None
    return age


def _age_at(birth_date: str, row: StudyRow, zone: ZoneInfo) -> float:
    """The youngest that somebody born then can have been when the film was taken."""
    taken = row.received_at.astimezone(zone).date()
    if row.acquired_at:
        taken = date.fromisoformat(row.acquired_at[:10])
    years = (taken - _latest_birth(birth_date)).days / 365.25
    if not 0 <= years <= OLDEST_YEARS:
        raise CorrectionInvalid("correction_birth_date")
    return round(years, 4)


def _latest_birth(birth_date: str) -> date:
    """Of YYYY-MM-DD, YYYY-MM or YYYY. Raises CorrectionInvalid `correction_birth_date`."""
    match = BIRTH_DATE.fullmatch(birth_date)
    if match is None:
        raise CorrectionInvalid("correction_birth_date")
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        if year is not None and month is not None and day is None:
            later = date(year + month // 12, month % 12 + 1, 1)
            return date.fromordinal(later.toordinal() - 1)
        return date(year or 0, month or 12, day or 31)
    except ValueError:
        raise CorrectionInvalid("correction_birth_date") from None


def _films(detail: StudyDetail, wanted: WantedValues) -> dict[str, FilmValues]:
    """By image. Raises NotFound for a result that is not a current one of the study."""
    known = {one.assessment.id: one for one in detail.everything}
    found = {}
    for result, given in wanted.films.items():
        if result not in known:
            raise NotFound("assessment_not_found")
        film = known[result]
        view: str | None = film.assessment.header.view if film.view_corrected else None
        if "view" in given:
            view = given["view"]
        marker = given.get("marker", film.marker) or ""
        if len(marker) > MAX_MARKER:
            raise CorrectionInvalid("correction_text_too_long", most=MAX_MARKER)
        found[film.image_id] = FilmValues(view=view, marker=marker.strip(), anyway=film.anyway)
    return found


def _declared_bits(header: Header) -> int | None:
    """That the sender of a picture said its values have."""
    picture = header.source == "picture"
    return header.bits_stored if picture and header.bits_stored not in (8, 16) else None


def _said(assessment: Assessment, code: str) -> Reason | None:
    warnings = assessment.eligibility.warnings
    return next((one for one in warnings if one.code == code), None)


def _older_age(assessment: Assessment) -> float | None:
    """That was said of the patient beside the age that counts."""
    doubt = _said(assessment, AGES_CONTRADICT)
    return None if doubt is None or doubt.limit is None else float(doubt.limit)


def _corrected_age(detail: StudyDetail | None) -> float | None:
    if detail is None or not detail.row.age_corrected:
        return None
    return detail.row.age_years
