"""Two instances on one PostgreSQL and one folder of images, one of them killed and restarted
again and again: nothing acknowledged is lost, nothing is there twice, and the audit trail is
one chain."""

import os
import random
import threading
import time
from collections import Counter
from itertools import count

import httpx
import pytest

from cxr_triage.store.records import EVERYWHERE
from tests.databases import migrated_on

from .films import film
from .serving import Served, assessment, send

KILLS = 10 if os.environ.get("SOAK") else 3
"""`make soak` has more of them."""

CLIENTS = 2
"""Of each instance."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory, postgres_server):
    folder = tmp_path_factory.mktemp("instances")
    url = migrated_on(postgres_server, folder)
    first = Served(folder, database_url=url)
    try:
        second = Served(folder, keys=first.keys, database_url=url)
        yield first, second
        second.stop()
    finally:
        first.stop()


class Senders:
    """Stations' programs: each sends its films until each is acknowledged by the one or the
    other instance, every third one to both."""

    def __init__(self, pair) -> None:
        self._pair = pair
        self._stop = threading.Event()
        self._numbers = count()
        self.answers: dict[int, list[tuple[int, str]]] = {}
        self.refused: Counter[int] = Counter()
        self._threads = [
            threading.Thread(target=self._send, args=(turn,)) for turn in range(2 * CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, turn: int) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            self.answers[number] = []
            for way in (turn, turn + 1) if number % 3 == 0 else (turn,):
                self._until_acknowledged(number, way)

    def _until_acknowledged(self, number: int, way: int) -> None:
        """A load balancer: who does not answer is left for the other one."""
        for attempt in count(way):
            try:
                with self._pair[attempt % 2].client() as client:
                    answer = send(client, film(number))
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code in (200, 201):
                self.answers[number].append((answer.status_code, assessment(answer)["id"]))
                return
            self.refused[answer.status_code] += 1
            time.sleep(0.05)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()


@pytest.mark.soak
def test_an_instance_that_is_killed_again_and_again_costs_nothing(pair):
    first, second = pair
    senders, pause = Senders(pair), random.Random(11)  # noqa: S311 (no secret)
    try:
        for _ in range(KILLS):
            time.sleep(0.5 + pause.random())
            second.kill()
            second.start()
    finally:
        senders.stop()
    assert len(senders.answers) > 10 * KILLS
    assert set(senders.refused) <= {503}
    ids = [{one for _, one in answers} for answers in senders.answers.values()]
    assert all(len(one) == 1 for one in ids), "one result for each film"
    with first.store() as store:
        check_whole(store, len(senders.answers))
        kept = Counter(
            row.entry.assessment_id
            for row in store.audit_trail(before=None, limit=100_000)
            if row.entry.action == "image_kept"
        )
        assert kept == Counter(one for (one,) in ids), "each was kept once"
        for (one,) in ids:
            assert store.file(one, EVERYWHERE)
    with second.client() as client:
        for number, answers in list(senders.answers.items())[:: len(ids) // 10]:
            again = send(client, film(number))
            assert (again.status_code, assessment(again)["id"]) == (200, answers[0][1])


def check_whole(store, images: int) -> None:
    found = store.inspect()
    assert found.sound
    assert found.images == images
    verdict = store.check_trail().chain
    assert verdict.fault is None
    assert verdict.rows > images


def test_who_signed_in_at_one_instance_is_known_at_the_other(pair):
    first, second = pair
    with first.person("radiologist") as here:
        cookies, token = dict(here.cookies), here.headers["X-CSRF-Token"]
        with second.nobody() as there:
            there.cookies.update(cookies)
            assert there.get("/v1/session").json()["csrf"] == token
            there.headers["X-CSRF-Token"] = token
            assert there.delete("/v1/session").status_code == 204
        assert here.get("/v1/session").status_code == 401


def test_failed_sign_ins_count_at_both_instances_together(pair):
    statuses = []
    for turn in range(6):
        with pair[turn % 2].nobody() as client:
            wrong = {"name": "clinician", "password": "not this one"}
            statuses.append(client.post("/v1/session", json=wrong).status_code)
    assert statuses == [401] * 5 + [429]


def test_each_instance_has_a_folder_of_its_own_for_what_comes_in(pair):
    folders = {folder.name for folder in (pair[0].folder / "instances").iterdir()}
    assert len(folders) == 2
