"""One zone, the place's: every page and report tells the same time, whatever the machine's zone."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from .films import film
from .serving import Served, assessment, send

ZONE = "Asia/Kathmandu"
"""UTC+5:45: no machine stands there by chance."""
ELSEWHERE = "America/New_York"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", ELSEWHERE)
    server = Served(tmp_path, time_zone=ZONE)
    yield server
    server.stop()


def test_a_films_report_and_its_studys_tell_the_places_time(server):
    with server.client() as station:
        kept = assessment(send(station, film(1)))
    with server.person("radiologist") as doctor:
        english = {"Accept-Language": "en"}
        of_film = doctor.get(f"/v1/assessments/{kept['id']}/report.html", headers=english).text
        of_study = doctor.get(f"/studies/{kept['study_id']}/report?lang=en").text
    here = datetime.now(ZoneInfo(ZONE)).replace(tzinfo=None)
    (made,) = told(of_film, r"Made ({})")
    assert minutes(made, here) <= 2
    assert any(minutes(one, here) <= 2 for one in told(of_study, r"({})"))


def told(page: str, where: str) -> list[datetime]:
    found = re.findall(where.format(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d"), page)
    return [datetime.strptime(one, "%d %b %Y %H:%M") for one in found]


def minutes(one: datetime, other: datetime) -> float:
    return abs((one - other).total_seconds()) / 60
