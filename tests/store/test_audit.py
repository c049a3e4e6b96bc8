"""The audit trail is added to; nothing else happens to it."""

import pytest
from sqlalchemy.exc import IntegrityError

from cxr_triage.service.audit import SYSTEM, Action, Actor, Origin, entry
from tests.databases import raw
from tests.store.builders import KEEPING, keep, store_in


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


CHANGES = {
    "both": ["UPDATE audit SET actor_id = 'somebody else'", "DELETE FROM audit"],
    "sqlite": ["REPLACE INTO audit SELECT * FROM audit"],
    "postgresql": ["TRUNCATE audit", "TRUNCATE audit CASCADE"],
}


def test_a_row_is_neither_changed_nor_removed(store, tmp_path, kind):
    keep(store)
    trail = store.audit_trail(before=None, limit=9)
    for statement in (*CHANGES["both"], *CHANGES[kind]):
        with raw(tmp_path) as connection, pytest.raises(IntegrityError, match="appended"):
            connection.exec_driver_sql(statement)
    assert store.audit_trail(before=None, limit=9) == trail


def test_a_row_says_who_did_what_to_what_from_where_with_which_model(store):
    kept = keep(store).stored
    (row,) = store.audit_trail(before=None, limit=9)
    assert row.entry.action == "image_kept"
    assert (row.entry.actor_kind, row.entry.actor_id) == ("station", "xa-an")
    assert (row.entry.address, row.entry.request_id) == ("10.0.0.9", "r1")
    assert row.entry.study_id == kept.study_id
    assert row.entry.assessment_id == kept.assessment.id
    assert row.entry.fingerprint == kept.assessment.fingerprint
    assert row.at.tzinfo is not None


def test_the_trail_is_read_page_by_page_newest_first(store):
    for _ in range(5):
        store.record(KEEPING)
    first = store.audit_trail(before=None, limit=2)
    rest = store.audit_trail(before=first[-1].number, limit=9)
    numbers = [row.number for row in (*first, *rest)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 5


def test_what_a_client_sends_of_itself_does_not_swell_the_trail():
    noisy = Actor(kind="nobody", origin=Origin(address="x" * 9999, request_id="y" * 9999))
    made = entry(Action.SIGN_IN_REFUSED, noisy)
    assert len(made.address) == len(made.request_id) == 64


def test_every_action_fits_its_column():
    assert all(len(action) <= 32 for action in Action)
    assert entry(Action.BACKUP_MADE, SYSTEM).actor_kind == "system"
