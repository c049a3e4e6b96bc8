"""What crosses the interface, as OpenAPI describes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cxr_triage.api.platform.problems import Problem
from cxr_triage.api.platform.text import CleanLine, Line, Moment, Words
from cxr_triage.api.v1 import examples
from cxr_triage.domain import Priority
from cxr_triage.domain.result import meaning
from cxr_triage.language import Language
from cxr_triage.result.public import PublicFinding, PublicModel, PublicReason, PublicResult
from cxr_triage.service.review import worklist
from cxr_triage.service.review.corrections import MAX_MARKER, MAX_REASON, OLDEST_YEARS
from cxr_triage.service.review.reviews import MAX_OTHER, MOST_OTHERS
from cxr_triage.store.records import IncidentKind, Opinion, Role, StudyState, Verdict
from cxr_triage.store.rows.keys import LONGEST

MAX_NAME = 64
MAX_UID = 4096
MAX_TEXT = 4000


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FindingOut(PublicFinding):
    """One finding. `score` 0.5 is the operating point; a score is not a probability of disease."""

    heatmap: str | None = field(
        metadata=meaning("Where the heatmap is; null if nothing was scored.")
    )


class PatientOut(_Model):
    """Whom the image shows; null for those who may not see patients. `issuer`: of the id."""

    id: str
    issuer: str = ""
    name: str
    birth_date: str
    sex: str


class FiledOut(_Model):
    """What an image's file says of itself, whatever a person put right since."""

    patient: PatientOut | None
    view: str
    age_years: float | None
    sex: str


class LinksOut(_Model):
    """Where the pictures and the report of a result are."""

    self: str
    image: str
    pixels: str
    report: str
    study: str


class AssessmentOut(PublicResult):
    """One image's result. `outcome` referred: not scored, a doctor must read it."""

    model_config = ConfigDict(extra="forbid")

    id: str
    study_id: str
    station_id: str
    received_at: datetime
    created_at: datetime
    is_current: bool = Field(description="False if a newer result of this image is kept.")
    outcome: Literal["assessed", "referred"]
    priority: Priority | None = Field(description="Null: see `ai_hidden`.")
    ai_hidden: bool = Field(
        default=False,
        description="What the AI says is left out until the reader has looked at the film first.",
    )
    findings: tuple[FindingOut, ...]
    digest: str
    links: LinksOut
    filed: FiledOut | None = Field(default=None, description="What the file itself says.")
    marker: str = Field(default="", description="A person's note on the side marker.")
    twin: bool = Field(default=False, description="Another film bears the same SOP Instance UID.")
    other_name: bool = Field(
        default=False, description="Its file's name differs from that of the study's other films."
    )
    hidden_at: datetime | None = Field(default=None, description="When it was marked as a mistake.")


class ImageOut(_Model):
    """What became of one file of an upload: an assessment, or the problem that stopped it."""

    file: int = Field(description="Which file of the request, from 1 on.")
    status: int = Field(description="201 kept, 200 was there already, else the problem's.")
    assessment: AssessmentOut | None = None
    warnings: list[PublicReason] = Field(
        default_factory=list,
        description="Whose it is, where that is doubtful: same_study_number, same_image_number"
        " (another patient's film bears it too), other_name, identity_corrected.",
    )
    problem: Problem | None = None


class ImagesOut(_Model):
    """What became of every file of an upload, in their order."""

    images: list[ImageOut]


class ClaimOut(_Model):
    """Who has a study open to read it. `until`: as long as nothing more is heard of them. `yours`:
    it is who asks."""

    name: str
    since: datetime
    until: datetime
    yours: bool


