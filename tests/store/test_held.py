"""While another process holds the database, what may be left out does not keep a page waiting."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from cxr_triage.errors import StoreBusy
from cxr_triage.service.audit import SYSTEM, Action, entry, note
from cxr_triage.store.database import sqlite
from tests.store.builders import store_in

pytestmark = pytest.mark.sqlite

ROW = entry(Action.WORKLIST_VIEWED, SYSTEM)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


@contextmanager
def held(store):
    """By a connection that is not ours."""
    with closing(sqlite3.connect(store._database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def viewed(store) -> int:
    trail = store.audit_trail(before=None, limit=50)
    return sum(row.entry.action == ROW.action for row in trail)


def seconds_of(work) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_a_view_is_noted_in_the_log_soon(store, capsys):
    with held(store):
        assert seconds_of(lambda: note(store, ROW)) < sqlite.BUSY_TIMEOUT_S / 2
    assert viewed(store) == 0
    note(store, ROW)
    assert viewed(store) == 1


def test_it_does_not_wait_behind_one_that_waits_longer(store):
    with ThreadPoolExecutor(1) as threads, held(store):
        patient = threads.submit(store.record, ROW)
        time.sleep(0.2)
        took = seconds_of(lambda: note(store, ROW))
        assert took < sqlite.BUSY_TIMEOUT_S / 2
        assert not patient.done()
    assert patient.exception() is None
    assert viewed(store) == 1


def test_for_a_writer_of_our_own_it_waits(store):
    """Those are many on a busy day, and each takes little."""
    begun = threading.Event()

    def long(_connection) -> None:
        begun.set()
        time.sleep(2 * sqlite.HURRIED_S)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(store._database.write, long)
        begun.wait(5)
        note(store, ROW)
    assert viewed(store) == 1


def test_what_must_be_kept_waits_as_long_as_before(store, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 10.0)
    with ThreadPoolExecutor(1) as threads:
        with held(store):
            patient = threads.submit(store.record, ROW)
            time.sleep(2.5 * sqlite.HURRIED_S)
            assert not patient.done()
        assert patient.exception() is None


def test_and_is_refused_in_the_end(store, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.5)
    with held(store), pytest.raises(StoreBusy):
        store.record(ROW, hurried=True)
