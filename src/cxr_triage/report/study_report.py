"""What a study's report is made of: values that every form of it shares.

Who makes it decides whom it names; a name that is left out never comes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cxr_triage.domain import Patient, Priority, PriorityReason
from cxr_triage.report.film import Film


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a doctor said of a result, and when. Moments are in the zone of the place.

    verdicts: by label. overall: of the priority; empty if nothing was said of it.
    addendum: to a signed reading. texts_left_out: there are texts that these eyes may not see.
    """

    reader: str
    saved_at: datetime
    signed_at: datetime | None = None
    addendum: bool = False
    verdicts: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    overall: str = ""
    note: str = field(default="", repr=False)
    impression: str = field(default="", repr=False)
    texts_left_out: bool = False


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

    pictured: False if its pictures were left out because the study has so many images.
    put_right: of its view. marker: a note on its side marker. doubts: codes of reasons to doubt
    whose it is.
    """

    film: Film
    readings: tuple[Reading, ...] = ()
    pictured: bool = True
    put_right: PutRight | None = None
    marker: str = field(default="", repr=False)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyReport:
    """A study as it goes with the patient. films: the one that makes the priority first.

    patient: None where names and identifiers are left out; accession is empty then too.
    earlier: readings of results that newer ones have replaced.
    policy: name and version of the priority policy, "–" where it is not known.
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
    reason: PriorityReason
    policy: str
    films: tuple[ReportedFilm, ...]
    earlier: tuple[Reading, ...] = ()
    put_right: PutRight | None = None
    contested: bool = False
    settled: bool = False

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every reading of the results of today."""
        return tuple(reading for film in self.films for reading in film.readings)

    @property
    def signed(self) -> bool:
        """Has a doctor signed all of it?

        No reading may be unsigned, and each assessed image needs one of its own, unless
        what was signed was an earlier result of the study.
        """
        if not all(reading.signed_at for reading in self.readings):
            return False
        if any(reading.signed_at for reading in self.earlier):
            return True
        assessed = [one for one in self.films if one.film.assessment.outcome == "assessed"]
        return bool(self.readings) and all(one.readings for one in assessed)


def spoken_name(name: str) -> str:
    """A person name (PS3.5 6.2) as people write it: the first way of writing that it has."""
    written = next((way for way in name.split("=") if way.strip(" ^")), "")
    return " ".join(written.replace("^", " ").split())
