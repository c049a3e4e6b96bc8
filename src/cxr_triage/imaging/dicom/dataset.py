"""A DICOM file's header: file meta, encoding, elements, and where the pixel data begins."""

import math
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Final

from cxr_triage.errors import ImageTooLarge, NotAnImage, UnreadableImage
from cxr_triage.imaging.dicom.elements import (
    Budget,
    Element,
    ElementHeader,
    Encoding,
    read_elements,
    read_head,
    sequence_items,
    unknown_encoding,
)
from cxr_triage.imaging.dicom.text import decode_texts, identifier
from cxr_triage.imaging.limits import MIB, Limits

PREFIX = b"DICM"
PREAMBLE_BYTES = 128

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DIRECTORY_SOP_CLASS = "1.2.840.10008.1.3.10"

TRANSFER_SYNTAX, META_SOP_CLASS, CHARACTER_SET = 0x00020010, 0x00020002, 0x00080005

NUMBER = re.compile(r"[+-]?\d+(\.0*)?")
NUMERIC_VRS: Final = {
    b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"UV": "Q", b"SV": "q", b"FL": "f", b"FD": "d",
}  # fmt: skip
TEXT_VRS: Final = dict.fromkeys(b"IS DS LO SH ST LT CS UC UR UT AS DA TM DT PN AE UI".split())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DataSet:
    """Elements with the bytes that they lie in; reading a value never raises.

    A value that is absent or broken reads as b"", "", None or ().
    """

    data: bytes
    encoding: Encoding
    elements: dict[int, Element]
    character_sets: tuple[str, ...]
    budget: Budget

    def raw(self, tag: int) -> bytes:
        element = self.elements.get(tag)
        return b"" if element is None else self.data[element.start : element.end]

    def texts(self, tag: int) -> tuple[str, ...]:
        """Each value, clean; none if absent or empty. Binary numbers are written out."""
        element, raw = self.elements.get(tag), self.raw(tag)
        if element is not None and element.vr in NUMERIC_VRS:
            return tuple(f"{number:.17g}" for number in self._binary(element.vr, raw[:4096]))
        if not raw[:4096].strip(b" \0"):
            return ()
        return decode_texts(raw[:4096], self.character_sets)

    def text(self, tag: int) -> str:
        """The first value."""
        return next(iter(self.texts(tag)), "")

    def identifier(self, tag: int) -> str:
        """The value whole, as one: what identifies something is compared exactly."""
        return identifier(self.raw(tag), self.character_sets)

    def integers(self, tag: int) -> tuple[int, ...]:
        """The values of a US element, by the VR that it has; SS is returned modulo 65536.

        () if it is absent, broken, or none of them is a whole number.
        """
        element = self.elements.get(tag)
        if element is None:
            return ()
        raw = self.raw(tag)[: 4 * 65536]
        if element.vr == b"SS" or element.vr not in NUMERIC_VRS | TEXT_VRS:
            return tuple(int(number) for number in self._binary(b"US", raw))
        numbers = [float(text) if NUMBER.fullmatch(text) else math.nan for text in self.texts(tag)]
        return tuple(int(number) for number in numbers) if _whole(numbers) else ()

    def short(self, tag: int) -> int | None:
        """The first whole number."""
        return next(iter(self.integers(tag)), None)

    def _binary(self, vr: bytes, raw: bytes) -> tuple[float, ...]:
        code = NUMERIC_VRS[vr]
        size = struct.calcsize(code)
        return struct.unpack_from(f"{self.encoding.order}{len(raw) // size}{code}", raw)

    def items(self, tag: int, limit: int = 8) -> tuple["DataSet", ...]:
        """The first `limit` items of a sequence; those before the first that is broken."""
        element = self.elements.get(tag)
        found: list[DataSet] = []
        if element is None:
            return ()
        encoding = self.encoding
        if element.vr == b"UN":
            encoding = unknown_encoding(self.data, element, self.encoding, self.budget)
        try:
            for elements in sequence_items(self.data, element, encoding, self.budget):
                found.append(self._item(elements, encoding))
                if len(found) == limit:
                    break
        except (UnreadableImage, ImageTooLarge):
            pass
        return tuple(found)

    def _item(self, elements: dict[int, Element], encoding: Encoding) -> "DataSet":
        item = DataSet(
            data=self.data,
            encoding=encoding,
            elements=elements,
            character_sets=self.character_sets,
            budget=self.budget,
        )
        own = item.texts(CHARACTER_SET)
        return item if not own else _with_character_sets(item, own)


def _whole(numbers: list[float]) -> bool:
    return all(math.isfinite(number) and number == int(number) for number in numbers)


