"""Work that can wait is done by one at a time, again when it failed, and is never lost."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.service.tasks.runner import FIRST_RETRY_S, LONGEST_RETRY_S, retry_after_s
from cxr_triage.store.backup.backup import restore
from cxr_triage.store.rows.tasks import KEPT_DAYS, LOST, NewTask, enqueue
from tests.databases import rows_of, url_of
from tests.store.builders import keep, store_in

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
LEASE_S = 60.0


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as store:
        yield store


def put(store, *names: str, at=NOW, **values) -> None:
    for name in names:
        new = NewTask(**{"kind": "copy", "arguments": {"name": name}} | values)
        assert store.tasks.enqueue(new, at=at)


def claim(store, *kinds: str, at=NOW):
    return store.tasks.claim(kinds or ("copy",), at=at, lease_s=LEASE_S)


def name(task) -> str | None:
    return None if task is None else task.arguments["name"]


def test_a_task_is_claimed_once_by_threads_of_two_stores(tmp_path, store):
    put(store, *map(str, range(40)))
    claimed = Counter()

    def work(own):
        while (task := claim(own)) is not None:
            claimed[name(task)] += 1
            assert own.tasks.finish(task, {}, at=NOW)

    with store_in(tmp_path) as other:
        threads = [Thread(target=work, args=(own,)) for own in (store, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert claimed == Counter(map(str, range(40)))
    assert store.tasks.counts() == {}


@pytest.mark.postgresql
def test_who_claims_waits_for_nobody_who_claims_too(tmp_path, store):
    put(store, "first", "second")
    with store_in(tmp_path) as other, other._database.transaction() as connection:
        connection.exec_driver_sql("SELECT * FROM tasks ORDER BY due_at, id LIMIT 1 FOR UPDATE")
        assert claim(store) is not None
        assert claim(store) is None


def test_the_most_urgent_is_first_and_then_what_was_due_first(store):
    put(store, "small", priority=9)
    put(store, "late", at=later(1))
    put(store, "early")
    put(store, "urgent", at=later(2), priority=0)
    found = [name(claim(store, at=later(3))) for _ in range(5)]
    assert found == ["urgent", "early", "late", "small", None]


def test_nothing_is_done_before_its_time(store):
    put(store, "tomorrow", due_at=later(100))
    assert claim(store, at=later(99)) is None
    assert name(claim(store, at=later(100))) == "tomorrow"


def test_what_this_version_does_not_know_is_left_to_others(store):
    put(store, "new", kind="of_the_next_version")
    assert claim(store) is None
    assert name(claim(store, "of_the_next_version")) == "new"


def test_a_lease_that_ran_out_is_claimed_again_and_the_first_one_may_not_end_it(store):
    put(store, "once")
    first = claim(store)
    assert claim(store, at=later(LEASE_S - 1)) is None
    second = claim(store, at=later(LEASE_S))
    assert (name(second), second.attempts) == ("once", 2)
    at = later(LEASE_S + 1)
    assert not store.tasks.finish(first, {}, at=at)
    assert not store.tasks.fail(first, "store_busy", at=at, retry_at=at)
    assert not store.tasks.release(first, at=at)
    assert not store.tasks.renew(first, at=at, lease_s=LEASE_S)
    assert store.tasks.finish(second, {"by": "second"}, at=at)
    assert store.tasks.newest("copy").outcome == {"by": "second"}


def test_a_lease_that_is_renewed_lasts(store):
    put(store, "long")
    task = claim(store)
    assert store.tasks.renew(task, at=later(50), lease_s=LEASE_S)
    assert claim(store, at=later(LEASE_S + 49)) is None
    assert name(claim(store, at=later(LEASE_S + 50))) == "long"


def test_what_is_given_back_is_there_at_once_and_was_no_attempt(store):
    put(store, "stopped", most_attempts=1)
    assert store.tasks.release(claim(store), at=NOW)
    again = claim(store)
    assert (name(again), again.attempts) == ("stopped", 1)


CLAIMER = """
import pathlib, signal, sys
from tests.store.test_tasks import claim, name
from tests.store.builders import store_in
with store_in(pathlib.Path(sys.argv[1])) as store:
    print(name(claim(store)), flush=True)
    signal.pause()
