"""Urgent and critical studies that nobody has read in their time ring, for the next person each
time; never while nobody is on duty."""

from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.principal import of_person
from cxr_triage.service.review.escalation import ringing
from cxr_triage.service.review.signatures import SigningClock
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE
from tests.store.builders import RECEIVED_AT, keep, store_in

WAITS = {
    "critical": timedelta(minutes=30), "urgent": timedelta(hours=2), "routine": timedelta(hours=9),
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def people(store):
    admin = Administration(store, AccountRules())
    admin.create_station("xa-an", "x", by=SYSTEM)
    admin.create_station("xa-ba", "x", by=SYSTEM)
    made = {
        name: admin.create_person(
            name, "ba con meo den 7", role=role, station_id=station, by=SYSTEM
        )
        for name, role, station in (
            ("signs", "radiologist", None),
            ("reads", "clinician", None),
            ("an", "station", "xa-an"),
            ("ba", "station", "xa-ba"),
            ("admin", "administrator", None),
        )
    }
    return {name: of_person(person) for name, person in made.items()}


@pytest.fixture
def film(store, people):
    return keep(store, 1, station="xa-an", priority="critical").stored


def rings(store, people, minutes, **settings):
    at = RECEIVED_AT + timedelta(minutes=minutes)
    found = {
        name: ringing(store, who, Settings(**settings), WAITS, at=at)
        for name, who in people.items()
    }
    return {name for name, one in found.items() if one.studies}, found["an"]


def test_it_rings_for_the_next_person_each_time(store, people, film):
    assert rings(store, people, 29)[0] == set()
    assert rings(store, people, 31)[0] == {"signs"}
    assert rings(store, people, 61)[0] == {"signs", "reads"}
    assert rings(store, people, 91)[0] == {"signs", "reads", "an"}


def test_urgent_ones_have_longer_and_others_never_ring(store, people):
    keep(store, 1, priority="urgent")
    keep(store, 2, priority="routine")
    assert rings(store, people, 119)[0] == set()
    at = RECEIVED_AT + timedelta(minutes=1000)
    now = ringing(store, people["signs"], Settings(), WAITS, at=at)
    assert [one.row.priority for one in now.studies] == ["urgent"]


def test_what_somebody_reads_rings_for_nobody(store, people, film):
    now = datetime.now(UTC)
    store.claims.take(
        film.study_id, EVERYWHERE, person_id=people["signs"].id, at=now,
        until=now + timedelta(minutes=5),
    )  # fmt: skip
    assert rings(store, people, 500)[0] == set()
    store.claims.let_go(film.study_id, person_id=people["signs"].id)
    assert rings(store, people, 500, duty_hours="mo-su 00:00-00:00")[0] == {"signs", "reads", "an"}


def test_nothing_rings_while_nobody_is_on_duty_and_the_station_is_told(store, people, film):
    # RECEIVED_AT is a Monday, 15:30 of the place.
    found, station = rings(store, people, 91, duty_hours="mo-fr 07:00-16:00")
    assert found == set()
    assert not station.on_duty
    assert (station.from_.isoweekday(), station.from_.hour) == (2, 7)
    assert rings(store, people, 91, duty_hours="mo-fr 07:00-18:00")[1].on_duty


def test_each_time_is_counted_once(store, film):
    metrics = Metrics()
    clock = SigningClock(store, metrics, waits=lambda: WAITS)
    counted = [
        clock.count_escalations(RECEIVED_AT + timedelta(minutes=minutes))
        for minutes in (10, 31, 32, 61, 62)
    ]
    assert counted == [0, 1, 0, 1, 0]
    text = metrics.exposition().decode()
    assert 'cxr_triage_escalations_total{level="1",priority="critical"} 1.0' in text
    assert 'cxr_triage_escalations_total{level="2",priority="critical"} 1.0' in text
