"""Turns go by party, then by urgency; who fills the queue waits outside, and nobody else."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cxr_triage.errors import Overloaded
from cxr_triage.service.inference.turns import LATEST_S, Claim, Rank, Turns


class Jobs:
    """Jobs in threads, each ended when a test says so. begun: names in the order of turns."""

    def __init__(self, turns: Turns, threads: ThreadPoolExecutor) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self._threads = threads
        self._ends: dict[str, threading.Event] = {}
        self._futures: dict[str, Future] = {}

    def come(self, party: str, name: str, rank: Rank = Rank.ORDINARY) -> None:
        self._ends[name] = threading.Event()
        before = self._settled()
        self._futures[name] = self._threads.submit(self._run, Claim(party=party, rank=rank), name)
        self._until(lambda: self._settled() > before)

    def _run(self, claim: Claim, name: str) -> None:
        with self.turns.turn(claim):
            self.begun.append(name)
            self._ends[name].wait(10)

    def end(self, name: str) -> None:
        """And wait for whoever is called then."""
        self._ends[name].set()
        self._futures[name].result(10)
        self._until(lambda: len(self.begun) == self._taken())

    def turned_away(self) -> dict[str, Overloaded]:
        done = {name: one.exception(0) for name, one in self._futures.items() if one.done()}
        return {name: error for name, error in done.items() if error is not None}

    def finish(self) -> None:
        for end in self._ends.values():
            end.set()

    def _settled(self) -> int:
        """Jobs that wait, run, are done or were turned away."""
        ended = sum(one.done() for one in self._futures.values())
        return self.turns.waiting + self.turns.running + ended

    def _taken(self) -> int:
        ended = sum(one.done() and one.exception() is None for one in self._futures.values())
        return self.turns.running + ended

    @staticmethod
    def _until(holds) -> None:
        for _ in range(2000):
            if holds():
                return
            time.sleep(0.002)
        pytest.fail("it does not come to that")


@contextmanager
def jobs_of(places: int, queue: int, **options):
    with ThreadPoolExecutor(64) as threads:
        jobs = Jobs(Turns(places, queue, **options), threads)
        try:
            yield jobs
        finally:
            jobs.finish()


def test_a_party_that_fills_the_queue_lets_another_by():
    with jobs_of(1, 16) as jobs:
        for number in range(8):
            jobs.come("north", f"n{number}")
        jobs.come("south", "s0")
        jobs.end("n0")
        assert jobs.begun == ["n0", "s0"]


def test_parties_take_turns_however_much_each_has_waiting():
    now = [0.0]
    with jobs_of(1, 32, clock=lambda: now[0]) as jobs:
        for number in range(6):
            jobs.come("north", f"n{number}")
        for number in range(3):
            jobs.come("south", f"s{number}")
        for _ in range(6):
            now[0] += 1
            jobs.end(jobs.begun[-1])
        assert jobs.begun == ["n0", "s0", "n1", "s1", "n2", "s2", "n3"]


def test_who_takes_long_has_fewer_turns():
    now = [0.0]
    with jobs_of(1, 32, clock=lambda: now[0]) as jobs:
        for number in range(6):
            jobs.come("costly", f"c{number}")
            jobs.come("plain", f"p{number}")
        for _ in range(9):
            running = jobs.begun[-1]
            now[0] += 15.0 if running[0] == "c" else 1.0
            jobs.end(running)
        assert jobs.begun[:7] == ["c0", "p0", "p1", "p2", "p3", "p4", "p5"]


def test_time_that_a_party_did_not_use_is_not_saved_up():
    now = [0.0]
    with jobs_of(1, 32, clock=lambda: now[0]) as jobs:
        jobs.come("late", "l")
        jobs.end("l")
        for number in range(4):
            jobs.come("early", f"e{number}")
            now[0] += 100
            jobs.end(f"e{number}")
        jobs.come("early", "e4")
        for number in range(3):
            jobs.come("late", f"l{number}")
            jobs.come("early", f"e{number + 5}")
        for _ in range(5):
            now[0] += 1
            jobs.end(jobs.begun[-1])
        last = [name[0] for name in jobs.begun[-6:]]
        assert last.count("e") == 3


def test_the_last_places_are_for_who_has_none():
    with jobs_of(3, 16, kept_free=1) as jobs:
        for number in range(6):
            jobs.come("north", f"n{number}")
        assert jobs.begun == ["n0", "n1"]
        jobs.come("south", "s0")
        jobs.come("south", "s1")
        assert jobs.begun == ["n0", "n1", "s0"]
        jobs.end("n0")
        assert jobs.begun == ["n0", "n1", "s0"]
        jobs.end("s0")
        assert len(jobs.begun) == 4


def test_within_a_party_what_is_urgent_comes_first_and_paper_last():
    with jobs_of(1, 16) as jobs:
        jobs.come("north", "running")
        jobs.come("north", "paper", Rank.PRINTED)
        jobs.come("north", "picture")
        jobs.come("north", "critical", Rank.FIRST)
        for name in ("running", "critical", "picture"):
            jobs.end(name)
        assert jobs.begun == ["running", "critical", "picture", "paper"]


def test_who_fills_the_queue_is_turned_away_and_others_get_in():
    with jobs_of(1, 4) as jobs:
        for number in range(5):
            jobs.come("north", f"n{number}")
        jobs.come("north", "n5")
        assert list(jobs.turned_away()) == ["n5"]
        for party in ("south", "east", "west"):
            jobs.come(party, party)
        assert sorted(jobs.turned_away()) == ["n2", "n3", "n4", "n5"]
        jobs.come("all have one", "fifth")
        assert "fifth" in jobs.turned_away()
        error = jobs.turned_away()["n4"]
        assert error.code == "overloaded"
        assert 1 <= error.values["retry_after_s"] <= LATEST_S


def test_the_least_urgent_of_the_fullest_is_turned_away():
    with jobs_of(1, 2) as jobs:
        jobs.come("north", "running")
        jobs.come("north", "paper", Rank.PRINTED)
        jobs.come("north", "picture")
        jobs.come("north", "critical", Rank.FIRST)
        assert list(jobs.turned_away()) == ["paper"]


def test_when_to_come_again_grows_with_what_waits():
    now = [0.0]
    with jobs_of(1, 8, clock=lambda: now[0]) as jobs:
        for number in range(40):
            jobs.come("north", f"first{number}")
            now[0] += 3
            jobs.end(f"first{number}")
        for number in range(9):
            jobs.come("north", f"n{number}")
        jobs.come("north", "one more")
        assert 20 <= jobs.turned_away()["one more"].values["retry_after_s"] <= 30


def test_closing_turns_away_who_waits_and_who_comes():
    with jobs_of(1, 4) as jobs:
        jobs.come("north", "running")
        jobs.come("south", "waiting")
        jobs.turns.close()
        jobs._until(jobs.turned_away)
        assert jobs.turned_away()["waiting"].code == "stopping"
        with pytest.raises(Overloaded), jobs.turns.turn(Claim()):
            pass
        jobs.end("running")


def test_a_place_is_given_back_whatever_becomes_of_its_job():
    turns = Turns(1, 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn(Claim()):
            _ = 1 / 0
    assert (turns.running, turns.waiting) == (0, 0)
