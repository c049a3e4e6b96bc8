"""A day and a moment have one form in each language, wherever they are read."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cxr_triage.language.dates import day_text, time_text, written
from cxr_triage.web import rendering


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("en", "5 Jan 2026", "5 Jan 2026 08:04"), ("vi", "05/01/2026", "08:04 05/01/2026")],
)
def test_pages_and_papers_write_the_same(language, day, moment):
    hanoi = ZoneInfo("Asia/Ho_Chi_Minh")
    at = datetime(2026, 1, 5, 1, 4, tzinfo=UTC)
    assert day_text(date(2026, 1, 5), language) == day
    assert time_text(at.astimezone(hanoi), language) == moment
    assert rendering.time_text(at, language, hanoi) == moment
    assert rendering.day_text(at, language, hanoi) == day
    assert written("2026-01-05T08:04:59", language) == moment
    assert written("2026-01-05", language) == day
    assert written("no date", language) == "no date"


def test_the_day_is_that_of_the_place():
    late = datetime(2026, 1, 5, 20, 0, tzinfo=UTC)
    assert rendering.day_text(late, "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "06/01/2026"
