"""Signatures that count after a while, what takes them back, and the doctor's own priority."""

from datetime import UTC, datetime, timedelta

import pytest

from cxr_triage.errors import Conflict, NotAllowed
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.service.review.signatures import SigningClock
from cxr_triage.store.records import EVERYWHERE, TO_READ, ReviewDraft, WorklistQuery
from tests.databases import raw
from tests.store.builders import keep, store_in

GIVEN = entry(Action.SIGNATURE_GIVEN, SYSTEM)
TAKEN = entry(Action.SIGNATURE_TAKEN_BACK, SYSTEM)
WITHDRAWN = entry(Action.SIGNATURE_WITHDRAWN, SYSTEM)
NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def doctors(store):
    admin = Administration(store, AccountRules())
    return [
        admin.create_person(
            name, "ba con meo den 7", role="radiologist", full_name=f"BS. {name}", by=SYSTEM
        ).id
        for name in ("lan", "minh")
    ]


@pytest.fixture
def film(store):
    return keep(store, priority="urgent").stored


def save(store, film, doctor, **said):
    draft = ReviewDraft(assessment_id=film.assessment.id, **(said or {"impression": "clear"}))
    return store.save_review(
        draft, EVERYWHERE, reader_id=doctor, version=0, audit=entry(Action.REVIEW_SAVED, SYSTEM)
    )


def give(store, film, doctor, *, seconds=10.0, whole=None, **said):
    saved = save(store, film, doctor, **said)
    return store.signatures.give(
        film.assessment.id, EVERYWHERE, reader_id=doctor, version=saved.version,
        counts_at=NOW + timedelta(seconds=seconds), whole=whole, audit=GIVEN,
    )  # fmt: skip


def tick(store, seconds=11.0):
    return SigningClock(store, Metrics()).tick(NOW + timedelta(seconds=seconds))


def row(store, film):
    return store.study(film.study_id, EVERYWHERE).row


def to_read(store):
    query = WorklistQuery(states=TO_READ, settled=True)
    found = store.worklist(query, EVERYWHERE, after=None, limit=50).rows
    return [one.study_id for one in found]


def take_back(store, film, doctor):
    return store.signatures.take_back(film.assessment.id, EVERYWHERE, reader_id=doctor, audit=TAKEN)


def withdraw(store, film, doctor, version):
    return store.signatures.withdraw(
        film.assessment.id, EVERYWHERE, reader_id=doctor, version=version, why="wrong film",
        at=NOW, audit=WITHDRAWN,
    )  # fmt: skip


def test_a_signature_counts_after_its_time_and_the_study_waits_no_more(store, film, doctors):
    given = give(store, film, doctors[0])
    assert given.pending
    assert row(store, film).state == "reviewed"
    assert to_read(store) == []
    assert tick(store, seconds=9) == 0
    assert tick(store) == 1
    found = row(store, film)
    assert (found.state, found.signs_at) == ("signed", None)
    assert found.read_at is not None
    assert tick(store) == 0


def test_a_signature_taken_back_in_time_leaves_a_saved_reading(store, film, doctors):
    give(store, film, doctors[0], impression="half a thought")
    with pytest.raises(NotAllowed):
        take_back(store, film, doctors[1])
    taken = take_back(store, film, doctors[0])
    assert (taken.signs_at, taken.signed_at, taken.draft.impression) == (
        None,
        None,
        "half a thought",
    )
    assert tick(store) == 0
    found = row(store, film)
    assert (found.state, found.drafted) == ("reviewed", True)
    assert to_read(store) == [film.study_id]
    again = store.save_review(
        taken.draft, EVERYWHERE, reader_id=doctors[1], version=taken.version,
        audit=entry(Action.REVIEW_SAVED, SYSTEM),
    )  # fmt: skip
    assert again.version == taken.version + 1


def test_nobody_writes_over_a_signature_that_was_given(store, film, doctors):
    given = give(store, film, doctors[0])
    with pytest.raises(Conflict) as caught:
        store.save_review(
            given.draft, EVERYWHERE, reader_id=doctors[1], version=given.version,
            audit=entry(Action.REVIEW_SAVED, SYSTEM),
        )  # fmt: skip
    assert caught.value.code == "review_signing"


