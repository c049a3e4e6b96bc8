"""Lookup tables and windows of a DICOM header (PS3.3 C.11.1 and C.11.2)."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import Reason
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.dataset import DataSet
from cxr_triage.imaging.dicom.numbers import read_pair

F64 = NDArray[np.float64]

LUT_DESCRIPTOR, LUT_DATA = 0x00283002, 0x00283006
MODALITY_LUT_SEQUENCE, VOI_LUT_SEQUENCE = 0x00283000, 0x00283010
WINDOW_CENTER, WINDOW_WIDTH, VOI_LUT_FUNCTION = 0x00281050, 0x00281051, 0x00281056

Function = Literal["linear", "linear_exact", "sigmoid"]
FUNCTIONS: dict[str, Function] = {
    "": "linear",
    "LINEAR": "linear",
    "LINEAR_EXACT": "linear_exact",
    "SIGMOID": "sigmoid",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lut:
    """entries: what the inputs first, first + 1, … become, 0 … 2^bits − 1."""

    first: int
    bits: int
    entries: NDArray[np.uint16]

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1

    @property
    def highest(self) -> int:
        """The nominal maximum of the output."""
        return (1 << self.bits) - 1

    def apply(self, values: F64) -> F64:
        """Inputs outside the domain take the first or the last entry (C.11.1.1.1)."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        output: F64 = self.entries[index.astype(np.intp)].astype(np.float64)
        return output


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A VOI window (C.11.2.1.2 and C.11.2.1.3)."""

    center: float
    width: float
    function: Function

    @property
    def valid(self) -> bool:
        return self.width >= 1 if self.function == "linear" else self.width > 0

    @property
    def limits(self) -> tuple[float, float]:
        """Inputs outside are clipped; a sigmoid squeezes those beyond c ± w into 2 %."""
        if self.function == "linear":
            half = (self.width - 1) / 2
            return self.center - 0.5 - half, self.center - 0.5 + half
        reach = self.width / 2 if self.function == "linear_exact" else self.width
        return self.center - reach, self.center + reach

    def apply(self, values: F64) -> F64:
        """Values in 0..1."""
        if self.function == "sigmoid":
            exponent = np.clip(-4 * (values - self.center) / self.width, -700, 700)
            return 1 / (1 + np.exp(exponent))
        low, high = self.limits
        if high <= low:
            return (values > low).astype(np.float64)
        return np.clip((values - low) / (high - low), 0, 1)


def read_lut(
    dataset: DataSet, sequence: int, warnings: list[Reason], *, signed: bool
) -> Lut | None:
    """The sequence's first item; None if there is none.

    signed: may the inputs be negative? Then so may the first value mapped.
    Raises UnreadableImage("broken_lut").
    """
    if sequence not in dataset.elements or not dataset.raw(sequence):
        return None
    items = dataset.items(sequence, limit=1)
    descriptor = items[0].integers(LUT_DESCRIPTOR) if items else ()
    if len(descriptor) != 3:
        raise UnreadableImage("broken_lut")
    count, first, bits = (number % 65536 for number in descriptor)
    entries = _entries(items[0], count or 65536, bits)
    if signed and first >= 32768:
        first -= 65536
    used = _bits_used(entries, bits)
    if used < bits:
        warnings.append(Reason(code="lut_narrower", measured=used, limit=bits))
    return Lut(first=first, bits=used, entries=entries)


def _bits_used(entries: NDArray[np.uint16], bits: int) -> int:
    """How many bits the entries have; a large CR vendor names their storage instead.

    A table that never reaches the upper half of its range would show every film dark.
    """
    highest = int(entries.max())
    return min(bits, max(8, highest.bit_length())) if highest else bits


def _entries(item: DataSet, count: int, bits: int) -> NDArray[np.uint16]:
    """8 to 16 bits each, one or (8-bit tables only) two to a word."""
    raw = item.raw(LUT_DATA)
    if not 8 <= bits <= 16:
        raise UnreadableImage("broken_lut")
    if len(raw) >= 2 * count:
        entries: NDArray[Any] = np.frombuffer(raw, item.encoding.order + "u2", count)
    elif bits == 8 and len(raw) >= count:
        entries = _bytes(raw, item)[:count]
    else:
        raise UnreadableImage("broken_lut")
    if int(entries.max()) >= 1 << bits:
        raise UnreadableImage("broken_lut")
    return entries.astype(np.uint16)


def _bytes(raw: bytes, item: DataSet) -> NDArray[np.uint8]:
    """Bytes packed into words: big endian swaps each pair (PS3.5 7.3)."""
    if item.encoding.little or item.elements[LUT_DATA].vr == b"OB":
        return np.frombuffer(raw, np.uint8)
    return np.frombuffer(raw[: len(raw) // 2 * 2], np.uint8).reshape(-1, 2)[:, ::-1].reshape(-1)


def read_window(dataset: DataSet, warnings: list[Reason]) -> Window | None:
    """The first window; None if there is none. One that is not valid is returned as it is.

    Raises UnreadableImage if its numbers are there but cannot be read.
    """
    found = read_pair(dataset, (WINDOW_CENTER, WINDOW_WIDTH), warnings)
    if found is None:
        return None
    function = FUNCTIONS.get(dataset.text(VOI_LUT_FUNCTION).upper(), "linear")
    return Window(center=found[0], width=found[1], function=function)
