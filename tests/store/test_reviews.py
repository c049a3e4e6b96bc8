"""Readings: nobody overwrites what they have not seen; what is signed stays."""

from threading import Barrier, Thread

import pytest
from sqlalchemy.exc import IntegrityError

from cxr_triage.errors import Conflict, NotFound
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, Scope
from tests.databases import raw
from tests.store.builders import keep, store_in

SAVED = entry(Action.REVIEW_SAVED, SYSTEM)
SIGNED = entry(Action.REVIEW_SIGNED, SYSTEM)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def readers(store) -> list[str]:
    admin = Administration(store, AccountRules())
    return [
        admin.create_person(
            name, "ba con meo den 7", role="radiologist", full_name=f"BS. {name}", by=SYSTEM
        ).id
        for name in ("lan", "minh")
    ]


@pytest.fixture
def stored(store):
    return keep(store).stored


def draft(stored, note="", **values) -> ReviewDraft:
    return ReviewDraft(
        assessment_id=stored.assessment.id,
        verdicts={"Pneumothorax": "agree", "Effusion": "disagree"},
        missed=("Nodule",),
        overall="unsure",
        note=note,
        impression="Tràn khí màng phổi trái",
        **values,
    )


def state(store, stored) -> str:
    return store.study(stored.study_id, EVERYWHERE).row.state


def save(store, stored, reader, version, note="", scope=EVERYWHERE):
    return store.save_review(
        draft(stored, note), scope, reader_id=reader, version=version, audit=SAVED
    )


def sign(store, stored, reader, version):
    return store.sign_review(
        stored.assessment.id, EVERYWHERE, reader_id=reader, version=version, audit=SIGNED
    )


def test_a_reading_comes_back_as_it_was_saved(store, stored, readers):
    review = save(store, stored, readers[0], 0, "lần đầu")
    assert review.draft == draft(stored, "lần đầu")
    assert (review.reader_name, review.version, review.signed_at) == ("BS. lan", 1, None)
    assert store.study(stored.study_id, EVERYWHERE).reviews == (review,)
    assert state(store, stored) == "reviewed"


def test_a_reader_who_saw_an_older_version_does_not_overwrite(store, stored, readers):
    first = save(store, stored, readers[0], 0, "lan")
    for stale in (0, 2):
        with pytest.raises(Conflict) as caught:
            save(store, stored, readers[1], stale, "minh")
        assert caught.value.code == "review_changed"
    assert store.study(stored.study_id, EVERYWHERE).reviews == (first,)
    second = save(store, stored, readers[1], first.version, "minh")
    assert (second.id, second.version, second.draft.note) == (first.id, 2, "minh")
    assert second.reader_id == readers[1]


def test_of_two_who_save_at_once_one_learns_of_the_other(store, stored, readers):
    barrier, outcomes = Barrier(2), []

    def work(reader):
        barrier.wait()
        try:
            save(store, stored, reader, 0)
            outcomes.append("saved")
        except Conflict as conflict:
            outcomes.append(conflict.code)

    threads = [Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["review_changed", "saved"]


def test_a_signed_reading_changes_no_more(store, stored, readers):
    saved = save(store, stored, readers[0], 0)
    signed = sign(store, stored, readers[0], saved.version)
    assert signed.signed_at is not None
    assert state(store, stored) == "signed"
    for act in (save, sign):
        with pytest.raises(Conflict) as caught:
            act(store, stored, readers[1], signed.version)
        assert caught.value.code == "review_signed"


CHANGES = {
    "both": ["UPDATE reviews SET note = 'x'", "DELETE FROM reviews"],
    "sqlite": ["REPLACE INTO reviews SELECT * FROM reviews"],
    "postgresql": ["TRUNCATE reviews"],
}


def test_not_even_the_database_changes_a_signed_reading(store, stored, readers, tmp_path, kind):
    sign(store, stored, readers[0], save(store, stored, readers[0], 0).version)
    for statement in (*CHANGES["both"], *CHANGES[kind]):
        with raw(tmp_path) as connection, pytest.raises(IntegrityError, match="signed"):
            connection.exec_driver_sql(statement)


def test_only_what_was_saved_and_seen_is_signed(store, stored, readers):
    with pytest.raises(Conflict) as caught:
        sign(store, stored, readers[0], 0)
    assert caught.value.code == "review_not_saved"
    save(store, stored, readers[0], 0)
    with pytest.raises(Conflict) as caught:
        sign(store, stored, readers[1], 7)
    assert caught.value.code == "review_changed"


def test_an_addendum_is_added_to_a_signed_reading_alone(store, stored, readers):
    def add(note):
        return store.add_addendum(
            draft(stored, note), EVERYWHERE, reader_id=readers[1], audit=SIGNED
        )

    with pytest.raises(Conflict) as caught:
        add("too early")
    assert caught.value.code == "review_not_signed"
    saved = save(store, stored, readers[0], 0)
    with pytest.raises(Conflict):
        add("still too early")
    signed = sign(store, stored, readers[0], saved.version)
    added = [add("first"), add("second")]
    assert all(one.addendum_of == signed.id and one.signed_at for one in added)
    assert store.study(stored.study_id, EVERYWHERE).reviews == (signed, *added)
    assert state(store, stored) == "signed"


def test_a_reading_of_another_stations_result_is_refused(store, stored, readers):
    with pytest.raises(NotFound):
        save(store, stored, readers[0], 0, scope=Scope(station_id="xa-an"))
    assert store.study(stored.study_id, EVERYWHERE).reviews == ()


def test_every_change_leaves_a_row_that_names_its_result(store, stored, readers):
    saved = save(store, stored, readers[0], 0)
    sign(store, stored, readers[0], saved.version)
    rows = store.audit_trail(before=None, limit=2)
    assert [row.entry.action for row in rows] == ["review_signed", "review_saved"]
    for row in rows:
        assert row.entry.assessment_id == stored.assessment.id
        assert row.entry.study_id == stored.study_id
        assert row.entry.subject_id == saved.id
        assert row.entry.fingerprint == stored.assessment.fingerprint


def test_a_reading_stays_with_its_result_when_a_newer_one_comes(store, stored, readers):
    sign(store, stored, readers[0], save(store, stored, readers[0], 0).version)
    newer = keep(store, fingerprint="e" * 32).stored
    detail = store.study(stored.study_id, EVERYWHERE)
    assert [found.assessment.id for found in detail.images] == [newer.assessment.id]
    assert [review.assessment_id for review in detail.reviews] == [stored.assessment.id]
    assert save(store, newer, readers[0], 0).version == 1
