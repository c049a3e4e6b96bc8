"""Days and moments as people read them: one form for each language, on every page and paper.

A moment is written in the zone that it has: whoever knows the place puts it there first.
"""

from datetime import date, datetime
from typing import Final, Literal

MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
DAY_ALONE: Final = len("YYYY-MM-DD")


def day_text(day: date, language: Literal["en", "vi"]) -> str:
    """27 Nov 2026, or 27/11/2026."""
    if language == "vi":
        return f"{day.day:02}/{day.month:02}/{day.year:04}"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year:04}"


def time_text(moment: datetime, language: Literal["en", "vi"]) -> str:
    """27 Nov 2026 08:14, or 08:14 27/11/2026: to the minute."""
    day, minute = day_text(moment, language), f"{moment.hour:02}:{moment.minute:02}"
    return f"{minute} {day}" if language == "vi" else f"{day} {minute}"


def written(iso: str, language: Literal["en", "vi"]) -> str:
    """A day or a moment in ISO 8601, as it stands there; what is neither stays as it is."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return day_text(moment, language) if len(iso) <= DAY_ALONE else time_text(moment, language)
