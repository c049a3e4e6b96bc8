"""Which SOP instance a file says it is, by its first bytes, however broken the rest may be."""

import re
from dataclasses import dataclass, field
from typing import Final

from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.dataset import (
    DEFLATED,
    EXPLICIT_BIG,
    META_SOP_CLASS,
    PREAMBLE_BYTES,
    PREFIX,
    TRANSFER_SYNTAX,
)
from cxr_triage.imaging.dicom.elements import Encoding, read_head

FIRST_BYTES: Final = 4096
"""The elements that name an instance lie within these, or nowhere."""

META_SOP_INSTANCE: Final = 0x00020003
SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018

UID: Final = re.compile(r"[!-\[\]-~]+")
"""Whatever was sent, valid or not: the answer names it as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SopReference:
    """Empty where the file does not say, or says what cannot be printed."""

    sop_class_uid: str = ""
    sop_uid: str = field(default="", repr=False)


def reference_of(start: bytes) -> SopReference:
    """The instance whose file begins with `start`: by its data set, else by its file meta."""
    values = _values(start)
    return SopReference(
        sop_class_uid=values.get(SOP_CLASS) or values.get(META_SOP_CLASS, ""),
        sop_uid=values.get(SOP_INSTANCE) or values.get(META_SOP_INSTANCE, ""),
    )


def _values(start: bytes) -> dict[int, str]:
    """The UIDs of groups 0002 and 0008 up to SOP Instance UID."""
    at = next((place + 4 for place in (PREAMBLE_BYTES, 0) if start[place : place + 4] == PREFIX), 0)
    values: dict[int, str] = {}
    meta = Encoding(implicit=False, little=True)
    at = _read(start, at, meta, last=0x0002FFFF, values=values)
    syntax = values.get(TRANSFER_SYNTAX, "")
    if syntax != DEFLATED:
        explicit = start[at + 4 : at + 6].isalpha() and start[at + 4 : at + 6].isupper()
        encoding = Encoding(implicit=not explicit, little=syntax != EXPLICIT_BIG)
        _read(start, at, encoding, last=SOP_INSTANCE, values=values)
    return values


def _read(start: bytes, at: int, encoding: Encoding, last: int, values: dict[int, str]) -> int:
    """Add the UIDs of the elements up to the tag `last`; where the next one begins."""
    while at < len(start):
        try:
            head = read_head(start, at, encoding)
        except UnreadableImage:
            break
        end = head.start + head.length
        if head.tag > last or end > len(start):
            break
        text = start[head.start : end].strip(b" \0").decode("latin-1")
        if UID.fullmatch(text):
            values.setdefault(head.tag, text)
        at = end
    return at
