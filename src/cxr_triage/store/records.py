"""What goes into the store and comes out of it: frozen, no I/O.

Identifiers of our own (`study_id`, `image_id`, `assessment_id`, `station_id`, `person_id`)
say nothing about a patient and may stand in logs, addresses and audit rows. UIDs, accession
numbers and patients may not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from cxr_triage.domain import (
    Assessment,
    FilmDecision,
    Patient,
    Priority,
    PriorityReason,
    Reason,
    Score,
)
from cxr_triage.errors import NotFound
from cxr_triage.result.document import Document
from cxr_triage.triage.anyway import may_be_read_anyway

Role = Literal["station", "clinician", "radiologist", "administrator"]
StudyState = Literal["new", "opened", "changed", "reviewed", "signed"]
Verdict = Literal["agree", "disagree", "unsure"]

KeyScope = Literal["send", "read", "both"]
"""What a station's key is for. send: films, and the results of those that its machine sent; read:
the station's studies; both: all that the station may."""

KEY_SCOPES: tuple[KeyScope, ...] = ("send", "read", "both")

FirstLook = Literal["off", "until_opinion", "until_asked"]
"""What a reader sees of the AI before they have looked: everything; nothing until they said normal
or abnormal; nothing until they ask."""

FIRST_LOOKS: tuple[FirstLook, ...] = ("off", "until_opinion", "until_asked")

Opinion = Literal["normal", "abnormal", ""]
"""Of a film, before the AI's was seen; empty: none was given."""

IncidentKind = Literal["missed", "false", "wrong_place", "not_refused"]
"""How the AI was wrong: missed a finding, named one that is none, showed it in the wrong place,
assessed a film that it should have refused."""

INCIDENT_KINDS: tuple[IncidentKind, ...] = ("missed", "false", "wrong_place", "not_refused")

ROLES: tuple[Role, ...] = ("station", "clinician", "radiologist", "administrator")
STATES: tuple[StudyState, ...] = ("new", "opened", "changed", "reviewed", "signed")
UNREAD: tuple[StudyState, ...] = ("new", "opened", "changed")
"""Something of the study was read by nobody. changed: since it was signed."""
TO_READ: tuple[StudyState, ...] = (*UNREAD, "reviewed")
"""Something of the study nobody has signed."""
MOST_COUNTED = 1000
VERDICTS: tuple[Verdict, ...] = ("agree", "disagree", "unsure")

LOCAL_STATION = "local"
"""The station that every store has: images that people without a station bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose studies may be seen: one station's, or (None) everybody's. machine: no studies, but
    the results of what that machine of the station sent."""

    station_id: str | None
    machine: str | None = None

    def includes(self, station_id: str) -> bool:
        """Its studies?"""
        return self.machine is None and self.station_id in (None, station_id)

    def includes_film(self, station_id: str, machine: str) -> bool:
        """The results of a film that this machine of the station sent?"""
        return self.station_id in (None, station_id) and self.machine in (None, machine)


