"""What a person says is to hold, and what they saw when they said it: frozen, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cxr_triage.domain import Patient
from cxr_triage.store.records import AuditEntry, StudyDetail


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
    """Of an image. view: None as the file says. marker: a note on its side marker. anyway: it is
    read although it was refused for its looks."""

    view: str | None = None
    marker: str = field(default="", repr=False)
    anyway: bool = False


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
