"""Dates as devices and people write them: whole, in part, or open to more than one reading."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

YEARS: Final = range(1850, 2101)
UNKNOWN_DIGIT: Final = re.compile(r"[X?*]")
TIME: Final = re.compile(r"(?<=\d)[T ]\d{1,2}:.*|(?<=\d)T\d.*")
TOKEN: Final = re.compile(r"\d+|[^\W\d_]{3,}")
MONTHS: Final = (
    ("JAN", "GEN", "ENE"), ("FEB", "FEV", "FÉV"), ("MAR", "MÄR", "MRZ"), ("APR", "AVR", "ABR"),
    ("MAY", "MAI", "MAG"), ("JUN", "JUIN", "GIU"), ("JUL", "JUIL", "LUG"), ("AUG", "AOU", "AOÛ",
    "AGO"), ("SEP", "SET"), ("OCT", "OKT", "OUT", "OTT"), ("NOV",), ("DEC", "DEZ", "DÉC", "DIC"),
)  # fmt: skip
SILENT: Final = frozenset({"NGÀY", "NGAY", "THÁNG", "THANG", "NĂM", "NAM", "SINH"})
"""Words between the numbers of a date that say nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A day that lies between two days, both included."""

    first: date
    last: date


def spans_of(text: str) -> tuple[Span, ...]:
    """Every reading of `text` as a day, a month or a year; none if it says nothing.

    02.03.1990 has one reading, 02/03/1990 has two, 1990 and 19900000 are a year. What is no
    month or day of the calendar is taken as not known.
    """
    plain = UNKNOWN_DIGIT.sub("0", TIME.sub("", text.strip().upper()))
    tokens = [token for token in TOKEN.findall(plain) if token not in SILENT]
    months = [month for token in tokens if (month := _month_named(token))]
    numbers = [token for token in tokens if token.isdecimal()]
    if len(numbers) + len(months) < len(tokens):
        numbers = [number for number in numbers if _is_year(number)]
        months = []
    return tuple(dict.fromkeys(_readings(numbers, months, dotted="." in plain)))


def day_of(text: str) -> date | None:
    """The day, if `text` has one reading and names it whole."""
    found = spans_of(text)
    return found[0].first if len(found) == 1 and found[0].first == found[0].last else None


def _month_named(token: str) -> int:
    """1 to 12; 0 if it is no month's name."""
    return next((n for n, names in enumerate(MONTHS, 1) if token.startswith(names)), 0)


def _is_year(number: str) -> bool:
    return len(number) == 4 and int(number) in YEARS


def _readings(numbers: list[str], months: list[int], *, dotted: bool) -> Iterator[Span]:
    if not numbers:
        return
    if months:
        yield from _with_name(numbers, months[0])
    elif len(numbers) == 1 or len(numbers[0]) >= 6:  # a fraction or a zone may follow
        yield from _run_together(numbers[0])
    elif _is_year(numbers[0]):
        day = int(numbers[2]) if len(numbers) > 2 else 0
        yield _span(int(numbers[0]), int(numbers[1]), day)
    elif len(numbers) == 2:
        yield from (_span(year, int(numbers[0]), 0) for year in _years(numbers[1]))
    else:
        yield from _apart(*numbers[:3], dotted=dotted)


def _with_name(numbers: list[str], month: int) -> Iterator[Span]:
    """2 March 1990, March 1990, 1990-Mar-02."""
    year = next((number for number in numbers if _is_year(number)), numbers[-1])
    day = next((number for number in numbers if number is not year), "0")
    yield from (_span(one, month, int(day)) for one in _years(year))


def _run_together(digits: str) -> Iterator[Span]:
    """YYYY, YYYYMM, YYYYMMDD with or without a time; DDMMYYYY or MMDDYYYY, YYMMDD."""
    if len(digits) >= 8 and _is_day(digits[:8]):
        yield _span(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    elif len(digits) >= 4 and int(digits[:4]) in YEARS:
        span = _span(int(digits[:4]), int(digits[4:6] or 0), int(digits[6:8] or 0))
        other = list(_day_first(digits)) if not _is_month(digits[4:6] or "0") else []
        yield from other or [span]
    elif len(digits) == 8:
        yield from _day_first(digits)
    elif len(digits) == 6 and _is_month(digits[2:4]):
        yield from (_span(y, int(digits[2:4]), int(digits[4:])) for y in _years(digits[:2]))


def _is_day(digits: str) -> bool:
    """YYYYMMDD of the calendar, also one that stands for no date, as 18000101 does."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1000
    except ValueError:
        return False


def _day_first(digits: str) -> Iterator[Span]:
    if len(digits) == 8 and int(digits[4:]) in YEARS:
        yield from _apart(digits[:2], digits[2:4], digits[4:], dotted=False)


def _apart(one: str, two: str, three: str, *, dotted: bool) -> Iterator[Span]:
    """Day, month, year; without dots the month may come first."""
    for year in _years(three):
        if _is_month(two):
            yield _span(year, int(two), int(one))
        if not dotted and _is_month(one):
            yield _span(year, int(one), int(two))


def _is_month(number: str) -> bool:
    return int(number) <= 12


def _years(number: str) -> tuple[int, ...]:
    """Two digits may be of either century."""
    if len(number) == 2:
        return 1900 + int(number), 2000 + int(number)
    return (int(number),) if _is_year(number) else ()


def _span(year: int, month: int, day: int) -> Span:
    if not 1 <= month <= 12:
        return Span(first=date(year, 1, 1), last=date(year, 12, 31))
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        return Span(first=date(year, month, 1), last=date(year, month, days))
    return Span(first=date(year, month, day), last=date(year, month, day))
