"""Two people who open the same study see it, and a claim that nobody renews ends."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.people.principal import of_person
from cxr_triage.service.review import worklist
from cxr_triage.store.records import EVERYWHERE, TO_READ, WorklistQuery
from tests.store.builders import keep, store_in

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def begin(monkeypatch):
    """A claim ends by the clock: a test's now is when it begins."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC))


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def doctors(store):
    admin = Administration(store, AccountRules())
    return [
        of_person(admin.create_person(name, "ba con meo den 7", role="radiologist", by=SYSTEM))
        for name in ("lan", "minh")
    ]


def take(store, film, doctor, *, minutes=0.0, lasts=5.0, **values):
    at = NOW + timedelta(minutes=minutes)
    return store.claims.take(
        film.study_id, EVERYWHERE, person_id=doctor.id, at=at,
        until=at + timedelta(minutes=lasts), **values,
    )  # fmt: skip


def claim(store, film):
    return store.study(film.study_id, EVERYWHERE).row.claim


def test_who_comes_second_sees_who_reads_it(store, doctors):
    film, (one, other) = keep(store).stored, doctors
    assert take(store, film, one).person_id == one.id
    seen = take(store, film, other, minutes=1)
    assert (seen.person_id, seen.name, seen.since) == (one.id, one.name, NOW)
    assert claim(store, film).person_id == one.id


def test_a_claim_lasts_while_it_is_renewed_and_ends_when_nothing_is_heard(store, doctors):
    film, (one, other) = keep(store).stored, doctors
    take(store, film, one)
    assert take(store, film, one, minutes=4).since == NOW
    assert take(store, film, other, minutes=8).person_id == one.id
    assert take(store, film, other, minutes=10).person_id == other.id
    take(store, film, one, minutes=-99, lasts=1, take_over=True)
    assert claim(store, film) is None


def test_it_can_be_taken_over_and_let_go(store, doctors):
    film, (one, other) = keep(store).stored, doctors
    take(store, film, one)
    assert take(store, film, other, take_over=True).person_id == other.id
    store.claims.let_go(film.study_id, person_id=one.id)
    assert claim(store, film).person_id == other.id
    store.claims.let_go(film.study_id, person_id=other.id)
    assert claim(store, film) is None


def test_nobody_is_sent_to_a_study_that_another_reads(store, doctors):
    films, (one, other) = [keep(store, n, minutes=n).stored for n in range(3)], doctors
    take(store, films[1], other)
    query = WorklistQuery()
    after = worklist.next_to_read(store, one, query, films[0].study_id)
    assert after == films[2].study_id
    assert worklist.next_to_read(store, other, query, films[0].study_id) == films[1].study_id
    counts = store.counts(query, EVERYWHERE)
    assert (counts.to_read, counts.being_read, counts.signed) == (3, 1, 0)
    read_now = replace(query, states=TO_READ, claimed=True)
    found = store.worklist(read_now, EVERYWHERE, after=None, limit=9).rows
    assert [row.study_id for row in found] == [films[1].study_id]


def test_a_claim_goes_with_its_study(store, doctors):
    film = keep(store).stored
    take(store, film, doctors[0])
    store.purging.purge(film.study_id, audit=entry(Action.STUDY_PURGED, SYSTEM))
    assert store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows == ()
