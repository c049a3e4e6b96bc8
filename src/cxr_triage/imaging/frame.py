"""The one frame of a DICOM object: its bytes, cut out of the pixel data element.

Native and encapsulated pixel data: PS3.5 section 8 and A.4.
"""

from collections.abc import Iterator

from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.elements import (
    ITEM,
    SEQUENCE_END,
    UNDEFINED,
    Encoding,
    Head,
    read_head,
)

LITTLE = Encoding(implicit=True, little=True)


def native_frame(data: bytes, head: Head) -> memoryview:
    """The value of native pixel data. Raises UnreadableImage if the file ends within it."""
    if head.length == UNDEFINED:
        raise UnreadableImage("encapsulation_mismatch")
    if head.start + head.length > len(data):
        raise UnreadableImage(
            "truncated_pixels", measured=len(data) - head.start, expected=head.length
        )
    return memoryview(data)[head.start : head.start + head.length]


def encapsulated_frame(data: bytes, head: Head) -> bytes:
    """All fragments after the offset table, joined: there is one frame.

    Raises UnreadableImage if a fragment or the closing delimiter is cut off.
    """
    if head.length != UNDEFINED:
        raise UnreadableImage("encapsulation_mismatch")
    fragments = list(_fragments(data, head.start))
    if len(fragments) < 2:
        raise UnreadableImage("no_pixel_data")
    return bytes(fragments[1]) if len(fragments) == 2 else b"".join(fragments[1:])


def _fragments(data: bytes, at: int) -> Iterator[memoryview]:
    view = memoryview(data)
    while True:
        if at + 8 > len(data):
            raise UnreadableImage("unfinished_frame")
        head = read_head(data, at, LITTLE)
        if head.tag == SEQUENCE_END:
            return
        if head.tag != ITEM:
            raise UnreadableImage("broken_frame")
        at = head.start + head.length
        if at > len(data):
            raise UnreadableImage("unfinished_frame")
        yield view[head.start : at]
