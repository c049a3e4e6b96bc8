"""When somebody is on duty: hours of the place, by day of the week."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_SHIFT: Final = re.compile(
    r"(?P<first>[a-z]{2})(?:-(?P<last>[a-z]{2}))? (?P<begins>\d\d:\d\d)-(?P<ends>\d\d:\d\d)"
)
WEEK: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """On these days (0: Monday) from `begins` on; where `ends` is not later, to the next day."""

    days: frozenset[int]
    begins: time
    ends: time

    def begun_on(self, day: datetime) -> tuple[datetime, datetime] | None:
        """The shift that begins on that day of the place, if one does."""
        if day.weekday() not in self.days:
            return None
        begins = datetime.combine(day.date(), self.begins, day.tzinfo)
        ends = datetime.combine(day.date(), self.ends, day.tzinfo)
        return begins, ends if self.ends > self.begins else ends + timedelta(days=1)


Hours = Sequence[Shift]
"""Empty: always."""


def hours_in(text: str) -> Hours:
    """`mo-fr 07:00-17:00, sa 07:00-11:30`. Raises ValueError."""
    return tuple(_shift(part.strip().lower()) for part in text.split(",") if part.strip())


def _shift(text: str) -> Shift:
    found = _SHIFT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first, last = found["first"], found["last"] or found["first"]
    if first not in DAYS or last not in DAYS:
        raise ValueError(text)
    begin, end = DAYS.index(first), DAYS.index(last)
    days = range(begin, end + 1) if begin <= end else (*range(begin, 7), *range(end + 1))
    return Shift(
        days=frozenset(days),
        begins=time.fromisoformat(found["begins"]),
        ends=time.fromisoformat(found["ends"]),
    )


def on_duty(hours: Hours, at: datetime) -> bool:
    """Is somebody? at: in the zone of the place."""
    if not hours:
        return True
    spans = (one.begun_on(at - timedelta(days=back)) for one in hours for back in (0, 1))
    return any(begins <= at < ends for begins, ends in filter(None, spans))


def next_duty(hours: Hours, at: datetime) -> datetime:
    """When somebody is again; `at` if somebody is now."""
    if on_duty(hours, at):
        return at
    starts = (
        span[0]
        for one in hours
        for ahead in range(WEEK.days)
        if (span := one.begun_on(at + timedelta(days=ahead))) is not None
    )
    return min(begins for begins in starts if begins > at)