EVERYWHERE = Scope(station_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, to what, from where. Never a patient's name, number or UID.

    action: a value of `service.audit.Action`. actor_id: a person or a station, empty if
    nobody was signed in. subject_id: the account, key or review concerned, by our own id.
    study_id, assessment_id, fingerprint: filled in by the store where it makes them. reason: an
    administrator's words, where an action needs one.
    """

    action: str
    actor_kind: Literal["person", "station", "system", "nobody"]
    actor_id: str = ""
    study_id: str = ""
    assessment_id: str = ""
    subject_id: str = ""
    fingerprint: str = ""
    address: str = ""
    request_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailQuery:
    """What is wanted of the audit trail; empty: everything. since is inclusive, until exclusive."""

    action: str = ""
    actor_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry as it stands in the trail; `number` grows by one, `hash` chains it."""

    number: int
    at: datetime
    hash: str
    entry: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewImage:
    """A file that was read and assessed, and is to be kept.

    file: whole, `size` bytes whose SHA-256 is the assessment's digest; nobody writes to it any
    more, for it becomes the store's own (see `Blobs.adopt`). file_name: what it was called where it
    came from; it may name a patient. machine: whose key it came with; empty: a person brought it.
    """

    file: Path = field(repr=False)
    size: int
    patient: Patient
    station_id: str
    received_at: datetime
    file_name: str = field(default="", repr=False)
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyClaim:
    """Somebody has a study open to read it; until: as long as nothing more is heard of them."""

    person_id: str
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOpinion:
    """What a reader said of a film before they saw what the AI says. asked: they wanted to see
    it."""

    opinion: Opinion
    asked: bool
    at: datetime


FirstOpinions = Mapping[str, FirstOpinion]
"""Of one result, by reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsFiled:
    """What an image's file says of itself, whatever a person said since."""

    view: str = ""
    age_years: float | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredAssessment:
    """A result as it is kept, and where it belongs.

    `assessment.id` is the store's: the same file and fingerprint from two stations are two
    results, since a station sees its own studies only. `assessment.header` has the UIDs
    that the store made where the file had none (pictures), and the view, age and sex that hold
    now; filed: what the file says of them; judged: by which view and age the result was made.
    patient: whom the file says it shows. twin: another image bears the same SOP Instance UID.
    hidden_at: it was sent by mistake. marker: what a person noted of its side marker. anyway: a
    person wants it read although it was refused for its looks. machine: which sent the image.
    opinions: of readers before they saw the result. ai_hidden: what the AI says is left out here.
    """

    assessment: Assessment
    study_id: str
    image_id: str
    station_id: str
    received_at: datetime
    is_current: bool
    patient: Patient = field(default=Patient(), repr=False)
    file_name: str = field(default="", repr=False)
    twin: bool = False
    hidden_at: datetime | None = None
    filed: AsFiled = AsFiled()
    judged: tuple[str, float | None] = ("", None)
    marker: str = field(default="", repr=False)
    anyway: bool = False
    machine: str = ""
    opinions: FirstOpinions = field(default_factory=dict)
    ai_hidden: bool = False

    @property
    def outdated(self) -> bool:
        """Was it made by another view or age than hold now, or refused but is to be read?"""
        header = self.assessment.header
        refused = self.anyway and may_be_read_anyway(self.assessment.eligibility)
        return refused or self.judged != (header.view, header.age_years)

    @property
    def view_corrected(self) -> bool:
        return self.assessment.header.view != self.filed.view


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was put right of a study: see `store.rows.history`. by: who, as people read it.

    before, after: whom the study showed. changes: field → what it was and what it is.
    """

    version: int
    at: datetime
    kind: str
    by: str
    reason: str = field(repr=False)
    image_id: str | None
    before: Patient | None
    after: Patient | None
    changes: Mapping[str, tuple[object, object]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What became of an image: `created` is False if this very result was there already.

    warnings: what the sender should know of whose it is: `same_study_number`,
    `same_image_number` (another patient's, or another film, bears it too), `other_name` (than
    the study's, beside an equal number), `identity_corrected` (it said somebody else before).
    """

    created: bool
    stored: StoredAssessment
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One study in the worklist.

    priority: the doctor's, where one holds, who is named in decided_by; else ai_priority. band: its
    place among studies of its priority (`Result.band`). overdue: nobody has read it for
    longer than studies of its priority may wait. early_reading, decision: of the result that made
    the AI's priority; fingerprint: of that result. read_at: when it was signed, if it is. drafted:
    there is a reading that nobody signed; signs_at: when the newest signature that can still be
    taken back will count.
    claim: who reads it now, if anybody does. opinions: of readers, of the film that made the AI's
    priority. ai_hidden: what the AI says is
    left out here.
    assessment_id: of the image that made the priority. flags: that image's flagged
    findings, the one that made the priority first. view, age_years, sex: of that image.
    opened_by: full name of who opened it last before it was read, empty if nobody did.
    filed: whom the files say it shows, where that was put right. contested: another study, of
    another patient, bears the same UID; settled_at: when a doctor said that it is right so.
    version: of what was put right, 0 where nothing was. file_name: of the image that made the
    priority. filed_image: what that image's file says. patient_corrected, age_corrected: did a
    person say whom it shows, or the age?
    signed_by, signed_at: who signed for the whole study, and when; empty and None where reviews
    of each film did. They stay there when the study has `changed` since.
    """

    study_id: str
    study_uid: str = field(repr=False)
    station_id: str
    station_name: str
    accession: str = field(repr=False)
    patient: Patient
    age_years: float | None
    sex: str
    view: str
    received_at: datetime
    acquired_at: str
    priority: Priority
    band: int
    reason: PriorityReason
    flags: tuple[Score, ...]
    state: StudyState
    opened_by: str
    opened_at: datetime | None
    images: int
    assessed: int
    assessment_id: str
    filed: Patient = field(default=Patient(), repr=False)
    contested: bool = False
    settled_at: datetime | None = None
    version: int = 0
    file_name: str = field(default="", repr=False)
    signed_by: str = ""
    signed_at: datetime | None = None
    filed_image: AsFiled = AsFiled()
    patient_corrected: bool = False
    age_corrected: bool = False
    overdue: bool = False
    early_reading: bool = False
    decision: FilmDecision | None = None
    ai_priority: Priority = "not_assessed"
    decided_by: str = ""
    read_at: datetime | None = None
    drafted: bool = False
    signs_at: datetime | None = None
    fingerprint: str = ""
    claim: StudyClaim | None = None
    opinions: FirstOpinions = field(default_factory=dict)
    ai_hidden: bool = False

    @property
    def decided(self) -> bool:
        """Is its priority a doctor's?"""
        return bool(self.decided_by)

    @property
    def signed_whole(self) -> bool:
        """Does one signature stand for every film as it is now?"""
        return self.state == "signed" and self.signed_at is not None

    @property
    def corrected(self) -> bool:
        """Does something hold instead of what the files say of the patient?"""
        return self.patient_corrected or self.age_corrected


MaximumWait = Mapping[Priority, timedelta]
"""How long a study of a priority may wait unread; it then comes before the others."""

NO_MAXIMUM: MaximumWait = MappingProxyType({})

OVERDUE_BAND = -2
"""The band of what waits longer, before all others of its priority."""


class PageCursor(NamedTuple):
    """Where a page ended: the moment at which the list stands, then what sorts it.

    priority_rank: place of the priority. band: of a study that is overdue then, OVERDUE_BAND.
    """

    as_of: datetime
    priority_rank: int
    band: int
    received_at: datetime
    study_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistQuery:
    """Which studies; an empty tuple or text, or None, leaves that filter out.

    received_from is inclusive, received_until exclusive. findings: labels of which one at least
    is flagged. text: what somebody typed to find a patient, see `search`. hidden: those alone with
    films that were sent by mistake; else those that have others. settled: none with a signature
    that will count in a moment. by_waiting: in the order of coming, which says nothing of what the
    AI says. claimed: those alone that somebody reads now; free_for: none that another person reads.
    """

    priorities: tuple[Priority, ...] = ()
    states: tuple[StudyState, ...] = ()
    station_id: str | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    findings: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    hidden: bool = False
    settled: bool = False
    by_waiting: bool = False
    claimed: bool = False
    free_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCounts:
    """How many studies are to be read, are read by somebody now, and are signed, as far as
    `MOST_COUNTED`."""

    to_read: int
    being_read: int
    signed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherStudy:
    """Another study that shows, or perhaps shows (certain: False), the same patient."""

    row: StudyRow
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage:
    """Some rows in the order of the worklist; `after` continues, None at the end."""

    rows: tuple[StudyRow, ...]
    after: PageCursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyReading:
    """Studies that were drawn by lot where nothing is flagged: how many, how many of them doctors
    have read, and on how many they named a missed finding."""

    drawn: int
    read: int
    with_finding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The studies (`study_id`) before and after one in the worklist; None at an end."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyDetail:
    """A study with the current result of each image, the most urgent first, and reviews.

    unsigned: those results (ids) of which no review is signed.
    hidden: of images that were sent by mistake. corrections: newest first. siblings: other
    studies under the same number.
    """

    row: StudyRow
    images: tuple[StoredAssessment, ...]
    reviews: "tuple[Review, ...]"
    unsigned: frozenset[str]
    hidden: tuple[StoredAssessment, ...] = ()
    corrections: tuple[Correction, ...] = ()
    siblings: tuple[StudyRow, ...] = ()

    @property
    def lacking(self) -> tuple[StoredAssessment, ...]:
        """What still needs a signature: neither its own review nor the study has one."""
        if self.row.signed_whole:
            return ()
        return tuple(one for one in self.images if one.assessment.id in self.unsigned)

    @property
    def everything(self) -> tuple[StoredAssessment, ...]:
        """Of every image, hidden ones last."""
        return (*self.images, *self.hidden)

    @property
    def first(self) -> StoredAssessment:
        """The most urgent. Raises NotFound `result_gone`: no study is without, but where somebody
        removed it."""
        if not self.everything:
            raise NotFound("result_gone")
        return self.everything[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDraft:
    """What a doctor says of a result. priority: the doctor's own. verdicts: by label. missed:
    labels that were not flagged; others: findings in words, which no label has. overall: of the
    AI's priority. agrees: with everything that is shown of it.
    """

    assessment_id: str
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    overall: Verdict | None = None
    agrees: bool = False
    note: str = field(default="", repr=False)
    impression: str = field(default="", repr=False)
    priority: Priority | None = None
    others: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review as it is kept. texts_left_out: it has note or impression, which are not shown.

    One review a result, which readers share until it is signed; `version` grows with
    every change, so that nobody overwrites what they have not seen. Once signed it stays;
    what is added later is an addendum (`addendum_of`), signed at once. signs_at: from when on a
    signature counts that can still be taken back. withdrawn_at: when one that counted was taken
    back; another reading of the result may follow.
    """

    id: str
    draft: ReviewDraft
    reader_id: str
    reader_name: str
    version: int
    saved_at: datetime
    signed_at: datetime | None = None
    addendum_of: str | None = None
    texts_left_out: bool = False
    signs_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_why: str = field(default="", repr=False)

    @property
    def pending(self) -> bool:
        """Is there a signature that does not count yet?"""
        return self.signs_at is not None and self.signed_at is None

    @property
    def assessment_id(self) -> str:
        return self.draft.assessment_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a doctor says that the AI got wrong on a film. label: of the finding; empty: of none."""

    id: str
    kind: IncidentKind
    label: str
    reader_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One of them for who looks after the model: with what the AI said, and nobody's name, number
    or words. finding: its label, empty: none; then flagged, score, threshold and rarity are None.
    """

    id: str
    at: datetime
    kind: IncidentKind
    finding: str
    flagged: bool | None
    score: float | None
    threshold: float | None
    rarity: float | None
    priority: Priority
    outcome: str
    view: str
    station_id: str
    assessment_id: str
    fingerprint: str
    policy: str
    model: str
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A text that readers put into an impression by its name. person_id: whose; None:
    everybody's."""

    id: str
    person_id: str | None
    language: Literal["en", "vi"]
    name: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeStudy:
    """A signature that stands for every film. seen: the current results that the doctor saw."""

    seen: frozenset[str]
    audit: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A commune health station, or any other place that sends images.

    images_a_day, mib_a_day: what it may send; 0: no limit, None: as the setting has it.
    """

    id: str
    name: str
    created_at: datetime
    disabled_at: datetime | None = None
    images_a_day: int | None = None
    mib_a_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationKey:
    """An API key without its secret. prefix: what people may see of it. machine: what it is the
    key of, the id of its first one."""

    id: str
    station_id: str
    prefix: str
    sha256: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None
    scope: KeyScope
    machine: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What wants somebody now: studies that nobody has signed, by priority, when the newest of them
    came, and how many answers (signed readings) came since somebody looked; each as far as
    `MOST_CALLS`."""

    critical: int
    urgent: int
    newest: datetime | None
    answers: int


MOST_CALLS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A study that somebody signed a reading of, the last of several. row: as it is now."""

    row: StudyRow
    reader: str
    signed_at: datetime
    impression: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can sign in. station_id: None for people of the hospital.

    name: for signing in. full_name: as it stands under a review. elsewhere: who vouches for
    them, and by which name, as a hash; None: they have a password here. first_look: None: as the
    site has it.
    """

    id: str
    name: str
    full_name: str
    role: Role
    station_id: str | None
    language: Literal["en", "vi"]
    password_hash: str = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None = None
    elsewhere: str | None = None
    first_look: FirstLook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A sign-in that lasts. sha256: of its token."""

    sha256: str = field(repr=False)
    person_id: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredResult:
    """What a film's current result says. person: our own key of its patient. model_sha256: of the
    model's file."""

    person: str = field(repr=False)
    file_name: str = field(repr=False)
    model_sha256: str
    document: Document = field(repr=False)
