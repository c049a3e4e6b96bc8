"""Several processes and threads on one store."""

import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from cxr_triage.errors import StoreBusy
from cxr_triage.store.database.lock import serving
from cxr_triage.store.records import EVERYWHERE, WorklistQuery
from tests.store.builders import keep, store_in

ROOT = Path(__file__).parents[2]

KEEPER = """
import pathlib, sys
from tests.store.builders import keep, store_in
folder, start = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
with store_in(folder) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*[keep(store, number, study="1.7").created for number in range(20)])
"""


def test_the_same_images_from_two_processes_at_once_are_kept_once(tmp_path):
    keepers = [
        subprocess.Popen(
            [sys.executable, "-c", KEEPER, tmp_path, tmp_path / "start"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    for keeper in keepers:
        assert keeper.stdout.readline() == "ready\n"
    for keeper in keepers:
        keeper.stdin.write("go\n")
        keeper.stdin.flush()
    created = [keeper.communicate()[0].split() for keeper in keepers]
    assert all(keeper.returncode == 0 for keeper in keepers)
    assert [sorted(pair) for pair in zip(*created, strict=True)] == [["False", "True"]] * 20
    with store_in(tmp_path) as store:
        (row,) = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=9).rows
        assert row.images == 20
        assert len(store.audit_trail(before=None, limit=99)) == 20
        assert store.inspect().sound


def test_many_threads_keep_and_read_at_once(tmp_path):
    faults = []

    def work(first):
        try:
            for number in range(first, first + 10):
                keep(store, number)
                store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=50)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a failure
            faults.append(fault)

    with store_in(tmp_path) as store:
        threads = [Thread(target=work, args=(10 * number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        rows = store.worklist(WorklistQuery(), EVERYWHERE, after=None, limit=100).rows
        assert len(rows) == 60


@pytest.mark.sqlite
def test_a_store_that_another_process_holds_is_busy_and_then_free(tmp_path, monkeypatch):
    monkeypatch.setattr("cxr_triage.store.database.sqlite.PRAGMAS", ("busy_timeout = 200",))
    with store_in(tmp_path) as store, store_in(tmp_path) as other:
        with other._database.transaction():
            started = time.monotonic()
            with pytest.raises(StoreBusy):
                keep(store)
            assert time.monotonic() - started < 5
        assert keep(store).created


@pytest.mark.sqlite
def test_one_service_runs_on_a_store_and_a_killed_one_leaves_it_free(tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys, time\n"
            "from cxr_triage.store.database.lock import serving\n"
            "with serving(pathlib.Path(sys.argv[1])):\n"
            "    print('held', flush=True); time.sleep(60)",
            tmp_path,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreBusy) as caught, serving(tmp_path):
        pass
    assert caught.value.code == "store_serving"
    holder.kill()
    holder.communicate()
    with serving(tmp_path):
        pass