def test_once_it_counts_it_is_withdrawn_with_a_reason_and_read_again(store, film, doctors):
    give(store, film, doctors[0], priority="none", impression="clear")
    tick(store)
    assert (row(store, film).priority, row(store, film).decided_by) == ("none", "BS. lan")
    with pytest.raises(Conflict) as caught:
        take_back(store, film, doctors[0])
    assert caught.value.code == "signature_counts"
    [signed] = store.study(film.study_id, EVERYWHERE).reviews
    with pytest.raises(NotAllowed):
        withdraw(store, film, doctors[1], signed.version)
    withdrawn = withdraw(store, film, doctors[0], signed.version)
    assert (withdrawn.withdrawn_at, withdrawn.withdrawn_why) == (NOW, "wrong film")
    found = row(store, film)
    assert (found.state, found.priority, found.decided) == ("changed", "urgent", False)
    assert to_read(store) == [film.study_id]
    newest = store.audit_trail(before=None, limit=1)[0].entry
    assert (newest.action, newest.subject_id) == ("signature_withdrawn", signed.id)
    give(store, film, doctors[1], impression="seen again", priority="critical")
    tick(store)
    found = row(store, film)
    assert (found.state, found.priority, found.decided_by) == ("signed", "critical", "BS. minh")
    assert len(store.study(film.study_id, EVERYWHERE).reviews) == 2


def test_not_even_the_database_changes_a_withdrawal(store, film, doctors, tmp_path):
    give(store, film, doctors[0])
    tick(store)
    [signed] = store.study(film.study_id, EVERYWHERE).reviews
    withdraw(store, film, doctors[0], signed.version)
    for change in ("withdrawn_at = NULL", "withdrawn_why = 'x'", "priority = 'critical'"):
        with raw(tmp_path) as connection, pytest.raises(Exception, match="signed reading"):
            connection.exec_driver_sql(f"UPDATE reviews SET {change}")  # noqa: S608


def test_what_the_study_became_meanwhile_nobody_has_signed(store, film, doctors):
    seen = frozenset({film.assessment.id})
    give(store, film, doctors[0], whole=seen)
    keep(store, 5, study="1.2.0", sop="1.2.0.9", pixels="p5")
    assert tick(store) == 0
    found = row(store, film)
    assert (found.state, found.drafted, found.signs_at) == ("new", True, None)
    assert store.audit_trail(before=None, limit=1)[0].entry.action == "signature_lapsed"


@pytest.mark.parametrize("theirs", ["critical", "none"])
def test_a_signed_study_sorts_by_the_doctors_priority(store, film, doctors, theirs):
    others = [keep(store, n, priority=p).stored for n, p in ((1, "critical"), (2, "routine"))]
    give(store, film, doctors[0], priority=theirs, impression="seen")
    tick(store)
    page = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    order = [one.study_id for one in page]
    assert order.index(film.study_id) == (0 if theirs == "critical" else 2)
    assert {one.study_id for one in page} == {film.study_id, *(one.study_id for one in others)}
    found = row(store, film)
    assert (found.priority, found.ai_priority) == (theirs, "urgent")
    only = WorklistQuery(priorities=(theirs,), states=("signed",))
    assert store.worklist(only, EVERYWHERE, after=None, limit=9).rows[0].study_id == film.study_id


def test_a_film_that_comes_after_the_doctors_priority_is_not_hidden_by_it(store, film, doctors):
    give(store, film, doctors[0], priority="none", whole=frozenset({film.assessment.id}),
         impression="clear")  # fmt: skip
    tick(store)
    keep(store, 5, study="1.2.0", sop="1.2.0.9", pixels="p5", priority="critical")
    found = row(store, film)
    assert (found.state, found.priority, found.decided) == ("changed", "critical", False)


def test_the_list_counts_what_waits_and_what_is_signed(store, film, doctors):
    keep(store, 1)
    counts = store.counts(WorklistQuery(), EVERYWHERE)
    assert (counts.to_read, counts.signed) == (2, 0)
    give(store, film, doctors[0])
    tick(store)
    counts = store.counts(WorklistQuery(), EVERYWHERE)
    assert (counts.to_read, counts.signed) == (1, 1)
