"""An image: what its file says, its pixels, how it is judged, and what a model is given."""

from dataclasses import dataclass, field
from typing import Literal

from cxr_triage.domain.arrays import F32, StoredValues
from cxr_triage.domain.patient import Patient

PREPROCESSING_VERSION = "2"
"""Changes whenever the same bytes could give the model another tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was refused or is doubtful: a code, what was measured, and the limit.

    The sentence is `language.say(f"reason.{code}", …, measured=…, limit=…)`.
    """

    code: str
    measured: float | int | str | None = None
    limit: float | int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of itself; empty string or None where it says nothing.

    `view` and `body_part` are what their codes mean, else as written, upper case; two that
    contradict each other have " / " between them. `description` is what the protocol,
    the series and the device's processing are called, for its words of view alone.
    `age_years`, the youngest that the header allows, may be a fraction.
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

    stored: StoredValues = field(repr=False)
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
class PixelCorrection:
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
