"""Numbers of a header, however a device has written them.

What is there and has one meaning is read, with a warning where the standard writes it otherwise
(PS3.5 6.2: DS, IS); what has none or several is an error that names the element. A number that
cannot be read is not absent: without its window or slope a film looks like another one.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

from cxr_triage.domain import Reason
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.dicom.dataset import NUMERIC_VRS, TEXT_VRS, DataSet

NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WITH_UNIT: Final = re.compile(r"(?P<number>.*\d[.,]?)\s*(?P<unit>[A-Zµ%°][A-Zµ%°/²]*)", re.DOTALL)
COMMA: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?|[+-]?\d+,")
EITHER: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""One thousand two hundred, or one and two tenths."""
GROUPED: Final = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3}){2,}|(?:,\d{3})+\.\d*|(?: \d{3})+(?:[.,]\d*)?"
    r"|(?:\.\d{3}){2,}|(?:\.\d{3})+,\d*)"
)
"""Thousands marked by comma, blank or point."""
MULTIPLES: Final = frozenset({"K", "M", "G", "CM", "UM", "µM", "NM", "%", "E"})
"""Behind a number these change its size."""


def read_number(
    ds: DataSet, tag: int, warnings: list[Reason], *, text: bool = True
) -> float | None:
    """The element's one value; None if it is absent or empty. Raises UnreadableImage.

    text: does the standard write it as text (DS, IS)?
    """
    places = read_list(ds, tag, warnings, text=text)
    values = [one for one in places if one]
    if not values:
        return None
    numbers = {_value(one, tag, warnings) for one in values}
    if len(numbers) > 1:
        raise unreadable(tag)
    if len(places) > 1:
        warn(tag, warnings)
    return numbers.pop()


def read_whole(ds: DataSet, tag: int, warnings: list[Reason]) -> int | None:
    """The one whole number of an element that the standard writes in binary (US, SS).

    None if it is absent or empty. Raises UnreadableImage.
    """
    element = ds.elements.get(tag)
    if element is None or not ds.raw(tag):
        return None
    if element.vr in TEXT_VRS:
        number = read_number(ds, tag, warnings, text=False)
        if number is not None and number != int(number):
            raise unreadable(tag)
        return None if number is None else int(number)
    values = ds.integers(tag)
    if not values or (element.vr in NUMERIC_VRS and len(set(values)) > 1):
        raise unreadable(tag)
    if element.vr in NUMERIC_VRS and len(values) > 1:
        warn(tag, warnings)
    return values[0]


def read_numbers(
    ds: DataSet, tag: int, count: int, warnings: list[Reason], *, unit: str = ""
) -> tuple[float, ...]:
    """`count` values; () if there are fewer. Raises UnreadableImage."""
    places = read_list(ds, tag, warnings)
    values = [one for one in places if one]
    if len(values) < count:
        for one in values:
            _value(one, tag, warnings, unit)
        return ()
    numbers = tuple(_value(one, tag, warnings, unit) for one in values)
    if len(numbers) > count and len(set(numbers)) > 1:
        raise unreadable(tag)
    if len(places) > count:
        warn(tag, warnings)
    return numbers[:count]


def read_pair(
    ds: DataSet, tags: tuple[int, int], warnings: list[Reason]
) -> tuple[float, float] | None:
    """The first pair of two lists of equal length; None if either is absent or empty.

    An empty place belongs to no pair. Raises UnreadableImage if what is left does not pair.
    """
    lists = tuple(read_list(ds, tag, warnings) for tag in tags)
    if not any(lists[0]) or not any(lists[1]):
        return None
    pairs = [pair for pair in zip(*lists, strict=False) if all(pair)]
    alone = tuple(list(filter(None, one)) for one in lists)
    if not pairs and max(map(len, alone)) > 1:
        raise unreadable(tags[0])
    first = pairs[0] if pairs else (alone[0][0], alone[1][0])
    if first != (lists[0][0], lists[1][0]):
        warn(tags[0], warnings)
    return _value(first[0], tags[0], warnings), _value(first[1], tags[1], warnings)


def read_list(ds: DataSet, tag: int, warnings: list[Reason], *, text: bool = True) -> Sequence[str]:
    """Each value as text, "" where a place is empty."""
    element = ds.elements.get(tag)
    if text and element is not None and element.vr in NUMERIC_VRS and ds.raw(tag):
        warn(tag, warnings)
    values = ds.texts(tag)
    if not values and ds.raw(tag).strip(b" \0\\"):
        raise unreadable(tag)
    return values


def _value(text: str, tag: int, warnings: list[Reason], unit: str = "") -> float:
    found = parse(text, unit)
    if found is None:
        raise unreadable(tag)
    value, as_written = found
    if not as_written:
        warn(tag, warnings)
    return value


def parse(text: str, unit: str = "") -> tuple[float, bool] | None:
    """The finite number that `text` means, and whether it is written as the standard has it.

    unit: what may stand behind it; "" for any that does not change the number's size.
    """
    if NUMBER.fullmatch(text):
        value = float(text)
        return (value, True) if math.isfinite(value) else None
    plain = text.strip("\"' ")
    behind = WITH_UNIT.fullmatch(plain.upper())
    if behind:
        named = behind["unit"]
        if named != unit if unit else named in MULTIPLES:
            return None
        plain = behind["number"]
    plain = _with_point(plain.strip())
    if not NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return (value, False) if math.isfinite(value) else None


def _with_point(text: str) -> str:
    """`text` with a decimal point and no marks between thousands, if it has one meaning."""
    if GROUPED.fullmatch(text):
        mark = next(c for c in text if c in ", .")
        return text.replace(mark, "").replace(",", ".")
    if COMMA.fullmatch(text) and not EITHER.fullmatch(text):
        return text.replace(",", ".")
    return text


def warn(tag: int, warnings: list[Reason]) -> None:
    """Say, once, that this element is written otherwise than the standard has it."""
    doubt = Reason(code="number_reread", measured=element_name(tag))
    if doubt not in warnings:
        warnings.append(doubt)


def unreadable(tag: int) -> UnreadableImage:
    return UnreadableImage("unreadable_number", element=element_name(tag))


def element_name(tag: int) -> str:
    """The standard's name of an element and its number."""
    from pydicom.datadict import dictionary_description  # noqa: PLC0415 (slow, and rare)

    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
