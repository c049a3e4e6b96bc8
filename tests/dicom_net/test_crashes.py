"""kill -9 while four modalities send: nothing that was answered Success is missing."""

import os
import random
import threading
import time
from itertools import count

import psutil
import pytest

from cxr_triage.store.records import EVERYWHERE

from ..api.films import ROOT, film
from ..api.serving import Served
from ..peers.orthanc import free_port
from .serving import association, store

SENDERS = 4
SOAK = bool(os.environ.get("SOAK"))
NUMBERS = count(200_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    callers = "; ".join(f"XRAY{number}=north" for number in range(SENDERS))
    server = Served(
        tmp_path_factory.mktemp("killed"), workers=2, dicom_port=port, dicom_callers=callers
    )
    server.dicom_port = port
    yield server
    server.stop()


class Senders:
    """Modalities that send until the server is gone. stored: what was answered Success."""

    def __init__(self, port: int) -> None:
        self.stored: set[int] = set()
        self.open: set[int] = set()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(port, f"XRAY{number}"))
            for number in range(SENDERS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, port: int, title: str) -> None:
        with association(port, title) as xray:
            while xray.is_established and not self._stop.is_set():
                number = next(NUMBERS)
                self.open.add(number)
                try:
                    answer = store(xray, film(number))
                except (RuntimeError, OSError):
                    return
                if answer.get("Status") == 0:
                    self.stored.add(number)
                    self.open.discard(number)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)


def study_uids(server) -> set[str]:
    with server.store() as kept:
        found = kept.inspect()
        assert (found.missing, found.damaged, found.database) == ((), (), ())
        return {
            row.study_uid
            for number in range(200_000, next(NUMBERS))
            for row in kept.studies_with_uid(f"{ROOT}.1.{number}", EVERYWHERE)
        }


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn / 18 for turn in range(10)] if SOAK else [0.15])
def test_a_killed_server_lost_nothing_that_it_answered_with_success(server, after_s):
    senders = Senders(server.dicom_port)
    until = time.monotonic() + 60
    while len(senders.stored) < SENDERS:
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(after_s + random.random() * 0.05)  # noqa: S311
    children = server.children()
    server.kill()
    senders.stop()
    psutil.wait_procs(children, timeout=10)
    server.start()
    assert {f"{ROOT}.1.{number}" for number in senders.stored} <= study_uids(server)
    assert list((server.folder / "spool").iterdir()) == []
    with association(server.dicom_port, "XRAY0") as xray:
        for number in senders.open:
            assert store(xray, film(number)).Status == 0
