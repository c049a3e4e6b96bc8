"""A cluster of two workers makes the same rows as one process, also when a worker is killed."""

import json
import os
import shutil
import threading
import time

import psutil
import pytest

from cxr_triage.batch.archive import cluster
from cxr_triage.batch.archive.rows import RowFile
from cxr_triage.errors import InputInvalid

from ..cli.running import cxr_triage, in_own_process
from .test_archive import FILMS, MODEL, rows_of, steady

distributed = pytest.importorskip(
    "distributed", reason="install the extra dask: pip install 'cxr-triage[dask]'"
)
# Of the cluster's own sockets and loops, which its threads close later.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cluster") / "films"
    made.mkdir()
    for number, name in enumerate(("film-03.dcm", "film-09.png", "film-16.jpg") * 3):
        shutil.copy(FILMS / name, made / f"{number}-{name}")
    (made / "notes.txt").write_text("no film")
    return made


@pytest.fixture(scope="module")
def alone(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "o"
    done = in_own_process("score", folder, "--out", out, "--resume", "--shard-files", 2, *MODEL)
    assert done.returncode == 0, done.stderr
    return steady(rows_of(out))


@pytest.fixture
def workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as running:
        yield running


def scored(folder, out, workers):
    return in_own_process(
        "score", folder, "--out", out, "--shard-files", 2, "--dask", workers.scheduler_address,
        *MODEL,
    )  # fmt: skip


def test_rows_of_a_cluster_are_those_of_one_process(folder, alone, workers, tmp_path):
    done = scored(folder, tmp_path / "o", workers)
    assert done.returncode == 0, done.stderr
    assert steady(rows_of(tmp_path / "o")) == alone


def test_a_worker_that_is_killed_costs_nothing(folder, alone, workers, tmp_path):
    out, killed = tmp_path / "o", []

    def kill() -> None:
        """As soon as there is a row, whoever holds a shard."""
        end = time.monotonic() + 100
        while time.monotonic() < end and not killed:
            time.sleep(0.05)
            for lease in (out / "state").glob("*.lease"):
                rows = lease.with_suffix(".rows")
                if rows.exists() and list(RowFile(rows)):
                    try:
                        pid = json.loads(lease.read_text())["pid"]
                    except (OSError, ValueError):
                        continue
                    os.kill(pid, 9)
                    killed.append(pid)
                    return

    killer = threading.Thread(target=kill)
    killer.start()
    done = scored(folder, out, workers)
    killer.join()
    assert killed
    assert not psutil.pid_exists(killed[0])
    assert done.returncode == 0, done.stderr
    assert steady(rows_of(out)) == alone
    assert not list((out / "state").glob("*.lease"))


def test_a_scheduler_that_does_not_answer_is_said(folder, tmp_path, monkeypatch):
    def nobody(*_, **__):
        raise OSError

    monkeypatch.setattr(cluster.distributed, "Client", nobody)
    with pytest.raises(InputInvalid) as error:
        cluster.ClusterRun(None, [], "tcp://127.0.0.1:1")
    assert error.value.code == "cluster_unreachable"
    monkeypatch.setattr(cluster, "distributed", None)
    done = cxr_triage("score", folder, "--out", tmp_path / "o", "--dask", "tcp://127.0.0.1:1")
    assert done.returncode == 1
    assert "cxr-triage[dask]" in done.stderr