"""


def test_a_crash_after_the_claim_loses_nothing(tmp_path, store):
    put(store, "kept")
    claimer = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, tmp_path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with claimer:
        assert claimer.stdout.readline() == "kept\n"
        os.kill(claimer.pid, signal.SIGKILL)
    assert claim(store, at=later(1)) is None
    task = claim(store, at=later(LEASE_S))
    assert (name(task), task.attempts) == ("kept", 2)


def test_what_kills_whoever_does_it_is_given_up(store):
    put(store, "poison", most_attempts=2)
    put(store, "harmless", priority=9)
    claim(store)
    claim(store, at=later(LEASE_S))
    assert name(claim(store, at=later(2 * LEASE_S))) == "harmless"
    dead = store.tasks.newest("copy")
    assert (name(dead), dead.state, dead.error) == ("poison", "dead", LOST)


def test_what_fails_is_tried_again_at_its_time_and_then_given_up_with_its_error(store):
    put(store, "hopeless", most_attempts=2)
    assert store.tasks.fail(claim(store), "store_busy", at=NOW, retry_at=later(30))
    assert claim(store, at=later(29)) is None
    assert store.tasks.counts() == {("copy", "waiting"): 1}
    last = claim(store, at=later(30))
    assert (last.attempts, last.error) == (2, "store_busy")
    assert store.tasks.fail(last, "store_full", at=later(30), retry_at=later(60))
    assert claim(store, at=later(10**6)) is None
    assert store.tasks.counts() == {("copy", "dead"): 1}
    assert store.tasks.newest("copy").error == "store_full"


@given(attempts=st.integers(1, 10**6))
def test_each_failure_is_waited_for_longer_up_to_an_hour(attempts):
    longest = min(FIRST_RETRY_S * 2 ** (min(attempts, 40) - 1), LONGEST_RETRY_S)
    assert longest / 2 <= retry_after_s(attempts) <= longest
    assert len({retry_after_s(attempts) for _ in range(9)}) > 1


def test_a_task_is_there_with_its_cause_or_not_at_all(tmp_path, store):
    def cause(connection, fails):
        connection.exec_driver_sql("INSERT INTO purging VALUES ('cause')")
        enqueue(connection, NewTask(kind="copy", arguments={"name": "effect"}), at=NOW)
        if fails:
            raise RuntimeError

    with pytest.raises(RuntimeError), store._database.transaction() as connection:
        cause(connection, fails=True)
    assert claim(store) is None
    assert rows_of(tmp_path)["purging"] == "[]"
    with store._database.transaction() as connection:
        cause(connection, fails=False)
    assert name(claim(store)) == "effect"


def test_what_there_may_be_once_is_put_down_once_even_when_it_is_done(tmp_path, store):
    new = NewTask(kind="copy", key="copy 2026-11-27", arguments={"name": "nightly"})
    added = []

    def add(own):
        added.append(own.tasks.enqueue(new, at=NOW))

    with store_in(tmp_path) as other:
        threads = [Thread(target=add, args=(own,)) for own in (store, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(added) == [False] * 5 + [True]
    assert store.tasks.finish(claim(store), {}, at=NOW)
    assert not store.tasks.enqueue(new, at=later(100))
    assert claim(store, at=later(100)) is None


def test_what_ended_long_ago_is_forgotten(tmp_path, store):
    put(store, "old", "new")
    assert store.tasks.finish(claim(store), {}, at=NOW)
    assert store.tasks.finish(claim(store), {}, at=NOW + timedelta(days=KEPT_DAYS, seconds=1))
    assert rows_of(tmp_path)["tasks"].count("'done'") == 1


def test_a_backup_takes_along_what_waits(tmp_path):
    with store_in(tmp_path / "store") as store:
        keep(store, 1)
        put(store, "waits")
        store.back_up(tmp_path / "backup")
    restore(tmp_path / "backup", url_of(tmp_path / "new"), tmp_path / "new/blobs", force=False)
    with store_in(tmp_path / "new") as back:
        assert name(claim(back)) == "waits"


@pytest.mark.postgresql
def test_a_database_where_a_service_only_ran_may_still_be_restored_into(tmp_path):
    with store_in(tmp_path / "store") as store:
        put(store, "from the backup", key="nightly")
        store.back_up(tmp_path / "backup")
    with store_in(tmp_path / "new") as started:
        put(started, "of the new one", key="nightly")
    restore(tmp_path / "backup", url_of(tmp_path / "new"), tmp_path / "new/blobs", force=False)
    with store_in(tmp_path / "new") as back:
        assert name(claim(back)) == "from the backup"
        assert claim(back) is None


def test_arguments_come_back_as_they_were(store):
    arguments = {"name": "Xã An", "count": 3, "ids": ["a", "b"], "none": None}
    put(store, "", arguments=arguments)
    assert claim(store).arguments == arguments
