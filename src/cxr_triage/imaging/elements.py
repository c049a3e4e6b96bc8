"""Data elements as they lie in the bytes: found, counted and bounded, not interpreted.

pydicom's reader builds an object for every element, follows sequences without a bound
and quotes values (names, identifiers) in warnings; here a value is a slice of the file,
a sequence is read only when it is asked for, and every way to fail is an error of ours.
Encodings: PS3.5 section 7 and Annex A.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cxr_triage.errors import ImageTooLarge, UnreadableImage

PIXEL_DATA = 0x7FE00010
PIXEL_DATA_TAGS = {0x7FE00008, 0x7FE00009, PIXEL_DATA}
"""Float, double float and ordinary pixel data: the header ends where one of them begins."""

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 32

SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
"""Explicit VRs whose length takes two bytes (PS3.5 7.1.2); every other takes four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a data set is written."""

    implicit: bool
    little: bool

    @property
    def order(self) -> str:
        return "<" if self.little else ">"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its value is `data[start:end]` of the bytes that it was read from.

    vr: b"" where the encoding is implicit. defined: False if its length was undefined;
    its value then ends before the delimiter.
    """

    tag: int
    vr: bytes
    start: int
    end: int
    defined: bool = True


@dataclass(slots=True)
class Budget:
    """How many more elements may be read; hostile files hold millions of tiny ones."""

    left: int

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ImageTooLarge("too_many_elements")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first bytes of an element: its tag, VR, length and where its value starts."""

    tag: int
    vr: bytes
    length: int
    start: int


def read_head(data: bytes, at: int, encoding: Encoding) -> Head:
    """The element's head at `at`. Raises UnreadableImage if the bytes end before it does."""
    if at + 8 > len(data):
        raise UnreadableImage("truncated_header")
    group, element = struct.unpack_from(encoding.order + "HH", data, at)
    tag, vr = group << 16 | element, data[at + 4 : at + 6]
    if encoding.implicit or group == 0xFFFE or not _is_vr(vr):
        (length,) = struct.unpack_from(encoding.order + "I", data, at + 4)
        return Head(tag=tag, vr=b"", length=length, start=at + 8)
    if vr in SHORT_VRS:
        (length,) = struct.unpack_from(encoding.order + "H", data, at + 6)
        return Head(tag=tag, vr=vr, length=length, start=at + 8)
    if at + 12 > len(data):
        raise UnreadableImage("truncated_header")
    (length,) = struct.unpack_from(encoding.order + "I", data, at + 8)
    return Head(tag=tag, vr=vr, length=length, start=at + 12)


def _is_vr(vr: bytes) -> bool:
    """Two capital letters; anything else is an implicit element in an explicit data set."""
    return vr.isalpha() and vr.isupper()


def read_elements(
    data: bytes, start: int, encoding: Encoding, budget: Budget
) -> tuple[dict[int, Element], Head | None]:
    """The elements from `start` up to the pixel data, and the head of that if there is one.

    A tag that comes twice keeps its first value. Raises UnreadableImage or ImageTooLarge.
    """
    found: dict[int, Element] = {}
    at = start
    while at < len(data):
        if not any(data[at : at + 8]):
            if data.count(0, at) != len(data) - at:
                raise UnreadableImage("broken_header")
            break  # zeros after the last element: padding to a block size
        head = read_head(data, at, encoding)
        if head.tag in PIXEL_DATA_TAGS:
            return found, head
        budget.spend()
        element = _element(data, head, len(data), encoding, budget, depth=0)
        found.setdefault(element.tag, element)
        at = _after(element)
    return found, None


def _after(element: Element) -> int:
    """Where the next element starts: an undefined length ends with an 8-byte delimiter."""
    return element.end if element.defined else element.end + 8


def _element(
    data: bytes, head: Head, end: int, encoding: Encoding, budget: Budget, depth: int
) -> Element:
    defined = head.length != UNDEFINED
    if defined:
        value_end = head.start + head.length
        if value_end > end:
            raise UnreadableImage("truncated_header")
    else:
        value_end = _find_sequence_end(data, head, end, encoding, budget, depth)
    return Element(tag=head.tag, vr=head.vr, start=head.start, end=value_end, defined=defined)


def _nested(head: Head, encoding: Encoding) -> Encoding:
    """UN of undefined length holds implicit little endian (PS3.5 6.2.2 note)."""
    return Encoding(implicit=True, little=True) if head.vr == b"UN" else encoding


def _find_sequence_end(
    data: bytes, head: Head, end: int, encoding: Encoding, budget: Budget, depth: int
) -> int:
    """Where the sequence delimiter of an undefined length lies."""
    if depth > MAX_DEPTH:
        raise UnreadableImage("broken_header")
    inner = _nested(head, encoding)
    at = head.start
    while True:
        budget.spend()
        item = read_head(data, at, inner)
        if item.tag == SEQUENCE_END:
            return at
        if item.tag != ITEM:
            raise UnreadableImage("broken_header")
        at = _item_end(data, item, end, inner, budget, depth)


def _item_end(
    data: bytes, item: Head, end: int, encoding: Encoding, budget: Budget, depth: int
) -> int:
    """Where the next item starts."""
    if item.length != UNDEFINED:
        if item.start + item.length > end:
            raise UnreadableImage("truncated_header")
        return item.start + item.length
    at = item.start
    while True:
        head = read_head(data, at, encoding)
        if head.tag == ITEM_END:
            return head.start
        budget.spend()
        at = _after(_element(data, head, end, encoding, budget, depth + 1))


def sequence_items(
    data: bytes, element: Element, encoding: Encoding, budget: Budget
) -> Iterator[dict[int, Element]]:
    """Each item's elements. Raises UnreadableImage where the sequence is broken."""
    if element.vr == b"UN":
        encoding = Encoding(implicit=True, little=True)
    at = element.start
    while at + 8 <= element.end:
        item = read_head(data, at, encoding)
        if item.tag != ITEM:
            raise UnreadableImage("broken_header")
        at = _item_end(data, item, element.end, encoding, budget, depth=1)
        yield _item_elements(data, item, at, encoding, budget)


def _item_elements(
    data: bytes, item: Head, end: int, encoding: Encoding, budget: Budget
) -> dict[int, Element]:
    found: dict[int, Element] = {}
    at = item.start
    while at + 8 <= end:
        head = read_head(data, at, encoding)
        if head.tag == ITEM_END:
            break
        budget.spend()
        element = _element(data, head, end, encoding, budget, depth=1)
        found.setdefault(element.tag, element)
        at = _after(element)
    return found