class ClaimIn(_Model):
    """`take_over`: also if somebody else reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CLAIM]})

    take_over: bool = False


class StudyOut(_Model):
    """A row of the worklist."""

    id: str
    study_uid: str
    station_id: str
    station_name: str
    accession: str
    patient: PatientOut | None
    age_years: float | None
    sex: str
    view: str
    received_at: datetime
    acquired_at: str
    priority: Priority | None = Field(
        description="That holds: a doctor's once signed, else the AI's; null: see `ai_hidden`."
    )
    ai_priority: Priority | None
    ai_hidden: bool = Field(
        description="What the AI says is left out until the reader has looked at the films first; "
        "their list is in the order of coming."
    )
    decided_by: str = Field(description="The doctor whose priority holds; empty: the AI's does.")
    next_step: str = Field(description="What to do now, in words.")
    priority_reason: str
    margin: float = Field(
        description="Of the finding that made the priority: score − threshold; 0 where none did."
    )
    rarity: float | None = Field(
        description="Share of films without findings that show some finding at least as unusual as "
        "the one that made the priority; null: not fitted, or nothing flagged."
    )
    band: int = Field(
        description="Within the priority: -1 for early reading, 0 the rarest, to 2; 1 where no "
        "rarity is known."
    )
    overdue: bool = Field(
        description="Unread for longer than a study of its priority may wait: it comes first."
    )
    early_reading: bool = Field(
        description="Drawn by lot where nothing is flagged, to be read early."
    )
    flags: list[PublicFinding]
    state: StudyState
    opened_by: str = Field(description="Who opened it last before it was read; empty: nobody.")
    opened_at: datetime | None
    claimed_by: str = Field(description="Who reads it now; empty: nobody.")
    drafted: bool = Field(description="There is a reading that nobody has signed.")
    signs_at: datetime | None = Field(
        description="When a signature will count that can still be taken back."
    )
    read_at: datetime | None = Field(description="When it was signed: it waits no more.")
    images: int
    assessed: int
    assessment_id: str = Field(
        description="Of the image that made the priority; empty where its result is gone."
    )
    contested: bool = Field(description="Another patient's study bears the same study UID.")
    settled_at: datetime | None = Field(description="When a doctor said that this is right.")
    file_name: str = Field(description="Of the image that made the priority, as it was sent.")
    version: int = Field(description="Of what was put right; 0: nothing.")
    signed_by: str = Field(
        description="Who signed for the whole study; empty where each film was signed."
    )
    signed_at: datetime | None
    filed: PatientOut | None = Field(
        default=None, description="Whom the files say it shows, where a person said otherwise."
    )
    filed_age_years: float | None = Field(
        default=None, description="The age that the file says, where a person said otherwise."
    )
    corrected: bool = Field(
        default=False, description="Does something hold instead of what the files say?"
    )


class WorklistOut(_Model):
    """A page of the worklist, most urgent first. `next`: the cursor of the next page."""

    studies: list[StudyOut]
    next: str | None


class SearchIn(_Model):
    """Which studies; what is left out leaves that filter out.

    `text`: part of a name (diacritics need not be typed), of a patient's number, an accession
    number or a file's name, in any case. `findings`: one at least is flagged.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SEARCH]})

    text: Words = ""
    findings: list[Line] = []
    station: Line | None = Field(default=None, max_length=MAX_NAME)
    states: list[StudyState] = []
    priorities: list[Priority] = []
    received_from: Moment | None = Field(default=None, alias="from")
    received_until: Moment | None = Field(default=None, alias="until")
    cursor: Line | None = Field(default=None, max_length=512)
    limit: int = worklist.DEFAULT_LIMIT


class ReviewOut(_Model):
    """A doctor's reading of a result."""

    id: str
    assessment_id: str
    reader_name: str
    version: int
    verdicts: dict[str, Verdict]
    missed: list[str]
    overall: Verdict | None
    agrees: bool = Field(description="Agrees with everything that is shown of the result.")
    priority: Priority | None = Field(description="The doctor's own.")
    others: list[str] = Field(description="Findings in words, which no label has.")
    note: str
    impression: str
    texts_left_out: bool = Field(
        description="There are texts, which are not for who may not see patients."
    )
    saved_at: datetime
    signed_at: datetime | None
    signs_at: datetime | None = Field(
        description="From when on the signature counts; until then it can be taken back."
    )
    withdrawn_at: datetime | None = Field(
        description="When the signature was taken back after it had counted."
    )
    withdrawn_why: str
    addendum_of: str | None


class OtherStudyOut(_Model):
    """Another study of the patient. `certain`: the same number of one issuer, station or citizen,
    and birth date; else it may be the same patient. `comparable`: both AI results are by one model,
    policy and preprocessing."""

    study: StudyOut
    certain: bool
    comparable: bool


class OtherStudiesOut(_Model):
    """Certain ones first, each newest first."""

    studies: list[OtherStudyOut]


