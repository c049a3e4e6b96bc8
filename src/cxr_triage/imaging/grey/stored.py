"""Pixel cells to stored values: shifted, masked, signed, counted, looked up."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import F32, StoredValues, read_only
from cxr_triage.imaging.grey.table import ValueCounts

MCU = 8
BLOCK = 1 << 16
"""Pixels looked up at a time: few enough to stay in the processor's cache."""


def mask_cells(
    cells: NDArray[Any], bits: int, shift: int, *, signed: bool
) -> tuple[StoredValues, bool]:
    """Pixel cells (PS3.5 8.1.1), u8 or u16, as stored values: `bits` bits from bit `shift` up.

    Also: were bits set outside? (Always False if signed: they repeat the sign.)
    The array is returned as it is where nothing needs to change.
    """
    size = cells.dtype.itemsize * 8
    if shift:
        cells = cells >> np.array(shift, cells.dtype)
    if signed:
        rest = size - bits
        view = cells.view(np.dtype(f"i{cells.dtype.itemsize}"))
        return ((view << rest) >> rest if rest else view), False
    mask = (1 << bits) - 1
    if bits == size or int(np.bitwise_or.reduce(cells, axis=None)) <= mask:
        return cells, False
    return cells & np.array(mask, cells.dtype), True


def ends_in_fill(decoded: NDArray[Any], precision: int) -> bool:
    """Is the last block of a decoded JPEG exactly mid-grey?

    libjpeg fills what is missing from a scan with it and reports nothing, so this is how a
    film that was cut off before it was closed with an end marker shows.
    """
    return bool(np.all(decoded[-MCU:, -MCU:] == 1 << (precision - 1)))


def table_indices(stored: StoredValues, bits: int) -> NDArray[Any]:
    """Unsigned [H, W]: 0 for the lowest value that `bits` bits can store."""
    if stored.dtype.kind == "u":
        return stored
    size = stored.dtype.itemsize
    unsigned = stored.view(np.dtype(f"u{size}"))
    sign = np.array(1 << (bits - 1), unsigned.dtype)
    indices: NDArray[Any] = (unsigned & np.array((1 << bits) - 1, unsigned.dtype)) ^ sign
    return indices


def count_values(indices: NDArray[Any], bits: int, *, signed: bool) -> ValueCounts:
    """How often each value that can be stored occurs."""
    counts = np.zeros(1 << bits, np.int64)
    flat = indices.reshape(-1)
    for start in range(0, flat.size, BLOCK * 8):
        counts += np.bincount(flat[start : start + BLOCK * 8], minlength=1 << bits)
    first = -(1 << (bits - 1)) if signed else 0
    return ValueCounts(first=first, bits=bits, counts=counts)


def pixel_digest(stored: StoredValues) -> str:
    """SHA-256 of the stored values, in the machine's byte order."""
    return hashlib.sha256(np.ascontiguousarray(stored).view(np.uint8).data).hexdigest()


def look_up(table: F32, indices: NDArray[Any]) -> F32:
    """f32 of the same shape."""
    pixels = np.empty(indices.shape, np.float32)
    flat, source = pixels.reshape(-1), indices.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        block = slice(start, start + BLOCK)
        np.take(table, source[block], out=flat[block], mode="clip")
    return read_only(pixels)
