"""What a study's report is made of: values that every form of it shares.

Who makes it decides whom it names; a name that is left out never comes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cxr_triage.domain import NextSteps, Patient, Priority, PriorityReason
from cxr_triage.report.film.film import Film


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedReview:
    """What a doctor said of a result, and when. Moments are in the zone of the place.

    verdicts: by label. overall: of the AI's priority; empty if nothing was said of it. agrees: with
    everything that is shown. priority: the doctor's own. others: findings in words. withdrawn_at:
    when the signature was taken back; it stands for nothing since.
    addendum: to a signed review. texts_left_out: there are texts that these eyes may not see.
    """

    reader: str
    saved_at: datetime
    signed_at: datetime | None = None
    addendum: bool = False
    verdicts: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    overall: str = ""
    agrees: bool = False
    note: str = field(default="", repr=False)
    impression: str = field(default="", repr=False)
    texts_left_out: bool = False
    priority: Priority | None = None
    others: tuple[str, ...] = field(default=(), repr=False)
    withdrawn_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """Does a signature stand under it?"""
        return self.signed_at is not None and self.withdrawn_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRight:
    """What somebody put right, and what the files say. patient: None where names are left out, or
    where it is as they say; view, age_years: None where they are as they say."""

    at: datetime
    by: str
    patient: Patient | None = field(default=None, repr=False)
    age_years: float | None = None
    age_corrected: bool = False
    view: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportedFilm:
    """An image of the study and what doctors said of its result, in the order of saying.

    pictured: False if its pictures were left out because the study has so many images. withheld:
    because whoever looks sees no films.
    put_right: of its view. marker: a note on its side marker. doubts: codes of reasons to doubt
    whose it is.
    """

    film: Film
    reviews: tuple[ReportedReview, ...] = ()
    pictured: bool = True
    withheld: bool = False
    put_right: PutRight | None = None
    marker: str = field(default="", repr=False)
    doubts: tuple[str, ...] = ()

    @property
    def signed(self) -> bool:
        """Has a review of its own been signed?"""
        return any(one.counts and not one.addendum for one in self.reviews)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed for a whole study, and when; in the zone of the place."""

    reader: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyReport:
    """A study as it goes with the patient. films: the one that makes the priority first.

    patient: None where names and identifiers are left out; accession is empty then too.
    earlier: reviews of results that newer ones have replaced.
    file_name: of the film that makes the priority, where it stands for a name that is lacking.
    policy: name and version of the priority policy, "–" where it is not known.
    priority: that holds: of the doctor decided_by, else ai_priority. made_before: by an earlier
    version, model or policy. steps: what the site says is to be done.
    changed: since it was signed; a signature for the whole study does not stand for it any more.
    put_right: of whom it shows, and the age. contested: another patient's study bears its number;
    settled: a doctor said that this is right.
    """

    study_id: str
    place: str
    address: str
    station: str
    patient: Patient | None
    accession: str = field(repr=False)
    age_years: float | None
    sex: str
    acquired_at: str
    received_at: datetime
    printed_at: datetime
    priority: Priority
    ai_priority: Priority
    reason: PriorityReason
    policy: str
    films: tuple[ReportedFilm, ...]
    earlier: tuple[ReportedReview, ...] = ()
    put_right: PutRight | None = None
    contested: bool = False
    settled: bool = False
    signature: Signature | None = None
    changed: bool = False
    made_before: bool = False
    steps: NextSteps = field(default_factory=dict)
    decided_by: str = ""
    file_name: str = field(default="", repr=False)

    @property
    def nameless(self) -> bool:
        """Does it lack a name that it should bear?"""
        return self.patient is not None and not is_named(self.patient)

    @property
    def lacking(self) -> tuple[int, ...]:
        """Numbers, from 1 on, of the films that neither a review of their own nor a signature
        for the whole study stands for."""
        if self.signature is not None and not self.changed:
            return ()
        return tuple(number for number, one in enumerate(self.films, 1) if not one.signed)

    @property
    def signed(self) -> bool:
        """Has a doctor signed all of it, as it is now?"""
        return not self.lacking


def is_named(patient: Patient) -> bool:
    """Can a person be called by what stands there as a name?"""
    return bool(spoken_name(patient.name))


def spoken_name(name: str) -> str:
    """A person name (PS3.5 6.2) as people write it: the first way of writing that it has."""
    written = next((way for way in name.split("=") if way.strip(" ^")), "")
    return " ".join(written.replace("^", " ").split())
