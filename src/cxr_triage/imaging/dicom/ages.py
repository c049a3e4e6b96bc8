"""The youngest age that a header allows: it decides whether a film is of a child.

An age or a birth date may be written in part or in another way than the standard's; only what
says nothing is missing.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cxr_triage.domain import Reason
from cxr_triage.imaging.dicom.dates import Span, spans_of

OLDEST_YEARS: Final = 130.0
CHILD_YEARS: Final = 15.0
DAYS_A_YEAR: Final = 365.25
AGES_CONTRADICT: Final = "ages_contradict"
AGREEING: Final = 2.0
"""Years by which an age and a birth date may differ: either may be a year only."""

UNITS: Final = {
    "Y": "Y YR YRS YEAR YEARS YO A AN ANS AÑO AÑOS ANO ANOS ANNI JAHR JAHRE TUỔI TUOI 岁 歳",
    "M": "M MO MOS MON MTH MTHS MONTH MONTHS MOIS MES MESES MESI MONAT MONATE THÁNG THANG",
    "W": "W WK WKS WEEK WEEKS SEMAINES SEMANAS WOCHE WOCHEN TUẦN TUAN",
    "D": "D DAY DAYS JOUR JOURS TAG TAGE DIAS DÍAS GIORNI NGÀY NGAY",
}
UNIT_OF: Final = {word: unit for unit, words in UNITS.items() for word in words.split()} | {"": ""}
A_YEAR: Final = {"Y": 1.0, "": 1.0, "M": 12.0, "W": DAYS_A_YEAR / 7, "D": DAYS_A_YEAR}
"""How many of a unit make a year."""

PART: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)")
RANGE: Final = re.compile(r"(\d+)\s*[-–]\s*\d+")
BELOW, AT_LEAST = re.compile(r"^(?:<|≤|UNDER )\s*"), re.compile(r"^[>≥~P]\s*|\+$|\bOLD$")
BETWEEN: Final = re.compile(r"[\s,;./]*(?:AND|ET|Y|UND)?[\s,;./]*")


def youngest_age(age: str, born: str, taken: Iterable[str]) -> float | None:
    """In years; None where neither Patient's Age nor the birth date says anything sane.

    taken: dates of the film, the best first. Without one it was taken today at the latest:
    that tells a child, and of an older person nothing. Today is any day that it is somewhere: a
    child that was born this morning is one, whatever day it still is in Greenwich.
    """
    found = [years for years in (age_said(age), _age_by_birth(born, taken)) if years is not None]
    return min(found, default=None)


def ages_apart(age: str, born: str, taken: Iterable[str]) -> tuple[float, float] | None:
    """The youngest and the oldest of what an age and a birth date say where they contradict each
    other in every reading; None where they agree or one of them says nothing."""
    said, by_birth = age_said(age), _ages_by_birth(born, taken)
    if said is None or not by_birth or any(abs(said - one) <= AGREEING for one in by_birth):
        return None
    found = (said, min(by_birth))
    return min(found), max(found)


def age_contradiction(youngest: float, oldest: float) -> Reason:
    """What is shown of it; the youngest counts."""
    return Reason(code=AGES_CONTRADICT, measured=round(youngest, 1), limit=round(oldest, 1))


def age_said(text: str) -> float | None:
    """081Y, 81, 8Y6M, 7.5Y, 7,5 years, 10-14Y: the least that it can mean."""
    plain = RANGE.sub(r"\1", text.strip().upper())
    if BELOW.match(plain):
        return 0.0 if PART.search(plain) else None
    plain = AT_LEAST.sub("", plain).strip()
    parts = PART.findall(plain)
    if not parts or BETWEEN.fullmatch(PART.sub("", plain)) is None:
        return None
    if any(unit not in UNIT_OF for _, unit in parts) or (len(parts) > 1 and not parts[0][1]):
        return None
    counted = [part for part in parts if part[1] or len(parts) == 1]
    years = sum(float(n.replace(",", ".")) / A_YEAR[UNIT_OF[unit]] for n, unit in counted)
    return years if years <= OLDEST_YEARS else None


def _age_by_birth(born: str, taken: Iterable[str]) -> float | None:
    return min(_ages_by_birth(born, taken), default=None)


def _ages_by_birth(born: str, taken: Iterable[str]) -> list[float]:
    """Of each reading, from the last day that the birth date can mean to the first that the
    film's can; without a film's date, a child's alone."""
    births = spans_of(born)
    if not births:
        return []
    day = _day_taken(taken)
    film = _today() if day is None else Span(first=day, last=day)
    lasts = [min(birth.last, film.first) for birth in births if birth.first <= film.last]
    oldest = CHILD_YEARS if day is None else OLDEST_YEARS
    ages = [(film.first - last).days / DAYS_A_YEAR for last in lasts]
    return [years for years in ages if years <= oldest]


def _today() -> Span:
    """From the day that it still is in the last zone to the one that it is already in the first."""
    now = datetime.now(UTC)
    return Span(first=(now - timedelta(hours=12)).date(), last=(now + timedelta(hours=14)).date())


def _day_taken(taken: Iterable[str]) -> date | None:
    for text in taken:
        if spans := spans_of(text):
            return min(spans).first
    return None
