"""The one frame of a DICOM object: its bytes, cut out of the pixel data element.

Native and encapsulated pixel data: PS3.5 section 8 and A.4.
"""

from dataclasses import dataclass

from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.elements import (
    ITEM,
    SEQUENCE_END,
    UNDEFINED,
    ElementHeader,
    Encoding,
    read_head,
)

LITTLE = Encoding(implicit=True, little=True)


def native_frame(data: bytes, head: ElementHeader) -> memoryview:
    """The value of native pixel data. Raises UnreadableImage if the file ends within it."""
    if head.length == UNDEFINED:
        raise UnreadableImage("encapsulation_mismatch")
    if head.start + head.length > len(data):
        raise UnreadableImage(
            "truncated_pixels", measured=len(data) - head.start, expected=head.length
        )
    return memoryview(data)[head.start : head.start + head.length]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encapsulated:
    """A compressed frame. closed: does the sequence delimiter stand behind its fragments?"""

    frame: bytes
    closed: bool


def encapsulated_frame(data: bytes, head: ElementHeader) -> Encapsulated:
    """All fragments after the offset table, joined: there is one frame.

    Raises UnreadableImage if a fragment is cut off.
    """
    if head.length != UNDEFINED:
        raise UnreadableImage("encapsulation_mismatch")
    fragments, closed = _fragments(data, head.start)
    if len(fragments) < 2:
        raise UnreadableImage("no_pixel_data" if closed else "unfinished_frame")
    frame = bytes(fragments[1]) if len(fragments) == 2 else b"".join(fragments[1:])
    return Encapsulated(frame=frame, closed=closed)


def _fragments(data: bytes, at: int) -> tuple[list[memoryview], bool]:
    """Those that are whole, up to the delimiter; is it there?

    Archives have written zeros for it, or nothing: whether the frame is whole is then for
    its own end marker to say.
    """
    view = memoryview(data)
    found: list[memoryview] = []
    while at + 8 <= len(data):
        head = read_head(data, at, LITTLE)
        if head.tag == SEQUENCE_END:
            return found, True
        if head.tag != ITEM:
            return found, False
        at = head.start + head.length
        if at > len(data):
            raise UnreadableImage("unfinished_frame")
        found.append(view[head.start : at])
    return found, False
