"""An archive run on a Dask cluster: a task a shard, which does there what `shard` does here.

Every worker sees the same files and the same folder. What a task is sent is a few kilobytes; a
worker holds one scoring process for each of its threads, and keeps it from shard to shard.
"""

import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, Self

from cxr_triage.batch.archive.folder import RunFolder
from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.plan import Plan, Shard
from cxr_triage.batch.archive.scorer import Scorer
from cxr_triage.batch.archive.shard import Came, score_shard
from cxr_triage.errors import InputInvalid, MissingExtra, OutputFailed

try:
    import distributed
except ImportError:  # pragma: no cover (an extra)
    distributed = None

AHEAD: Final = 3
"""Tasks for each thread of the cluster that the scheduler holds at a time."""
RETRIES: Final = 10
"""Of a shard whose worker died; each goes on where the one before ended."""
PATIENCE_S: Final = 5.0
"""Before a shard that seems to be somebody's is tried again."""

_idle: "queue.LifoQueue[tuple[Job, Scorer]]" = queue.LifoQueue()
"""Scoring processes of this worker that nobody uses at the moment."""


def require_dask() -> None:
    """Raises MissingExtra where there is none."""
    if distributed is None:
        raise MissingExtra("distributed", extra="dask")


def do_shard(run: RunFolder, shard: Shard) -> tuple[Came, list[str]]:
    """The task: what came of a shard, and the outcome of each of its files that was scored now."""
    outcomes: list[str] = []
    scorer = _scorer(run.job)
    try:
        _check_same(scorer, run)
        came = score_shard(run, shard, scorer, outcomes.append, threading.Event())
    except BaseException:
        scorer.close()
        raise
    _idle.put((run.job, scorer))
    return came, outcomes


def _check_same(scorer: Scorer, run: RunFolder) -> None:
    """Raises InputInvalid where this worker has another model or other settings."""
    if scorer.facts() != run.facts:
        raise InputInvalid("archive_mixed", name="fingerprint")


def _scorer(job: Job) -> Scorer:
    """One that is there and of the same job, or a new one."""
    while True:
        try:
            of, scorer = _idle.get_nowait()
        except queue.Empty:
            return Scorer(job)
        if of == job:
            return scorer
        scorer.close()


class ClusterRun:
    """Has a cluster score shards; a context manager that takes back what is not begun."""

    def __init__(self, run: RunFolder, shards: Sequence[Shard], address: str) -> None:
        """Raises MissingExtra, or InputInvalid if nobody answers at `address`."""
        require_dask()
        self._run = run
        self._shards = shards
        try:
            self._client = distributed.Client(address, timeout=20, set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            raise InputInvalid("cluster_unreachable", address=address) from None

    def outcomes(self) -> Iterator[str]:
        """The outcome of each file, shard by shard as they are done. Raises TriageError."""
        rest = iter(self._shards)
        done = distributed.as_completed(loop=self._client.loop)
        number: dict[Any, Shard] = {}
        self._submit(islice(rest, self._room()), done, number)
        while number:
            future = next(done)
            shard = number.pop(future)
            came, outcomes = self._result(future, shard)
            yield from outcomes
            if came == "done":
                self._submit(islice(rest, max(0, self._room() - len(number))), done, number)
            else:
                time.sleep(PATIENCE_S)
                self._submit([shard], done, number)

    def _room(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return AHEAD * max(1, threads)

    def _submit(self, shards: Iterable[Shard], done: Any, number: dict[Any, Shard]) -> None:  # noqa: ANN401 (distributed has no types)
        for shard in shards:
            one = replace(self._run, plan=Plan(file=self._run.plan.file, shards=(shard,)))
            future = self._client.submit(do_shard, one, shard, pure=False, retries=RETRIES)
            number[future] = shard
            done.add(future)

    @staticmethod
    def _result(future: Any, shard: Shard) -> tuple[Came, list[str]]:  # noqa: ANN401 (as above)
        try:
            came, outcomes = future.result()
        except distributed.KilledWorker:
            raise OutputFailed("shard_failed", number=shard.number) from None
        return came, outcomes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
