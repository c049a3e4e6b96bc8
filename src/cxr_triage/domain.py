"""The types that the rooms hand to each other: frozen, no I/O, arrays read-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays by their names in the state_dict."""

Stored: TypeAlias = NDArray[np.uint8] | NDArray[np.int8] | NDArray[np.uint16] | NDArray[np.int16]

Array = TypeVar("Array", bound=np.ndarray[Any, Any])

Outcome = Literal["assessed", "referred", "failed", "skipped"]
Level = Literal["none", "possible", "likely"]
Priority = Literal["critical", "urgent", "not_assessed", "routine", "none"]

PREPROCESSING_VERSION = "1"
"""Changes whenever the same bytes could give the model another tensor."""

PRIORITIES: tuple[Priority, ...] = ("critical", "urgent", "not_assessed", "routine", "none")
"""In the order of the worklist."""

CORRECTED = ("corrected_left", "corrected_down", "corrected_right", "corrected_inverted")
"""Codes of the warnings of an image that was turned or inverted before it was scored."""

RESEARCH = "research_policy"
"""Code of the warning that every image bears which a research policy let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was refused or is doubtful: a code, what was measured, and the limit.

    The sentence is `language.say(f"reason.{code}", …, measured=…, limit=…)`.
    """

    code: str
    measured: float | int | str | None = None
    limit: float | int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Patient:
    """Who the image shows. Never in a log, a metric, a repr, an exception or a file name."""

    id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""

    def __repr__(self) -> str:
        return "Patient(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of itself; empty string or None where it says nothing.

    `view` and `body_part` are as written, upper case. `description` is what the protocol,
    the series and the device's processing are called, for its words of view alone.
    `age_years` may be a fraction.
    `spacing_mm` is (between rows, between columns); None where absent or 0.
    """

    source: Literal["dicom", "picture"]
    sop_class_uid: str = ""
    study_uid: str = field(default="", repr=False)
    series_uid: str = field(default="", repr=False)
    sop_uid: str = field(default="", repr=False)
    accession: str = field(default="", repr=False)
    modality: str = ""
    view: str = ""
    laterality: str = ""
    body_part: str = ""
    description: str = field(default="", repr=False)
    patient_orientation: str = ""
    presentation_intent: str = ""
    photometric_interpretation: str = ""
    frames: int = 1
    rows: int = 0
    columns: int = 0
    bits_allocated: int = 0
    bits_stored: int = 0
    age_years: float | None = None
    sex: str = ""
    manufacturer: str = ""
    model_name: str = ""
    institution: str = field(default="", repr=False)
    acquired_at: str = ""
    transfer_syntax: str = ""
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelPolicy:
    """What was done to the stored values, in order; shown with every result.

    `modality`: none, rescale or lut. `voi`: none, lut, linear, linear_exact, sigmoid, or
    span (stretched to the 0.1–99.9 percentiles). `output_range`: the values, after the
    modality step, that became 0 and 1 (for a VOI LUT: its output range).
    `clipped`: share of the pixels that are not padding and lie outside the window or
    the LUT; None where there is neither.
    """

    modality: Literal["none", "rescale", "lut"] = "none"
    voi: Literal["none", "lut", "linear", "linear_exact", "sigmoid", "span"] = "none"
    window: tuple[float, float] | None = None
    output_range: tuple[float, float]
    inverted: bool = False
    padding: tuple[int, int] | None = None
    padded: float = 0.0
    clipped: float | None = None
    resampled_to_square: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Radiograph:
    """A decoded image.

    stored: u8/i8/u16/i16 [rows, columns] after masking unused bits.
    table: f32 [n], the value in ±1024 of stored value `table_first + index`.
    pixels: f32 [H, W] in ±1024, bright = dense, padding −1024; square pixels.
    digest: SHA-256 of the file's bytes. pixel_digest: SHA-256 of the stored values.
    """

    stored: Stored = field(repr=False)
    table: F32 = field(repr=False)
    table_first: int
    pixels: F32 = field(repr=False)
    header: Header
    patient: Patient
    pixel_policy: PixelPolicy
    digest: str = field(repr=False)
    pixel_digest: str = field(repr=False)
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CropBox:
    """The square that the model sees, in pixels of `Radiograph.pixels`."""

    top: int
    left: int
    side: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How the way an image lies differs from an upright film, bright = dense.

    quarter_turns: 0..3, counter-clockwise, that an upright film was turned by to become it.
    padded: it holds padding, which is −1024 whether inverted or not.
    """

    quarter_turns: int = 0
    inverted: bool = False
    padded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """The model's input: f32 [1, S, S] in ±1024, upright, and the square it was taken from.

    crop: on the image as it came. quarter_turns: counter-clockwise, that bring the tensor's
    places back onto that image.
    """

    tensor: F32 = field(repr=False)
    crop: CropBox
    quarter_turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the learned gate saw of a whole image, as probabilities, 0..1.

    chest: a frontal chest radiograph. turn: an upright film turned counter-clockwise by 0 to
    3 quarter turns. mirrored: left and right exchanged. field: the whole chest, cut off,
    tiny in the frame.
    """

    chest: float
    turn: tuple[float, float, float, float]
    inverted: float
    mirrored: float
    field: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """May this image be scored? `refer` means that a doctor must read it, and why."""

    status: Literal["accept", "refer"]
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLabel:
    """One output of a model. Thresholds are raw probabilities, 0..1 exclusive."""

    label: str
    operating_point: float
    likely_point: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    """AUC by data set."""
    output: int | None = None
    """Row of the checkpoint's classifier, where the model is made from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A published file: where it lies, the best place first, and how to know it.

    bytes, sha256: None where nobody has published them; then the user gives the hash.
    """

    file: str
    bytes: int | None
    sha256: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A published image and the score of each label that was published for it."""

    image: Download
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a model is, where it comes from and what it may be used for.

    labels: one for each output of the network, in its order.
    likely_rule: what the second threshold means (ppv80 or specificity95).
    bytes, sha256: of the model file; 0 and empty until it is made from its checkpoint.
    proof: were published scores reproduced with this file (proven), not yet (unproven), or
    is it for demonstration?
    intended_use, limits: by language.
    """

    name: str
    version: str
    labels: tuple[ModelLabel, ...]
    likely_rule: Literal["ppv80", "specificity95"] | None
    input_size: int
    file: str
    bytes: int
    sha256: str
    precision: Literal["fp32", "int8"]
    proof: Literal["proven", "unproven", "demonstration"]
    licence: str
    source: str
    citation: str
    intended_use: Mapping[str, str]
    limits: Mapping[str, tuple[str, ...]]
    checkpoint: Download | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One label's result.

    probability: sigmoid of the logit. score: after op_norm, 0.5 = operating point.
    threshold: what `flagged` compares the score with. margin: score − threshold.
    cam: f32 [h, w], signed; mean(cam) + bias is the logit.
    evidence: f32 [h, w], cam + bias − logit(threshold): its mean is the margin over the
    threshold in log-odds.
    """

    label: str
    probability: float
    score: float
    threshold: float
    likely_threshold: float | None
    flagged: bool
    level: Level
    cam: F32 = field(repr=False)
    evidence: F32 = field(repr=False)

    @property
    def margin(self) -> float:
        return self.score - self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityReason:
    """What made the priority: a code, and the finding that did it where there is one.

    The sentence is `language.say(f"priority_reason.{code}", …)`.
    """

    code: Literal["likely", "possible", "none_flagged", "refused"]
    label: str | None = None
    score: float | None = None
    threshold: float | None = None
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """One image's result. `(digest, fingerprint)` is its identity.

    findings: flagged first by level and margin, then the rest; empty if refused.
    sight: None if the pixels were never looked at. timings_ms: read, gate, prepare, infer, rank.
    """

    id: str
    digest: str = field(repr=False)
    pixel_digest: str = field(default="", repr=False)
    header: Header
    eligibility: Eligibility
    findings: tuple[Finding, ...]
    priority: Priority
    reason: PriorityReason
    crop: CropBox | None
    pixel_policy: PixelPolicy | None
    sight: Sight | None = None
    model: ModelCard = field(repr=False)
    fingerprint: str
    created_at: datetime
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        return "assessed" if self.eligibility.status == "accept" else "referred"

    @property
    def for_research(self) -> bool:
        """Was it made under a research policy? Every output says so."""
        return any(warning.code == RESEARCH for warning in self.eligibility.warnings)

    @property
    def corrections(self) -> tuple[Reason, ...]:
        """What was done to the image before it was scored. Every output says so."""
        return tuple(w for w in self.eligibility.warnings if w.code in CORRECTED)


def read_only(array: Array) -> Array:
    """The same array, marked read-only."""
    array.setflags(write=False)
    return array