class EscalatedOut(_Model):
    """A study that nobody has read in its time. `level`: 1 it rings for who signs, 2 for every
    doctor too, 3 for its station."""

    study: str
    priority: Priority | None = Field(description="Null: for who looks first.")
    waiting_since: datetime
    level: int


class RingingOut(_Model):
    """What rings for who asks. Nothing rings while nobody is on duty; somebody is from
    `on_duty_from` on, and until then `contact` is to be called."""

    on_duty: bool
    on_duty_from: datetime | None
    contact: str
    studies: list[EscalatedOut]


class SiblingOut(_Model):
    """Another study under the same study number."""

    id: str
    patient: PatientOut
    received_at: datetime
    settled_at: datetime | None


class CorrectionOut(_Model):
    """What was put right, by whom and why.

    `kind`: sent_again (the image came with another identity), identity, image, station, moved,
    hidden, shown, merged, parted, settled, unsettled. `changes`: field → before and after.
    """

    version: int
    at: datetime
    kind: str
    by: str
    reason: str
    assessment_id: str | None = Field(description="The current result of the film concerned.")
    patient_before: PatientOut | None
    patient_after: PatientOut | None
    changes: dict[str, list[str | float | bool | None]]


class CorrectionsOut(_Model):
    """Everything that was put right of a study, newest first. `version` is to be sent with what
    changes next."""

    version: int
    corrections: list[CorrectionOut]


class StudyDetailOut(_Model):
    """A study with the current result of each image, the most urgent first, and readings.

    `hidden`: images that were sent by mistake. `siblings`: other studies of the same number.
    Siblings and corrections are left out for those who may not see patients.
    """

    unsigned: list[str] = Field(
        description="Those of the results that lack a signed reading, unless the study is "
        "signed as a whole."
    )
    study: StudyOut
    assessments: list[AssessmentOut]
    reviews: list[ReviewOut]
    hidden: list[AssessmentOut] = []
    siblings: list[SiblingOut] = []
    corrections: list[CorrectionOut] = []


class ReviewIn(_Model):
    """What a doctor says of a result.

    `version`: of the reading that was seen, 0 if there was none. `save` keeps it, `sign`
    keeps and signs it (an impression or `agrees` is needed), `sign_soon` likewise, but the
    signature counts after ten seconds and can be taken back until then; `addendum` adds to a
    signed one.
    The study is signed once each of its films has a signed reading, or with `whole_study`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REVIEW]})

    action: Literal["save", "sign", "sign_soon", "addendum"] = "save"
    version: int = Field(default=0, ge=0, le=2**31)
    verdicts: dict[Annotated[Line, Field(max_length=MAX_NAME)], Verdict] = Field(
        default={}, max_length=64
    )
    missed: list[Annotated[Line, Field(max_length=MAX_NAME)]] = Field(default=[], max_length=64)
    overall: Verdict | None = None
    agrees: bool = Field(default=False, description="With everything that is shown of the result.")
    priority: Priority | None = Field(
        default=None, description="The doctor's own; it comes first everywhere once it is signed."
    )
    others: list[Annotated[Line, Field(max_length=MAX_OTHER)]] = Field(
        default=[], max_length=MOST_OTHERS, description="Findings in words, which no label has."
    )
    note: Words = Field(default="", max_length=MAX_TEXT)
    impression: Words = Field(default="", max_length=MAX_TEXT)
    whole_study: list[Annotated[Line, Field(max_length=MAX_NAME)]] | None = Field(
        default=None,
        max_length=1000,
        description="With `sign` or `addendum`: this signature stands for the whole study, whose "
        "current results (ids of assessments) are these. 409 `study_changed` if there are others "
        "by now.",
    )


class OpinionIn(_Model):
    """What a reader says of a study's films before they see what the AI says. `asked`: they want
    to see it now."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OPINION]})

    opinion: Opinion = ""
    asked: bool = False


