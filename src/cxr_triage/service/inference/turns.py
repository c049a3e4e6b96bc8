"""Whose turn it is: places that parties share, and a queue that none of them fills alone.

A party is a station, or a person of none. A free place goes to the party that has the fewest, of
those the one that has had the least time; within a party what is more urgent goes first. Some
places are kept for who has none: a party that sends without end, however much each of its jobs
takes, never holds them all. Where the queue is full, the party with the most in it waits outside:
the least urgent and newest of its jobs is turned away, whoever comes.

Source: fair queueing by start tags (Goyal, Vin, Cheng 1996), dropping from the longest queue
(Suter et al. 1998).
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Final, Literal

from cxr_triage.errors import Overloaded

SOONEST_S: Final = 1
LATEST_S: Final = 60
"""When somebody is told to come again."""
FIRST_GUESS_S: Final = 0.5
"""That a job takes, before the first has ended."""
NEWEST_COUNTS: Final = 0.1
"""How much of what a job took goes into what one takes."""


class Rank(IntEnum):
    """What comes first within a party."""

    FIRST = 0
    ORDINARY = 1
    PRINTED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Whose job it is, and how urgent among theirs. party: "" for the service itself."""

    party: str = ""
    rank: Rank = Rank.ORDINARY


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A job in the queue. answer: set with the event."""

    claim: Claim
    number: int
    called: threading.Event = field(default_factory=threading.Event)
    answer: Literal["turn", "overloaded", "stopping"] = "turn"
    retry_after_s: int = SOONEST_S

    @property
    def order(self) -> tuple[Rank, int]:
        """The least of a party's goes first, the greatest is turned away first."""
        return self.claim.rank, self.number


class Turns:
    """Safe to call from several threads.

    places: jobs at a time; kept_free: of them, for parties that have none. queue: jobs that
    may wait.
    """

    def __init__(
        self,
        places: int,
        queue: int,
        *,
        kept_free: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        self._queue = queue
        self._kept_free = kept_free
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count()
        self._waiting: dict[str, list[_Waiting]] = {}
        self._running: Counter[str] = Counter()
        self._served_s: dict[str, float] = {}
        self._floor_s = 0.0
        self._mean_s = FIRST_GUESS_S
        self._closed = False

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        with self._lock:
            return self._length()

    @property
    def threads(self) -> int:
        """That may be held up here at a time."""
        return self.places + self._queue

    @contextmanager
    def turn(self, claim: Claim) -> Iterator[None]:
        """A place for the block; waits for it. Raises Overloaded `overloaded` or `stopping`."""
        self._wait(claim)
        started = self._clock()
        try:
            yield
        finally:
            self._end(claim.party, self._clock() - started)

    def check_open(self) -> None:
        """Raises Overloaded `stopping`."""
        if self._closed:
            raise Overloaded("stopping", retry_after_s=SOONEST_S)

    def close(self) -> None:
        """Nobody has a turn any more."""
        with self._lock:
            self._closed = True
            for job in [job for jobs in self._waiting.values() for job in jobs]:
                self._answer(job, "stopping")

    def _wait(self, claim: Claim) -> None:
        with self._lock:
            self.check_open()
            job = _Waiting(claim=claim, number=next(self._numbers))
            self._enter(job)
            self._call_next()
            if self._length() > self._queue:
                self._turn_away(claim.party)
        job.called.wait()
        if job.answer != "turn":
            raise Overloaded(job.answer, retry_after_s=job.retry_after_s)

    def _enter(self, job: _Waiting) -> None:
        party = job.claim.party
        if party not in self._waiting and not self._running[party]:  # time unused is not saved up
            self._served_s[party] = max(self._served_s.get(party, 0.0), self._floor_s)
        self._waiting.setdefault(party, []).append(job)

    def _turn_away(self, newcomer: str) -> None:
        """One job of the party with the most in the queue, the newcomer's if it is one of them."""
        party = self._fullest(newcomer)
        job = max(self._waiting[party], key=lambda one: one.order)
        job.retry_after_s = self._retry_after_s(party)
        self._answer(job, "overloaded")

    def _call_next(self) -> None:
        while parties := [party for party in self._waiting if self._may_run(party)]:
            party = min(parties, key=self._turn_order)
            self._floor_s = max(self._floor_s, self._served_s[party])
            self._running[party] += 1
            self._answer(min(self._waiting[party], key=lambda job: job.order), "turn")

    def _may_run(self, party: str) -> bool:
        free = self.places - self._running.total()
        return free > (self._kept_free if self._running[party] else 0)

    def _turn_order(self, party: str) -> tuple[int, float, int]:
        first = min(job.number for job in self._waiting[party])
        return self._running[party], self._served_s[party], first

    def _fullest(self, newcomer: str) -> str:
        def fullness(party: str) -> tuple[int, bool]:
            return len(self._waiting[party]), party == newcomer

        return max(self._waiting, key=fullness)

    def _answer(self, job: _Waiting, answer: Literal["turn", "overloaded", "stopping"]) -> None:
        party = job.claim.party
        self._waiting[party].remove(job)
        if not self._waiting[party]:
            del self._waiting[party]
        job.answer = answer
        job.called.set()

    def _end(self, party: str, seconds: float) -> None:
        with self._lock:
            self._running[party] -= 1
            self._served_s[party] += seconds
            self._mean_s += NEWEST_COUNTS * (seconds - self._mean_s)
            self._call_next()
            self._forget_the_idle()

    def _forget_the_idle(self) -> None:
        """Whoever has had no more than the one whose turn it is would begin anew there."""
        self._running += Counter()  # leaves out who has none
        active = self._running.keys() | self._waiting.keys()
        self._served_s = {
            party: served
            for party, served in self._served_s.items()
            if party in active or served > self._floor_s
        }

    def _length(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _retry_after_s(self, party: str) -> int:
        """Until what it has waiting may be done, if everybody else goes on."""
        parties = len(self._running.keys() | self._waiting.keys()) or 1
        ahead = len(self._waiting.get(party, ())) + 1
        seconds = ahead * self._mean_s * parties / self.places
        return min(LATEST_S, max(SOONEST_S, math.ceil(seconds)))
