"""Size, depth and completeness of a PNG, JPEG or TIFF, without decoding it.

PNG: W3C PNG 5.3, 11.2. TIFF: TIFF 6.0 section 2, and BigTIFF.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cxr_triage.errors import UnreadableImage, UnsupportedImage
from cxr_triage.imaging.codestream import SOI, jpeg_header, reaches_end

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = SOI + b"\xff"
TIFFS = {
    b"II*\0": ("<", False),
    b"MM\0*": (">", False),
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}

WIDTH, LENGTH, BITS, STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES = (
    256, 257, 258, 273, 279, 324, 325,
)  # fmt: skip
TYPE_CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}
MAX_PAGES = 1000
MAX_VALUES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoHeader:
    """bits: of one sample; 8 or 16 once decoded. pages: of a TIFF."""

    rows: int
    columns: int
    bits: int
    pages: int = 1


def looks_like_picture(data: bytes) -> bool:
    """Does it begin as a PNG, JPEG or TIFF does?"""
    return data.startswith((PNG, JPEG)) or data[:4] in TIFFS


def read_photo_header(data: bytes) -> PhotoHeader:
    """Raises UnreadableImage if the file is broken or cut off."""
    try:
        if data.startswith(PNG):
            found = _png(data)
        elif data.startswith(JPEG):
            found = _jpeg(data)
        else:
            found = _tiff(data)
    except struct.error:
        raise UnreadableImage("truncated_picture") from None
    if not found.rows or not found.columns:
        raise UnreadableImage("broken_frame")
    return found


def _png(data: bytes) -> PhotoHeader:
    """Chunks are followed to IEND."""
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    if data[12:16] != b"IHDR":
        raise UnreadableImage("broken_frame")
    at = len(PNG)
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if at > len(data):
            raise UnreadableImage("truncated_picture")
        if kind == b"IEND":
            return PhotoHeader(rows=height, columns=width, bits=16 if bits == 16 else 8)


def _jpeg(data: bytes) -> PhotoHeader:
    found = jpeg_header(data)
    if not reaches_end(data):
        raise UnreadableImage("truncated_picture")
    return PhotoHeader(rows=found.rows, columns=found.columns, bits=8)


def _tiff(data: bytes) -> PhotoHeader:
    pages = list(_pages(data))
    if not pages:
        raise UnreadableImage("broken_frame")
    first = pages[0]
    for offsets, sizes in ((STRIP_OFFSETS, STRIP_SIZES), (TILE_OFFSETS, TILE_SIZES)):
        for offset, size in zip(first.get(offsets, ()), first.get(sizes, ()), strict=False):
            if offset + size > len(data):
                raise UnreadableImage("truncated_picture")
    bits = max(first.get(BITS, (1,)), default=1)
    if bits not in {1, 2, 4, 8, 12, 16}:
        raise UnsupportedImage("picture_pixel_type", measured=bits)
    return PhotoHeader(
        rows=_first(first, LENGTH),
        columns=_first(first, WIDTH),
        bits=16 if bits > 8 else 8,
        pages=len(pages),
    )


def _first(page: dict[int, tuple[int, ...]], tag: int) -> int:
    values = page.get(tag, ())
    if not values:
        raise UnreadableImage("broken_frame")
    return values[0]


def _pages(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
    """Each directory's whole-number values; a circle of directories ends."""
    order, big = TIFFS[data[:4]]
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < MAX_PAGES:
        seen.add(at)
        entry = 20 if big else 12
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
        at += 8 if big else 2
        if count > 4096 or at + count * entry > len(data):
            raise UnreadableImage("truncated_picture")
        starts = range(at, at + count * entry, entry)
        yield dict(_values(data, start, order, big=big) for start in starts)
        at += count * entry
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at)


def _values(data: bytes, at: int, order: str, *, big: bool) -> tuple[int, tuple[int, ...]]:
    """One entry: its tag, and its values if they are whole numbers of a tag we need."""
    tag, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
    code = TYPE_CODES.get(kind)
    wanted = {WIDTH, LENGTH, BITS, STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES}
    if code is None or tag not in wanted or count > MAX_VALUES:
        return tag, ()
    inline, field = at + (12 if big else 8), 8 if big else 4
    if struct.calcsize(code) * count > field:
        (inline,) = struct.unpack_from(order + ("Q" if big else "I"), data, inline)
    return tag, struct.unpack_from(f"{order}{count}{code}", data, inline)