class IncidentIn(_Model):
    """How the AI was wrong: `missed` a finding, `false`: named one that is none, `wrong_place`: it
    is elsewhere, `not_refused`: the film should have been refused. `label`: of the finding, or
    empty."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INCIDENT]})

    kind: IncidentKind
    label: Line = Field(default="", max_length=MAX_NAME)


class IncidentOut(_Model):
    """What was kept."""

    id: str
    kind: IncidentKind
    label: str
    at: datetime


class PhraseIn(_Model):
    """A text for impressions, put in by its name. `mine`: a favourite of one's own; else the
    site's."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PHRASE]})

    name: CleanLine = Field(max_length=MAX_NAME)
    text: Words = Field(max_length=MAX_TEXT, repr=False)
    language: Language
    mine: bool = True


class PhraseOut(_Model):
    """`id`: empty for what comes with the software."""

    id: str
    name: str
    text: str
    mine: bool


class PhrasesOut(_Model):
    """One's own first, then the site's, then those that come with the software."""

    phrases: list[PhraseOut]


class WithdrawIn(_Model):
    """Why a signature that counts is taken back. `version`: of the reading that was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WITHDRAW]})

    version: int = Field(ge=0, le=2**31)
    reason: Words = Field(max_length=MAX_REASON, repr=False)


IdentityText = Annotated[CleanLine, Field(max_length=LONGEST)]
"""Whole: what identifies somebody is never cut."""


class _SeenIn(_Model):
    """`version`: of the study that was seen. `reason`: a radiologist must give one."""

    version: int = Field(ge=0, le=2**31)
    reason: Words = Field(default="", max_length=MAX_REASON, repr=False)


class FilmCorrectionIn(_Model):
    """A film by its current result. What is left out stays; null: as the file says."""

    assessment: Line = Field(max_length=MAX_NAME)
    view: IdentityText | None = None
    marker: Line | None = Field(default=None, max_length=MAX_MARKER, repr=False)


class CorrectionIn(_SeenIn):
    """What is to hold of a study. What is left out stays as it is; null: as the files say."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CORRECTION]})

    patient_id: IdentityText | None = Field(default=None, repr=False)
    issuer: IdentityText | None = Field(default=None, repr=False)
    patient_name: IdentityText | None = Field(default=None, repr=False)
    birth_date: Line | None = Field(
        default=None, pattern=r"^([0-9]{4}(-[0-9]{2}){0,2})?$", repr=False
    )
    sex: Literal["", "M", "F", "O"] | None = None
    age_years: float | None = Field(default=None, ge=0, le=OLDEST_YEARS, allow_inf_nan=False)
    station_id: Annotated[Line, Field(max_length=MAX_NAME)] = ""
    films: list[FilmCorrectionIn] = Field(default=[], max_length=64)


class MoveIn(_SeenIn):
    """Where a film belongs. `study`: another of its station; null: one of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MOVE]})

    study: Line | None = Field(default=None, max_length=MAX_NAME)


class HideIn(_SeenIn):
    """A film was sent by mistake, or was not after all."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HIDE]})


class MergeIn(_SeenIn):
    """Another study of the same number, whose films come to this one."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MERGE]})

    other: Line = Field(max_length=MAX_NAME)


class PartIn(_SeenIn):
    """The films of other patients leave the study."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PART]})


class SettleIn(_SeenIn):
    """`settled`: the studies of this number are rightly several; false: that is open again."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SETTLE]})

    settled: bool = True


class SignInIn(_Model):
    """Name and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SIGN_IN]})

    name: Line = Field(max_length=MAX_NAME)
    password: Words = Field(max_length=1024, repr=False)


class PasswordIn(_Model):
    """The password so far, and the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PASSWORD]})

    old: Words = Field(max_length=1024, repr=False)
    new: Words = Field(max_length=1024, repr=False)


class SessionOut(_Model):
    """Who is signed in. `csrf` goes into X-CSRF-Token with every request that changes
    something."""

    person_id: str
    name: str
    role: Role
    station_id: str | None
    language: Language
    csrf: str
    expires_at: datetime


class ModelLabelOut(_Model):
    """One finding that the model looks for, with published AUC by data set."""

    label: str
    name: str
    operating_point: float
    likely_point: float | None
    evidence: dict[str, float]


class ModelOut(PublicModel):
    """The model that runs now, what it is for and where it is weak."""

    intended_use: str
    limits: list[str]
    labels: list[ModelLabelOut]
    licence: str
    source: str
    citation: str
    policy: str
    fingerprint: str


class HealthOut(_Model):
    """The service answers."""

    status: Literal["ok"] = "ok"
