"""What wants somebody now: unsigned critical and urgent studies, and answers since one looked."""

from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, Scope
from tests.store.builders import RECEIVED_AT, keep, store_in

SAVED, SIGNED = (entry(one, SYSTEM) for one in (Action.REVIEW_SAVED, Action.REVIEW_SIGNED))
EVER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def people(store):
    """Ids of a doctor and of a nurse at the station north."""
    admin = Administration(store, AccountRules())
    for station in ("north", "south"):
        admin.create_station(station, station, by=SYSTEM)
    made = [
        admin.create_person(
            name, "ba con meo den 7", role=role, full_name=name, station_id=station, by=SYSTEM
        )
        for name, role, station in (("Lan", "radiologist", None), ("Mai", "station", "north"))
    ]
    return [one.id for one in made]


def sign(store, kept, doctor, **said):
    result = kept.stored.assessment.id
    draft = ReviewDraft(assessment_id=result, **said)
    saved = store.save_review(draft, EVERYWHERE, reader_id=doctor, version=0, audit=SAVED)
    return store.sign_review(
        result, EVERYWHERE, reader_id=doctor, version=saved.version, audit=SIGNED
    )


def test_the_oldest_unsigned_critical_or_urgent_study_comes_first(store, people):
    doctor, nurse = people
    late = keep(store, 1, station="north", minutes=9, priority="critical")
    early = keep(store, 2, station="north", minutes=1, priority="urgent")
    south = keep(store, 3, station="south", minutes=4, priority="urgent")
    keep(store, 4, station="north", priority="routine")
    keep(store, 5, station="north", priority="none")
    north = Scope(station_id="north")
    found = [row.study_id for row in store.calling.needing(EVERYWHERE)]
    assert found == [one.stored.study_id for one in (early, south, late)]
    seen = [row.study_id for row in store.calling.needing(north)]
    assert seen == [early.stored.study_id, late.stored.study_id]
    calls = store.calling.calls(north, nurse, otherwise=EVER)
    assert (calls.critical, calls.urgent, calls.answers) == (1, 1, 0)
    assert calls.newest == RECEIVED_AT + timedelta(minutes=9)
    sign(store, late, doctor, impression="Tràn khí màng phổi trái")
    calls = store.calling.calls(north, nurse, otherwise=EVER)
    assert (calls.critical, calls.urgent, calls.answers) == (0, 1, 1)
    assert [row.study_id for row in store.calling.needing(north)] == [early.stored.study_id]


def test_answers_are_those_of_ones_own_station_until_they_are_seen(store, people):
    doctor, nurse = people
    mine = keep(store, 1, station="north", priority="routine")
    sign(store, keep(store, 2, station="south"), doctor, impression="khác")
    first = sign(store, mine, doctor, impression="Viêm phổi thuỳ dưới phải")
    north = Scope(station_id="north")
    (answer,) = store.calling.answers(north, nurse, otherwise=EVER)
    assert answer.row.study_id == mine.stored.study_id
    assert (answer.reader, answer.impression) == ("Lan", "Viêm phổi thuỳ dưới phải")
    assert answer.signed_at == first.signed_at
    store.calling.saw_answers(nurse, first.signed_at)
    assert store.calling.answers(north, nurse, otherwise=EVER) == ()
    assert len(store.calling.answers(EVERYWHERE, doctor, otherwise=EVER)) == 2, "each for oneself"
    later = keep(store, 3, station="north")
    sign(store, later, doctor, impression="tim to")
    store.calling.saw_answers(nurse, EVER)
    assert [one.row.study_id for one in store.calling.answers(north, nurse, otherwise=EVER)] == [
        later.stored.study_id
    ], "what was seen stays seen"


def test_who_never_looked_is_told_of_the_last_days_alone(store, people):
    doctor, nurse = people
    sign(store, keep(store, 1, station="north"), doctor, impression="x")
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert store.calling.answers(Scope(station_id="north"), nurse, otherwise=soon) == ()


def test_an_answer_that_was_withdrawn_is_none(store, people):
    doctor, nurse = people
    north, kept = Scope(station_id="north"), keep(store, 1, station="north")
    signed = sign(store, kept, doctor, impression="tim to")
    assert len(store.calling.answers(north, nurse, otherwise=EVER)) == 1
    store.signatures.withdraw(
        kept.stored.assessment.id, EVERYWHERE, reader_id=doctor, version=signed.version,
        why="nhầm phim", at=datetime.now(UTC), audit=entry(Action.SIGNATURE_WITHDRAWN, SYSTEM),
    )  # fmt: skip
    assert store.calling.answers(north, nurse, otherwise=EVER) == ()
    assert store.calling.calls(north, nurse, otherwise=EVER).answers == 0
