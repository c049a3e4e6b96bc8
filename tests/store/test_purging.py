"""A purged study is gone with all that belonged to it; the rest and the trail stay whole."""

from hashlib import sha256
from threading import Thread

import pytest

from cxr_triage.domain import Patient
from cxr_triage.errors import NotFound, QueryInvalid
from cxr_triage.service import retention
from cxr_triage.service.audit import SYSTEM, Action, entry
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.store.records import EVERYWHERE, ReviewDraft, WorklistQuery
from tests.databases import rows_of
from tests.store.builders import KEEPING, RECEIVED_AT, image, keep, result, store_in

MARKED = Patient(id="MARKID", name="MARK^NAME", birth_date="19700101", sex="F")
REASON = "kept for longer than ten years"
PURGED = entry(Action.STUDY_PURGED, SYSTEM, reason=REASON)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def signed(store):
    """A study of the marked patient with a signed reading and an addendum."""
    new = image(1, patient=MARKED)
    kept = store.keep(new, result(new, study="1.5", sop="1.5.1"), audit=KEEPING).stored
    person = Administration(store, AccountRules()).create_person(
        "lan", "ba con mèo đen 7", role="radiologist", by=SYSTEM
    )
    draft = ReviewDraft(assessment_id=kept.assessment.id, note="MARKED note", impression="MARKED")
    about = {"reader_id": person.id, "audit": KEEPING}
    store.save_review(draft, EVERYWHERE, version=0, **about)
    store.sign_review(kept.assessment.id, EVERYWHERE, version=1, **about)
    store.add_addendum(draft, EVERYWHERE, **about)
    return kept


def test_nothing_of_a_purged_study_is_left_but_its_rows_in_the_trail(store, signed, tmp_path):
    keep(store, 7)
    assert store.purging.purge(signed.study_id, audit=PURGED) == 1
    with pytest.raises(NotFound):
        store.study(signed.study_id, EVERYWHERE)
    found = rows_of(tmp_path)
    for table, rows in found.items():
        assert "MARK" not in rows, table
        assert table == "audit" or signed.study_id not in rows, table
    assert found["purging"] == "[]"
    inspection = store.inspect()
    assert (inspection.sound, inspection.images, inspection.orphans) == (True, 1, ())
    (newest,) = store.audit_trail(before=None, limit=1)
    assert (newest.entry.action, newest.entry.reason) == ("study_purged", REASON)
    assert newest.entry.study_id == signed.study_id
    assert store.check_trail().sound
    with pytest.raises(NotFound):
        store.purging.purge(signed.study_id, audit=PURGED)


@pytest.mark.sqlite
def test_the_file_of_the_database_holds_nothing_of_it_either(store, signed, tmp_path):
    store.purging.purge(signed.study_id, audit=PURGED)
    with store._database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    assert b"MARK" not in b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite3*"))


def test_a_file_and_a_patient_that_others_share_stay(store, tmp_path):
    admin = Administration(store, AccountRules())
    admin.create_station("xa-an", "Xã An", by=SYSTEM)
    first = keep(store, 1).stored
    keep(store, 2)
    other = keep(store, 1, station="xa-an").stored
    assert store.purging.purge(first.study_id, audit=PURGED) == 0
    assert store.file(other.assessment.id, EVERYWHERE)
    assert len(store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows) == 2
    assert store.purging.purge(other.study_id, audit=PURGED) == 1
    assert store.inspect().sound


def test_only_what_is_older_is_planned(store):
    for number in range(3):
        keep(store, number, minutes=10 * number)
    plan = store.purging.plan(received_before=RECEIVED_AT.replace(minute=50))
    assert (len(plan.study_ids), plan.images, plan.unread) == (2, 2, 2)
    assert retention.purge(store, plan, REASON, by=SYSTEM) == 2
    assert len(store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows) == 1


@pytest.mark.parametrize("reason", ["", "    ", "why", "x" * 201, "because\x00of"])
def test_a_reason_is_needed(store, reason):
    keep(store, 1)
    plan = store.purging.plan(received_before=RECEIVED_AT.replace(year=2100))
    with pytest.raises(QueryInvalid):
        retention.purge(store, plan, reason, by=SYSTEM)
    assert store.inspect().images == 1


def test_orphans_are_removed_and_nothing_else(store):
    keep(store, 1)
    store._blobs.write(b"left over", sha256(b"left over").hexdigest())
    assert retention.remove_orphans(store, by=SYSTEM) == 1
    assert retention.remove_orphans(store, by=SYSTEM) == 0
    inspection = store.inspect()
    assert (inspection.sound, inspection.images, inspection.orphans) == (True, 1, ())


def test_the_same_file_is_kept_and_purged_at_once_again_and_again(store, tmp_path):
    """Whoever wins, no result is left without its file."""
    faults = []

    def keep_often():
        try:
            for _ in range(30):
                keep(store, 1)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a failure
            faults.append(fault)

    keeper = Thread(target=keep_often)
    keeper.start()
    while keeper.is_alive():
        plan = store.purging.plan(received_before=RECEIVED_AT.replace(year=2100))
        for study in plan.study_ids:
            store.purging.purge(study, audit=PURGED)
    keeper.join()
    assert faults == []
    assert store.inspect().sound
    assert store.check_trail().sound
