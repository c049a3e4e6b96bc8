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
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a data set is written."""

    implicit: bool
    little: bool

    @property
    def order(self) -> str:
        return "<" if self.little else ">"


IN_UNKNOWN = Encoding(implicit=True, little=True)
"""Of items in UN of undefined length (PS3.5 6.2.2 note); some devices write them explicit."""


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
class ElementHeader:
    """The first bytes of an element: its tag, VR, length and where its value starts."""

    tag: int
    vr: bytes
    length: int
    start: int


def read_head(data: bytes, at: int, encoding: Encoding) -> ElementHeader:
    """The element's head at `at`. Raises UnreadableImage if the bytes end before it does."""
    if at + 8 > len(data):
        raise UnreadableImage("truncated_header")
    group, element = struct.unpack_from(encoding.order + "HH", data, at)
    tag, vr = group << 16 | element, data[at + 4 : at + 6]
    if encoding.implicit or group == 0xFFFE:
        return _implicit(data, at, tag, encoding)
    if vr in SHORT_VRS:
        return _short(data, at, tag, encoding)
    if vr in LONG_VRS:
        return _long(data, at, tag, encoding)
    return _of_no_vr(data, at, tag, encoding)


def _implicit(data: bytes, at: int, tag: int, encoding: Encoding) -> ElementHeader:
    (length,) = struct.unpack_from(encoding.order + "I", data, at + 4)
    return ElementHeader(tag=tag, vr=b"", length=length, start=at + 8)


def _short(data: bytes, at: int, tag: int, encoding: Encoding) -> ElementHeader:
    (length,) = struct.unpack_from(encoding.order + "H", data, at + 6)
    return ElementHeader(tag=tag, vr=data[at + 4 : at + 6], length=length, start=at + 8)


def _long(data: bytes, at: int, tag: int, encoding: Encoding) -> ElementHeader:
    if at + 12 > len(data):
        raise UnreadableImage("truncated_header")
    (length,) = struct.unpack_from(encoding.order + "I", data, at + 8)
    return ElementHeader(tag=tag, vr=data[at + 4 : at + 6], length=length, start=at + 12)


def _of_no_vr(data: bytes, at: int, tag: int, encoding: Encoding) -> ElementHeader:
    """The head of an element whose VR is none of the standard's.

    As DCMTK has it: two capital letters are a VR still to come, with a length of four bytes;
    other signs ("--", "??") stand before one of two. Devices break either rule, and leave the
    VR out, so another form is taken where it alone leads to a next element.
    """
    vr = data[at + 4 : at + 6]
    if _is_vr(vr):
        forms = [_long, _short] if data[at + 6 : at + 8] == b"\0\0" else [_short, _long]
    elif all(0x20 <= byte < 0x7F for byte in vr):
        forms = [_short, _implicit]
    else:
        forms = [_implicit]
    first: ElementHeader | None = None
    for form in forms:
        if form is _long and at + 12 > len(data):
            continue
        head = form(data, at, tag, encoding)
        if _leads_on(data, head, encoding):
            return head
        first = first or head
    if first is None:
        raise UnreadableImage("truncated_header")
    return first


def _leads_on(data: bytes, head: ElementHeader, encoding: Encoding) -> bool:
    """Does the value end with the data, or before a delimiter or an element of a higher tag?"""
    if head.length == UNDEFINED:
        return data[head.start : head.start + 4] in {b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"}
    end = head.start + head.length
    if end + 8 > len(data):
        return end == len(data)
    group, element = struct.unpack_from(encoding.order + "HH", data, end)
    following, vr = group << 16 | element, data[end + 4 : end + 6]
    delimits = following in {ITEM, ITEM_END, SEQUENCE_END}
    return delimits or (head.tag < following and vr in SHORT_VRS | LONG_VRS)


def _is_vr(vr: bytes) -> bool:
    """Two capital letters; anything else is an implicit element in an explicit data set."""
    return vr.isalpha() and vr.isupper()


def read_elements(
    data: bytes, start: int, encoding: Encoding, budget: Budget
) -> tuple[dict[int, Element], ElementHeader | None]:
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
    data: bytes, head: ElementHeader, end: int, encoding: Encoding, budget: Budget, depth: int
) -> Element:
    defined = head.length != UNDEFINED
    if defined:
        value_end = head.start + head.length
        if value_end > end:
            raise UnreadableImage("truncated_header")
    else:
        value_end = _find_sequence_end(data, head, end, encoding, budget, depth)
    return Element(tag=head.tag, vr=head.vr, start=head.start, end=value_end, defined=defined)


def _find_sequence_end(
    data: bytes, head: ElementHeader, end: int, encoding: Encoding, budget: Budget, depth: int
) -> int:
    """Where the sequence delimiter of an undefined length lies."""
    if depth > MAX_DEPTH:
        raise UnreadableImage("broken_header")
    if head.vr != b"UN":
        return _sequence_end(data, head.start, end, encoding, budget, depth)
    try:
        return _sequence_end(data, head.start, end, IN_UNKNOWN, budget, depth)
    except UnreadableImage:
        return _sequence_end(data, head.start, end, encoding, budget, depth)


def _sequence_end(
    data: bytes, at: int, end: int, encoding: Encoding, budget: Budget, depth: int
) -> int:
    while True:
        budget.spend()
        item = read_head(data, at, encoding)
        if item.tag == SEQUENCE_END:
            return at
        if item.tag != ITEM:
            raise UnreadableImage("broken_header")
        at = _item_end(data, item, end, encoding, budget, depth)


def _item_end(
    data: bytes, item: ElementHeader, end: int, encoding: Encoding, budget: Budget, depth: int
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


def unknown_encoding(data: bytes, element: Element, encoding: Encoding, budget: Budget) -> Encoding:
    """Of the items of a UN element: implicit by the standard, or as the data set around it."""
    try:
        for _ in sequence_items(data, element, IN_UNKNOWN, budget):
            pass
    except UnreadableImage:
        return encoding
    return IN_UNKNOWN


def sequence_items(
    data: bytes, element: Element, encoding: Encoding, budget: Budget
) -> Iterator[dict[int, Element]]:
    """Each item's elements. Raises UnreadableImage where the sequence is broken."""
    at = element.start
    while at + 8 <= element.end:
        item = read_head(data, at, encoding)
        if item.tag != ITEM:
            raise UnreadableImage("broken_header")
        at = _item_end(data, item, element.end, encoding, budget, depth=1)
        yield _item_elements(data, item, at, encoding, budget)


def _item_elements(
    data: bytes, item: ElementHeader, end: int, encoding: Encoding, budget: Budget
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
