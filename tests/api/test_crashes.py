"""kill -9 at any point: what was acknowledged is there, the rest can be sent again."""

import os
import random
import threading
import time
from itertools import count

import httpx
import psutil
import pytest

from .films import film
from .serving import Served, assessment, send

NUMBERS = count(100_000)
CLIENTS = 3
SOAK = bool(os.environ.get("SOAK"))
"""`make soak` kills more often."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(tmp_path_factory.mktemp("killed"))
    yield server
    server.stop()


class Load:
    """Clients that upload films until they are told to stop or the server is gone.

    acknowledged: the answer for each film that has one. open: films that have none.
    """

    def __init__(self, server: Served) -> None:
        self._server = server
        self._stop = threading.Event()
        self.acknowledged: dict[int, dict] = {}
        self.open: set[int] = set()
        self._threads = [threading.Thread(target=self._upload) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _upload(self) -> None:
        with self._server.client() as client:
            while not self._stop.is_set():
                number = next(NUMBERS)
                self.open.add(number)
                try:
                    answer = send(client, film(number))
                except httpx.TransportError:
                    return
                if answer.status_code in (200, 201):
                    self.acknowledged[number] = assessment(answer)
                    self.open.discard(number)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def check_kept(server: Served, load: Load) -> None:
    """Everything acknowledged is there as it was; the rest comes to be by sending it again."""
    with server.store() as store:
        found = store.inspect()
        assert not found.missing
        assert not found.damaged
        assert not found.database
    with server.client() as client:
        for kept in load.acknowledged.values():
            assert client.get(kept["links"]["self"]).json() == kept
        for number, kept in list(load.acknowledged.items())[:3]:
            again = send(client, film(number))
            assert (again.status_code, assessment(again)) == (200, kept)
        for number in load.open:
            first = send(client, film(number))
            assert first.status_code in (200, 201), first.text
            second = send(client, film(number))
            assert (second.status_code, assessment(second)) == (200, assessment(first))


@pytest.mark.soak
@pytest.mark.parametrize("after_s", [turn / 36 for turn in range(10)] if SOAK else [0, 0.1, 0.25])
def test_a_killed_server_lost_nothing_that_it_acknowledged(server, after_s):
    load = Load(server)
    while not load.acknowledged:
        time.sleep(0.01)
    time.sleep(after_s + random.random() * 0.03)  # noqa: S311
    children = server.children()
    server.kill()
    load.stop()
    psutil.wait_procs(children, timeout=10)
    assert not [child for child in children if child.is_running()]
    server.start()
    assert list((server.folder / "spool").iterdir()) == []
    check_kept(server, load)


def wait_for_one_more(load: Load) -> None:
    until, before = time.monotonic() + 60, len(load.acknowledged)
    while len(load.acknowledged) == before:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.soak
def test_killed_inference_processes_cost_no_upload(server):
    load = Load(server)
    pause = random.Random(7)  # noqa: S311
    for _ in range(10 if SOAK else 3):
        wait_for_one_more(load)  # on a busy machine a process takes seconds to start
        time.sleep(0.3 * pause.random())
        for child in server.children():
            child.kill()
    wait_for_one_more(load)
    load.stop()
    assert len(load.open) <= CLIENTS  # only one whose process was killed twice
    check_kept(server, load)
