"""What a compressed frame says of itself, read from its markers before any decoder runs.

JPEG: ITU-T T.81 Annex B. JPEG-LS: T.87 Annex C. JPEG 2000: T.800 Annex A and I.
"""

import re
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from cxr_triage.errors import UnreadableImage

Codec = Literal["jpeg", "jpegls", "jpeg2000", "jpegxl", "rle"]

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
J2K_START = b"\xff\x4f\xff\x51"
JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
JXL_SIGNATURES = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")
SOS, DHT, JPG, DAC, SOF_JPEGLS = 0xDA, 0xC4, 0xC8, 0xCC, 0xF7
SOT, EOC = b"\xff\x90", b"\xff\xd9"
RLE_HEADER = struct.Struct("<16I")
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""After entropy-coded data: a marker other than a restart (T.81 B.1.1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codestream:
    """The picture that a compressed frame holds. `signed` is None where the code has none."""

    codec: Codec
    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool | None = None


def read_codestream(data: bytes) -> Codestream | None:
    """The frame's own header; None if it is none of JPEG, JPEG-LS and JPEG 2000.

    Raises UnreadableImage if the header is broken or the end marker is missing.
    """
    if data.startswith(SOI):
        check_end(data)
        return jpeg_header(data)
    if data.startswith((J2K_START, JP2_SIGNATURE)):
        return _jpeg2000(data)
    return None


def check_end(data: bytes) -> None:
    """Raise UnreadableImage unless the end marker closes `data`.

    Zeros may follow it, or FF, with which some writers fill up to an even length.
    """
    tail = data[-4096:].rstrip(b"\0\xff")
    if not tail.endswith(EOI):
        raise UnreadableImage("unfinished_frame")


def reaches_end(data: bytes) -> bool:
    """Does a JPEG, read marker by marker, come to its end? Telephones append more behind it."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return True
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + length
        if marker == SOS:
            found = NEXT_MARKER.search(data, at)
            at = len(data) if found is None else found.start()
    return data[at : at + 2] == EOI


def jpeg_header(data: bytes) -> Codestream:
    """The start-of-frame segment of a JPEG or JPEG-LS stream."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no parameters
            at += 2
            continue
        if marker in {SOS, 0xD9}:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        if _starts_frame(marker) and length >= 8 and at + 10 <= len(data):
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, at + 4)
            codec: Codec = "jpegls" if marker == SOF_JPEGLS else "jpeg"
            return Codestream(
                codec=codec, rows=rows, columns=columns, samples=samples, precision=precision
            )
        at += 2 + length
    raise UnreadableImage("broken_frame")


def _starts_frame(marker: int) -> bool:
    return marker == SOF_JPEGLS or (0xC0 <= marker <= 0xCF and marker not in {DHT, JPG, DAC})


def _jpeg2000(data: bytes) -> Codestream:
    start = _codestream_start(data) if data.startswith(JP2_SIGNATURE) else 0
    if data[start : start + 4] != J2K_START or start + 44 > len(data):
        raise UnreadableImage("broken_frame")
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    samples, depth, across, down = struct.unpack_from(">HBBB", data, start + 40)
    if right <= left or bottom <= top or (across, down) != (1, 1):
        raise UnreadableImage("broken_frame")
    _check_tile_parts(data, start)
    return Codestream(
        codec="jpeg2000",
        rows=bottom - top,
        columns=right - left,
        samples=samples,
        precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
    )


def check_rle(data: bytes, segments: int) -> None:
    """An RLE header must name `segments` places, in order, inside the frame (PS3.5 G.5).

    Raises UnreadableImage; imagecodecs crashes on a place outside.
    """
    if len(data) < RLE_HEADER.size:
        raise UnreadableImage("broken_frame")
    count, *places = RLE_HEADER.unpack_from(data)
    used = [*places[:segments], len(data)]
    ordered = all(place < following for place, following in pairwise(used))
    if count != segments or used[0] != RLE_HEADER.size or not ordered:
        raise UnreadableImage("broken_frame")


def _codestream_start(data: bytes) -> int:
    """Where the jp2c box's content begins, in a JP2 file inside a frame."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"jp2c":
            return at + (16 if length == 1 else 8)
        if length < 8:
            break
        at += length
    raise UnreadableImage("broken_frame")


def _check_tile_parts(data: bytes, start: int) -> None:
    """Follow the lengths of the tile-parts (Psot) to the end marker.

    Raises UnreadableImage if the chain leaves the data or does not end at EOC.
    """
    at = start + 2
    while data[at : at + 2] != SOT:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise UnreadableImage("unfinished_frame")
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + max(2, length)
    while data[at : at + 2] == SOT:
        if at + 12 > len(data):
            raise UnreadableImage("unfinished_frame")
        (length,) = struct.unpack_from(">I", data, at + 6)
        if length == 0:  # the last tile-part: it runs to the end marker
            check_end(data)
            return
        at += max(14, length)
    if data[at : at + 2] != EOC:
        raise UnreadableImage("unfinished_frame")
