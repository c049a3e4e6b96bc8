"""From stored values to ±1024: one lookup table, computed once, applied once.

The steps are those of PS3.4 N.2: modality, VOI, presentation. Nominal ranges are used, so
that equal stored values in two films of one device stay equal here.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import F32, PixelPolicy, Reason, read_only
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.dataset import DataSet
from cxr_triage.imaging.dicom.numbers import read_number, read_whole
from cxr_triage.imaging.grey.lut import (
    F64,
    MODALITY_LUT_SEQUENCE,
    VOI_LUT_SEQUENCE,
    Lut,
    Window,
    read_lut,
    read_window,
)

PADDING_VALUE, PADDING_LIMIT = 0x00280120, 0x00280121
RESCALE_INTERCEPT, RESCALE_SLOPE = 0x00281052, 0x00281053
PRESENTATION_LUT_SHAPE, PHOTOMETRIC = 0x20500020, 0x00280004

SPAN_PERCENTILES = (0.001, 0.999)
SPAN_SHARE = 0.5
"""Without a VOI, percentiles that span less than this share of the range replace it."""

Modality = Literal["none", "rescale", "lut"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelTable:
    """values: f32 [n], what stored value `first + index` becomes, in ±1024."""

    values: F32
    first: int
    policy: PixelPolicy
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueCounts:
    """Which values can be stored, and how often each one is.

    values: f64 [n], first, first + 1, …; counts: [n].
    """

    first: int
    bits: int
    counts: NDArray[np.int64]

    @property
    def values(self) -> F64:
        return np.arange(self.first, self.first + len(self.counts), dtype=np.float64)


def build_table(dataset: DataSet, stored: ValueCounts) -> PixelTable:
    """Steps 1 to 5 for every value that can be stored. Raises UnreadableImage."""
    warnings: list[Reason] = []
    padding = _padding(dataset, stored, warnings)
    counts = stored.counts.copy()
    if padding is not None:
        counts[padding[0] - stored.first : padding[1] - stored.first + 1] = 0
    step, values, nominal = _modality(dataset, stored, warnings)
    voi = _voi(dataset, nominal, warnings)
    name, unit, output_range = _scaled(voi, values, nominal, counts, stored.bits)
    inverted = _is_inverted(dataset, warnings)
    table = ((1 - unit if inverted else unit) * 2048 - 1024).astype(np.float32)
    if padding is not None:
        table[padding[0] - stored.first : padding[1] - stored.first + 1] = -1024
    window = voi if isinstance(voi, Window) else None
    policy = PixelPolicy(
        modality=step,
        voi=name,
        window=None if window is None else (window.center, window.width),
        output_range=output_range,
        inverted=inverted,
        padding=padding,
        padded=_share(int(stored.counts.sum() - counts.sum()), int(stored.counts.sum())),
        clipped=_clipped(voi, values, counts),
    )
    return PixelTable(
        values=read_only(table), first=stored.first, policy=policy, warnings=tuple(warnings)
    )


def _padding(
    dataset: DataSet, stored: ValueCounts, warnings: list[Reason]
) -> tuple[int, int] | None:
    """The stored values that are padding, both ends included, cut to what can be stored."""
    values = [read_whole(dataset, tag, warnings) for tag in (PADDING_VALUE, PADDING_LIMIT)]
    if values[0] is None:
        return None
    ends = [_as_stored(value, stored) for value in values if value is not None]
    last = stored.first + len(stored.counts) - 1
    low, high = max(min(ends), stored.first), min(max(ends), last)
    return (low, high) if low <= high else None


def _as_stored(value: int, stored: ValueCounts) -> int:
    return value - 65536 if stored.first < 0 and value >= 32768 else value


def _modality(
    dataset: DataSet, stored: ValueCounts, warnings: list[Reason]
) -> tuple[Modality, F64, tuple[float, float]]:
    """Which step, the value that each stored value becomes, and their nominal range."""
    lut = read_lut(dataset, MODALITY_LUT_SEQUENCE, warnings, signed=stored.first < 0)
    if lut is not None:
        return "lut", lut.apply(stored.values), (0.0, float(lut.highest))
    values = stored.values
    slope = read_number(dataset, RESCALE_SLOPE, warnings)
    intercept = read_number(dataset, RESCALE_INTERCEPT, warnings)
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if slope == 0 or abs(slope) > 1e9 or abs(intercept) > 1e12:
        warnings.append(Reason(code="rescale_ignored", measured=slope))
        slope, intercept = 1.0, 0.0
    if (slope, intercept) == (1.0, 0.0):
        return "none", values, (float(values[0]), float(values[-1]))
    values = values * slope + intercept
    return "rescale", values, (float(values.min()), float(values.max()))


def _voi(
    dataset: DataSet, nominal: tuple[float, float], warnings: list[Reason]
) -> Lut | Window | None:
    """The first VOI LUT item, else the first window; what is invalid is ignored, aloud."""
    try:
        lut = read_lut(dataset, VOI_LUT_SEQUENCE, warnings, signed=nominal[0] < 0)
    except UnreadableImage:
        warnings.append(Reason(code="voi_lut_ignored"))
        lut = None
    if lut is not None:
        return lut
    window = read_window(dataset, warnings)
    if window is not None and not window.valid:
        warnings.append(Reason(code="window_ignored", measured=window.width))
        return None
    return window


def _scaled(
    voi: Lut | Window | None,
    values: F64,
    nominal: tuple[float, float],
    counts: NDArray[np.int64],
    bits: int,
) -> tuple[Any, F64, tuple[float, float]]:
    """How the values were brought to 0..1, the values, and what became 0 and 1."""
    if isinstance(voi, Lut):
        return "lut", voi.apply(values) / voi.highest, (0.0, float(voi.highest))
    if isinstance(voi, Window):
        return voi.function, voi.apply(values), voi.limits
    span = _span(values, counts) if bits > 8 else None
    if span and 0 < span[1] - span[0] < SPAN_SHARE * (nominal[1] - nominal[0]):
        return "span", np.clip((values - span[0]) / (span[1] - span[0]), 0, 1), span
    return "none", (values - nominal[0]) / max(nominal[1] - nominal[0], 1e-12), nominal


def _span(values: F64, counts: NDArray[np.int64]) -> tuple[float, float] | None:
    """The 0.1 and 99.9 percentiles of the pixels, as numpy.percentile interpolates them."""
    present = np.flatnonzero(counts)
    if present.size == 0:
        return None
    order = present[np.argsort(values[present], kind="stable")]
    ranks = np.cumsum(counts[order])
    ends = []
    for share in SPAN_PERCENTILES:
        rank = share * (int(ranks[-1]) - 1)
        below, above = np.searchsorted(ranks, (np.floor(rank), np.ceil(rank)), side="right")
        low, high = values[order[below]], values[order[above]]
        ends.append(float(low + (high - low) * (rank - np.floor(rank))))
    return ends[0], ends[1]


def _is_inverted(dataset: DataSet, warnings: list[Reason]) -> bool:
    """MONOCHROME1 or shape INVERSE, once; a pair that contradicts itself warns."""
    monochrome1 = dataset.text(PHOTOMETRIC).upper() == "MONOCHROME1"
    shape = dataset.text(PRESENTATION_LUT_SHAPE).upper()
    if shape in {"INVERSE", "IDENTITY"} and monochrome1 != (shape == "INVERSE"):
        warnings.append(Reason(code="polarity_contradicts", measured=shape))
    return monochrome1 or shape == "INVERSE"


def _clipped(voi: Lut | Window | None, values: F64, counts: NDArray[np.int64]) -> float | None:
    """The share of the pixels that lie strictly outside the window or the LUT's domain."""
    if voi is None:
        return None
    low, high = (voi.first, voi.last) if isinstance(voi, Lut) else voi.limits
    outside = (values < low) | (values > high)
    return _share(int(counts[outside].sum()), int(counts.sum()))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
