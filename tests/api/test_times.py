"""One zone, the place's: every page and report tells the same time, whatever the machine's zone."""

import re
from datetime import datetime

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
    made = re.search(r"Made (\d{4}-\d\d-\d\d \d\d:\d\d) (\S+?)[<\s.]", of_film)
    assert made[2] == "+0545"
    printed = set(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", of_study))
    assert any(minutes(made[1], one) <= 2 for one in printed)


def minutes(one: str, other: str) -> float:
    apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    return abs(apart.total_seconds()) / 60
