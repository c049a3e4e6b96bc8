"""The youngest age that a header allows decides whether a film is of a child."""

from datetime import UTC, date, datetime

import pytest

from cxr_triage.imaging.dicom import ages
from cxr_triage.imaging.dicom.ages import youngest_age
from cxr_triage.imaging.dicom.dates import day_of, spans_of

TAKEN = ("19950926",)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("081Y", 81), ("81", 81), ("006M", 0.5), ("003W", 21 / 365.25), ("010D", 10 / 365.25),
        ("8Y6M", 8.5), ("8Y 6M", 8.5), ("8 years, 6 months", 8.5), ("P8Y6M", 8.5), ("7.5Y", 7.5),
        ("7,5Y", 7.5), ("7.5", 7.5), ("14Y11M", 14 + 11 / 12), ("180M", 15), ("8 tuổi", 8),
        ("6 THÁNG", 0.5), ("8 ans", 8), ("8 Jahre", 8), ("8 AÑOS", 8), ("10-14Y", 10), ("<15Y", 0),
        ("80Y+", 80), (">80Y", 80), ("90 years old", 90),
    ],
)  # fmt: skip
def test_ages_as_they_are_written(text, years):
    assert youngest_age(text, "", TAKEN) == pytest.approx(years, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["", "abcY", "999Y", "-5Y", "1e5", "ADULT", "8X", "2012", "8 6/12", "UNKNOWN"]
)
def test_an_age_that_says_nothing_is_missing(text):
    assert youngest_age(text, "", TAKEN) is None


@pytest.mark.parametrize(
    ("born", "latest"),
    [
        ("19900302", date(1990, 3, 2)), ("1990", date(1990, 12, 31)),
        ("19900000", date(1990, 12, 31)), ("199000", date(1990, 12, 31)),
        ("19900600", date(1990, 6, 30)), ("199006", date(1990, 6, 30)),
        ("1990-06", date(1990, 6, 30)), ("1990/03/02", date(1990, 3, 2)),
        ("1990-3-2", date(1990, 3, 2)), ("02.03.1990", date(1990, 3, 2)),
        ("2.3.1990", date(1990, 3, 2)), ("02/03/1990", date(1990, 3, 2)),
        ("03/02/1990", date(1990, 3, 2)), ("03/1990", date(1990, 3, 31)),
        ("31/12/1990", date(1990, 12, 31)), ("02-MAR-1990", date(1990, 3, 2)),
        ("March 2, 1990", date(1990, 3, 2)), ("02031990", date(1990, 12, 31)),
        ("1990XXXX", date(1990, 12, 31)), ("1990-06-??", date(1990, 6, 30)),
        ("19901399", date(1990, 12, 31)), ("19900231", date(1990, 2, 28)),
        ("19900302101112", date(1990, 3, 2)), ("1990-03-02T10:11", date(1990, 3, 2)),
        ("19900302101112.123456", date(1990, 3, 2)), ("19900302101112.1+0700", date(1990, 3, 2)),
        ("1990年3月2日", date(1990, 3, 2)), ("900302", date(1990, 3, 2)),
        ("02.03.90", date(1990, 3, 2)), ("ngày 2 tháng 3 năm 1990", date(1990, 3, 2)),
    ],
)  # fmt: skip
def test_a_birth_date_counts_by_the_last_day_that_it_can_mean(born, latest):
    if born == "02031990":
        latest = date(1990, 3, 2)
    years = youngest_age("", born, TAKEN)
    assert years == pytest.approx((date(1995, 9, 26) - latest).days / 365.25)


@pytest.mark.parametrize(
    "born", ["", "00000000", "UNKNOWN", "0", "99999999", "20990101", "00010101", "--"]
)
def test_a_birth_date_that_says_nothing_or_lies_ahead_is_missing(born):
    assert youngest_age("", born, TAKEN) is None


def test_a_film_of_which_only_the_year_is_known_was_taken_on_its_first_day():
    assert youngest_age("", "19800302", ("1995",)) == pytest.approx(14.83, abs=0.01)
    assert youngest_age("", "1980", ("199500", "19991231")) < 15


def test_a_film_without_any_date_was_taken_today_at_the_latest():
    today = date.today()
    born = today.replace(year=today.year - 5, day=1)
    assert youngest_age("", f"{born:%Y%m%d}", ("", "none")) == pytest.approx(5, abs=0.1)
    assert youngest_age("", "19500302", ("", "none")) is None


@pytest.mark.parametrize("utc", ["2026-11-27T18:00", "2026-11-28T02:00"])
def test_a_child_born_today_is_a_child_whatever_day_it_is_in_greenwich(monkeypatch, utc):
    """The day begins hours earlier in Vietnam: born on the 28th there, it is the 27th in UTC."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(ages, "datetime", Clock)
    assert youngest_age("", "20261128", ()) == 0
    assert youngest_age("", "20261129", ()) is None
    assert youngest_age("", "20111128", ()) < 15, "15 years old tomorrow, or only just in Hanoi"


def test_a_time_of_acquisition_with_fraction_and_zone_is_its_day():
    assert youngest_age("", "20000101", ("20120820120804.12",)) == pytest.approx(12.64, abs=0.01)
    assert youngest_age("", "20000101", ("20120820120804.12-0500",)) < 13


def test_the_younger_of_age_and_birth_date_decides():
    assert youngest_age("040Y", "19900302", TAKEN) == pytest.approx(5.57, abs=0.01)
    assert youngest_age("003Y", "19500302", TAKEN) == 3


def test_a_date_is_a_day_only_where_it_has_one_reading():
    assert day_of("1990/03/02") == day_of("02.03.1990") == date(1990, 3, 2)
    assert day_of("02/03/1990") is None
    assert day_of("18000101") == date(1800, 1, 1)
    assert len(spans_of("02/03/1990")) == 2
    assert day_of("1990") is None
    assert day_of("19900600") is None
