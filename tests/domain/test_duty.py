"""When somebody is on duty, by the hours of the place."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cxr_triage.domain.duty import hours_in, next_duty, on_duty

PLACE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE = "mo-fr 07:00-17:00, sa 07:00-11:30"
NONE = ["mo", "mo 7:00-8:00", "xx 07:00-08:00", "mo 25:00-26:00", "mo 07:00"]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=PLACE)


def test_without_hours_somebody_always_is():
    assert on_duty(hours_in(""), at(29, 3))
    assert next_duty(hours_in(" "), at(29, 3)) == at(29, 3)


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        (at(23, 6, 59), False),
        (at(23, 7), True),
        (at(23, 16, 59), True),
        (at(23, 17), False),
        (at(28, 11, 29), True),
        (at(28, 11, 30), False),
        (at(29, 9), False),
    ],
)
def test_hours_of_an_office(moment, on):
    assert on_duty(hours_in(OFFICE), moment) is on


def test_who_comes_next():
    hours = hours_in(OFFICE)
    assert next_duty(hours, at(23, 6)) == at(23, 7)
    assert next_duty(hours, at(27, 18)) == at(28, 7)
    assert next_duty(hours, at(28, 12)) == at(30, 7)
    assert next_duty(hours_in("mo 07:00-08:00"), at(23, 9)) == at(30, 7)


def test_a_night_goes_on_to_the_next_day():
    nights = hours_in("fr-su 19:00-07:00")
    assert on_duty(nights, at(30, 6, 59))
    assert not on_duty(nights, at(30, 7))
    assert not on_duty(nights, at(27, 6))
    assert on_duty(hours_in("su-mo 00:00-00:00"), at(23, 23, 59))


@pytest.mark.parametrize("text", NONE)
def test_what_are_no_hours(text):
    with pytest.raises(ValueError, match=r"\w"):
        hours_in(text)
