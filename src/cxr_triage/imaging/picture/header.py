"""Size, depth and completeness of a picture, without decoding it.

PNG: W3C PNG 5.3, 11.2. TIFF: TIFF 6.0 section 2, and BigTIFF. GIF: GIF89a 17 to 27. WebP:
RFC 9649. BMP: the headers of Windows and OS/2.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cxr_triage.errors import UnreadableImage, UnsupportedImage
from cxr_triage.imaging.dicom.codestream import jpeg_header, reaches_end, read_codestream
from cxr_triage.imaging.picture.formats import GIF, JPEG, JPEG2000, PNG, TIFFS, is_webp

WIDTH, LENGTH, BITS, STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES = (
    256, 257, 258, 273, 279, 324, 325,
)  # fmt: skip
PHOTOMETRIC, ORIENTATION = 262, 274
WANTED: Final = frozenset(
    {WIDTH, LENGTH, BITS, STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES}
    | {PHOTOMETRIC, ORIENTATION}
)
TYPE_CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}
MAX_PAGES = 1000
MAX_VALUES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoHeader:
    """bits: of one sample, at least 8: white is 2^bits − 1. pages: of a TIFF, GIF or WebP."""

    rows: int
    columns: int
    bits: int
    pages: int = 1


def read_photo_header(data: bytes) -> PhotoHeader:
    """Raises UnreadableImage if the file is broken or cut off."""
    try:
        if data.startswith(PNG):
            found = _png(data)
        elif data.startswith(JPEG):
            found = _jpeg(data)
        elif data.startswith(JPEG2000):
            found = _jpeg2000(data)
        elif data.startswith(GIF):
            found = _gif(data)
        elif data[:4] in TIFFS:
            found = _tiff(data)
        else:
            found = _webp(data) if is_webp(data) else _bmp(data)
    except (struct.error, IndexError):
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


def _jpeg2000(data: bytes) -> PhotoHeader:
    found = read_codestream(data)
    if found is None:
        raise UnreadableImage("broken_frame")
    if not 8 <= found.precision <= 16 or found.signed:
        raise UnsupportedImage("picture_pixel_type", measured=found.precision)
    return PhotoHeader(rows=found.rows, columns=found.columns, bits=found.precision)


def _gif(data: bytes) -> PhotoHeader:
    """Blocks are followed to the trailer."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at, frames = 13 + _colours(flags), 0
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            frames += 1
            at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
        elif data[at] == 0x21:
            at = _after_blocks(data, at + 2)
        else:
            raise UnreadableImage("broken_frame")
    return PhotoHeader(rows=height, columns=width, bits=8, pages=max(1, frames))


def _colours(flags: int) -> int:
    """Bytes of the colour table that a descriptor's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _webp(data: bytes) -> PhotoHeader:
    """Chunks are followed to the end that the file names."""
    (length,) = struct.unpack_from("<I", data, 4)
    if 8 + length > len(data):
        raise UnreadableImage("truncated_picture")
    at, size, frames = 12, (0, 0), 0
    while at + 8 <= 8 + length:
        kind, chunk = struct.unpack_from("<4sI", data, at)
        if size == (0, 0):
            size = _webp_size(data, kind, at + 8)
        frames += kind == b"ANMF"
        at += 8 + chunk + chunk % 2
    return PhotoHeader(rows=size[0], columns=size[1], bits=8, pages=max(1, frames))


def _webp_size(data: bytes, kind: bytes, at: int) -> tuple[int, int]:
    """Rows and columns, as the first chunk tells them."""
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at + n : at + n + 3], "little") for n in (4, 7))
        return height + 1, width + 1
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, at + 1)
        return (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, at + 6)
        return height & 0x3FFF, width & 0x3FFF
    return 0, 0


def _bmp(data: bytes) -> PhotoHeader:
    """A negative height means that the rows run downwards."""
    (start, header) = struct.unpack_from("<II", data, 10)
    form = "<HHHH" if header == 12 else "<iiHH"
    width, height, _, bits = struct.unpack_from(form, data, 18)
    compressed = header > 12 and struct.unpack_from("<I", data, 30)[0] in {1, 2}
    row = (abs(width) * bits + 31) // 32 * 4
    if not compressed and start + row * abs(height) > len(data):
        raise UnreadableImage("truncated_picture")
    return PhotoHeader(rows=abs(height), columns=abs(width), bits=8)


def _tiff(data: bytes) -> PhotoHeader:
    pages = list(tiff_pages(data))
    if not pages:
        raise UnreadableImage("broken_frame")
    first = pages[0]
    for offsets, sizes in ((STRIP_OFFSETS, STRIP_SIZES), (TILE_OFFSETS, TILE_SIZES)):
        for offset, size in zip(first.get(offsets, ()), first.get(sizes, ()), strict=False):
            if offset + size > len(data):
                raise UnreadableImage("truncated_picture")
    bits = max(first.get(BITS, (1,)), default=1)
    if bits not in {1, 2, 4, *range(8, 17)}:
        raise UnsupportedImage("picture_pixel_type", measured=bits)
    return PhotoHeader(
        rows=_first(first, LENGTH),
        columns=_first(first, WIDTH),
        bits=max(8, bits),
        pages=len(pages),
    )


def _first(page: dict[int, tuple[int, ...]], tag: int) -> int:
    values = page.get(tag, ())
    if not values:
        raise UnreadableImage("broken_frame")
    return values[0]


def tiff_pages(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
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
    if code is None or tag not in WANTED or count > MAX_VALUES:
        return tag, ()
    inline, field = at + (12 if big else 8), 8 if big else 4
    if struct.calcsize(code) * count > field:
        (inline,) = struct.unpack_from(order + ("Q" if big else "I"), data, inline)
    return tag, struct.unpack_from(f"{order}{count}{code}", data, inline)