def _with_character_sets(dataset: DataSet, character_sets: tuple[str, ...]) -> DataSet:
    return DataSet(
        data=dataset.data,
        encoding=dataset.encoding,
        elements=dataset.elements,
        character_sets=character_sets,
        budget=dataset.budget,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DicomHeader:
    """What precedes the pixels. `pixel_head` is None if the object has none.

    data: the bytes that `pixel_head` points into (inflated if the file is deflated).
    transfer_syntax: as declared, "" if it is not.
    """

    data: bytes
    dataset: DataSet
    transfer_syntax: str
    pixel_head: ElementHeader | None = field(default=None)


def looks_like_dicom(data: bytes) -> bool:
    """A prefix, or a first element that only a data set without preamble begins with."""
    if data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == PREFIX or data[:4] == PREFIX:
        return True
    return _bare_encoding(data) is not None


def _bare_encoding(data: bytes) -> Encoding | None:
    """The encoding of a data set that begins at byte 0; None if there is none.

    Groups 0002 and 0008 open every data set; the first value and its length must fit.
    """
    for little in (True, False):
        order = "<" if little else ">"
        if len(data) < 8:
            return None
        group, element = struct.unpack_from(order + "HH", data)
        if group not in {0x0002, 0x0008} or element > 0x0100:
            continue
        implicit = not (data[4:6].isalpha() and data[4:6].isupper())
        encoding = Encoding(implicit=implicit, little=little)
        try:
            head = read_head(data, 0, encoding)
        except UnreadableImage:
            continue
        if head.length <= 1024 and head.start + head.length <= len(data):
            return encoding
    return None


def read_header(data: bytes, limits: Limits) -> DicomHeader:
    """Everything up to the pixel data. Raises NotAnImage, UnreadableImage or ImageTooLarge."""
    budget = Budget(limits.max_elements)
    start = 0
    for prefix_at in (PREAMBLE_BYTES, 0):
        if data[prefix_at : prefix_at + 4] == PREFIX:
            start = prefix_at + 4
            break
    meta, start = _read_meta(data, start, budget)
    syntax = meta.text(TRANSFER_SYNTAX)
    if meta.text(META_SOP_CLASS) == DIRECTORY_SOP_CLASS:
        raise NotAnImage("dicom_directory")
    if syntax == DEFLATED:
        data, start = _inflate(data[start:], limits.max_inflated_bytes), 0
    encoding = _encoding(data, start, syntax)
    elements, pixel_head = read_elements(data, start, encoding, budget)
    dataset = DataSet(
        data=data, encoding=encoding, elements=elements, character_sets=(), budget=budget
    )
    dataset = _with_character_sets(dataset, dataset.texts(CHARACTER_SET))
    return DicomHeader(data=data, dataset=dataset, transfer_syntax=syntax, pixel_head=pixel_head)


def _read_meta(data: bytes, start: int, budget: Budget) -> tuple[DataSet, int]:
    """Group 0002, explicit little endian (PS3.10 7.1), and where the data set begins."""
    encoding = Encoding(implicit=False, little=True)
    elements: dict[int, Element] = {}
    at = start
    while data[at : at + 2] == b"\x02\x00":
        head = read_head(data, at, encoding)
        budget.spend()
        end = head.start + head.length
        if end > len(data):
            raise UnreadableImage("truncated_header")
        elements.setdefault(head.tag, Element(tag=head.tag, vr=head.vr, start=head.start, end=end))
        at = end
    meta = DataSet(
        data=data, encoding=encoding, elements=elements, character_sets=(), budget=budget
    )
    return meta, at


def _encoding(data: bytes, start: int, syntax: str) -> Encoding:
    """The encoding declared, unless the first element shows that it is another."""
    if start >= len(data):
        raise UnreadableImage("truncated_header")
    explicit = data[start + 4 : start + 6].isalpha() and data[start + 4 : start + 6].isupper()
    if not syntax:
        return _bare_encoding(data[start : start + 2048]) or Encoding(
            implicit=not explicit, little=True
        )
    return Encoding(implicit=not explicit, little=syntax != EXPLICIT_BIG)


def _inflate(data: bytes, limit: int) -> bytes:
    """A deflated data set (PS3.5 A.5), at most `limit` bytes of it.

    Raises ImageTooLarge past the limit, UnreadableImage if it is broken or cut off.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(data, limit)
        if not stream.eof and not stream.unconsumed_tail:
            raise UnreadableImage("truncated_header")
        if not stream.eof and stream.decompress(stream.unconsumed_tail, 1):
            raise ImageTooLarge("inflated_too_large", limit=round(limit / MIB, 1))
    except zlib.error:
        raise UnreadableImage("broken_header") from None
    if not stream.eof:
        raise UnreadableImage("truncated_header")
    return inflated
