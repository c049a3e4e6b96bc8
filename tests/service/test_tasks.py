"""The thread that does what can wait, and its first work: the nightly check of the store."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cxr_triage.errors import StoreBusy
from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.retention import plan_older_than, purge
from cxr_triage.service.tasks import runner, store_check
from cxr_triage.service.tasks.runner import TaskRunner
from cxr_triage.service.tasks.store_check import KIND, last_check, nightly
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, WorklistQuery
from cxr_triage.store.rows.tasks import NewTask
from tests.databases import raw
from tests.store.builders import keep, store_in

SETTINGS = Settings()


@pytest.fixture
def store(tmp_path, on_database):
    with store_in(tmp_path) as store:
        yield store


@pytest.fixture
def alone(tmp_path):
    """A store on SQLite, where the kind of database does not matter."""
    with store_in(tmp_path) as store:
        yield store


def runner_of(store, handler=None, **values) -> TaskRunner:
    """handler: of the only kind there is, `copy`; None: of all that the service has."""
    if handler is not None:
        values = {"handlers": {"copy": handler}, "schedules": ()} | values
    return TaskRunner(store, SETTINGS, Metrics(), **values)


def put(store, **values) -> None:
    store.tasks.enqueue(NewTask(kind="copy", **values), at=datetime.now(UTC))


def digests(store) -> list[str]:
    rows = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
    return [store.assessment(row.assessment_id, EVERYWHERE).assessment.digest for row in rows]


def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")


def measured(store) -> dict[str, float]:
    metrics = Metrics()
    metrics.watch_tasks(store)
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        sample.name.removeprefix("cxr_triage_"): sample.value
        for family in families
        for sample in family.samples
        if "store_check" in sample.name and not sample.labels
    }


def test_of_two_runners_one_does_the_nightly_check(tmp_path, store, monkeypatch):
    keep(store, 1)
    done = []
    monkeypatch.setitem(
        handlers := dict(runner.HANDLERS),
        KIND,
        lambda work: done.append(work.task.key) or store_check.check_store(work),
    )
    monkeypatch.setattr(runner, "POLL_S", 0.02)
    with store_in(tmp_path) as other:
        both = [runner_of(own, handlers=handlers) for own in (store, other)]
        for one in both:
            one.start()
        until(lambda: last_check(store))
        time.sleep(0.3)
        for one in both:
            one.close()
    assert len(done) == 1
    assert last_check(store).sound
    assert last_check(store).found.images == 1
    assert measured(store)["store_check_sound"] == 1
    assert 0 <= measured(store)["store_check_age_seconds"] < 60


def test_the_check_finds_what_is_changed_and_what_is_gone(store):
    for number in range(3):
        keep(store, number)
    changed, gone, _ = digests(store)
    store.path_of(changed).write_bytes(b"something else")
    store.path_of(gone).unlink()
    assert runner_of(store).do_next()
    found = last_check(store).found
    assert (found.images, found.missing_named, found.damaged_named) == (3, (gone,), (changed,))
    assert (found.missing, found.damaged, found.trail_fault) == (1, 1, None)
    assert not last_check(store).sound
    assert measured(store)["store_check_sound"] == 0


def test_the_check_finds_a_row_of_the_trail_that_was_changed(tmp_path, alone):
    keep(alone, 1)
    with raw(tmp_path) as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_keeps_values")
        connection.exec_driver_sql("UPDATE audit SET actor_id = 'somebody' WHERE number = 1")
    runner_of(alone).do_next()
    assert last_check(alone).found.trail_fault == 1
    assert not last_check(alone).sound


def test_the_check_finds_a_study_that_is_not_as_the_trail_says(tmp_path, store):
    study = keep(store, 1).stored.study_id
    keep(store, 2)
    with raw(tmp_path) as connection:
        connection.exec_driver_sql(
            f"UPDATE studies SET priority_rank = 4 WHERE id = '{study}'"  # noqa: S608
        )
    runner_of(store).do_next()
    found = last_check(store).found
    assert (found.differing, found.differing_named) == (1, (f"study_changed {study}",))
    assert (found.trail_fault, found.unknown, found.sound) == (None, 0, False)
    assert not last_check(store).sound
    assert found_by_kind(store)["differing"] == 1


def found_by_kind(store) -> dict[str, float]:
    metrics = Metrics()
    metrics.watch_tasks(store)
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        sample.labels["kind"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "cxr_triage_store_check_found"
    }


def test_what_is_purged_during_the_check_is_not_missing(alone):
    keep(alone, 1)
    (digest,) = digests(alone)

    pauses = count()

    def purge_when_hashing():
        if next(pauses) == 1:  # listed before, and named by a row
            purge(alone, plan_older_than(alone, -3650), "for this test", by=SYSTEM)
            assert not alone.path_of(digest).exists()

    found = alone.inspect(purge_when_hashing)
    assert (found.images, found.sound) == (1, True)


def test_a_check_that_cannot_be_done_is_told(alone, monkeypatch):
    def fails(_pause):
        raise StoreBusy("store_busy")

    monkeypatch.setattr(alone, "inspect", fails)
    monkeypatch.setattr(runner, "retry_after_s", lambda _: 0.0)
    checks = runner_of(alone)
    for _ in range(5):
        assert checks.do_next()
    assert not checks.do_next()
    last = last_check(alone)
    assert (last.found, last.error, last.sound) == (None, "store_busy", False)


def at(*moment: int) -> datetime:
    """In UTC; the place is seven hours ahead."""
    return datetime(2026, 11, *moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (at(26, 18, 59), "2026-11-26"), (at(26, 19), "2026-11-27"), (at(27, 18, 59), "2026-11-27"),
    ],
)  # fmt: skip
def test_a_check_is_due_at_the_hour_of_the_place_and_until_the_next_one(moment, day):
    assert nightly(SETTINGS, moment).key == f"store_check {day}"


def test_at_no_hour_nothing_is_checked():
    assert nightly(Settings(store_check_hour=-1), at(27, 2)) is None


def test_a_task_that_raises_stops_no_other(alone):
    def copy(work):
        if work.task.arguments:
            raise ValueError("a patient's name")
        return {"copied": 1}

    put(alone, arguments={"fails": True}, priority=0)
    put(alone)
    tasks = runner_of(alone, copy)
    assert (tasks.do_next(), tasks.do_next(), tasks.do_next()) == (True, True, False)
    assert alone.tasks.newest("copy").outcome == {"copied": 1}
    assert alone.tasks.counts() == {("copy", "waiting"): 1}


def test_it_goes_on_when_the_store_has_failed(alone, monkeypatch):
    monkeypatch.setattr(runner, "POLL_S", 0.01)
    claim, calls = alone.tasks.claim, []

    def failing(*arguments, **values):
        calls.append(1)
        if len(calls) == 1:
            raise StoreBusy("store_busy")
        return claim(*arguments, **values)

    monkeypatch.setattr(alone.tasks, "claim", failing)
    put(alone)
    tasks = runner_of(alone, lambda _: {})
    tasks.start()
    until(lambda: alone.tasks.newest("copy"))
    tasks.close()


def test_long_work_is_given_back_within_seconds_of_the_end(alone):
    begun = threading.Event()

    def endless(work):
        begun.set()
        while True:
            work.pause(60)

    put(alone)
    tasks = runner_of(alone, endless)
    tasks.start()
    assert begun.wait(10)
    started = time.monotonic()
    tasks.close()
    assert time.monotonic() - started < 3
    task = alone.tasks.claim(("copy",), at=datetime.now(UTC), lease_s=60)
    assert task.attempts == 1


def test_long_work_keeps_its_lease_and_ends_where_another_has_it(alone, monkeypatch):
    monkeypatch.setattr(runner, "LEASE_S", 0.4)
    stolen, told = [], []

    def long(work):
        for _ in range(20):
            time.sleep(0.04)
            work.pause(0)
        assert alone.tasks.claim(("copy",), at=datetime.now(UTC), lease_s=60) is None
        stolen.append(
            alone.tasks.claim(("copy",), at=datetime.now(UTC) + timedelta(seconds=9), lease_s=60)
        )
        time.sleep(0.2)
        try:
            work.pause(0)
        finally:
            told.append(True)
        raise AssertionError("it went on")

    put(alone)
    assert runner_of(alone, long).do_next()
    assert (len(stolen), told) == (1, [True])
    assert alone.tasks.finish(stolen[0], {}, at=datetime.now(UTC))


def test_closing_what_was_never_started_is_harmless(alone):
    runner_of(alone).close()
