"""An archive run on this machine: as many scoring processes as it has room for, each with its
own shards."""

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Final, Self

from cxr_triage.batch.archive.folder import RunFolder
from cxr_triage.batch.archive.plan import Shard
from cxr_triage.batch.archive.scorer import Scorer
from cxr_triage.batch.archive.shard import score_shard

HELD: Final = 1000
"""Outcomes that wait to be shown, at most."""


class LocalRun:
    """Scores shards in `processes`; a context manager that leaves none behind."""

    def __init__(self, run: RunFolder, shards: Sequence[Shard], scorers: Sequence[Scorer]) -> None:
        """scorers: one for each process, started as they are needed."""
        self._run = run
        self._shards = iter(shards)
        self._scorers = scorers
        self._stopped = threading.Event()
        self._said: queue.Queue[str | BaseException | None] = queue.Queue(HELD)
        self._turn = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(scorer,), name="shards", daemon=True)
            for scorer in scorers
        ]

    def outcomes(self) -> Iterator[str]:
        """The outcome of each file as it is done; "" of one that was. Raises TriageError."""
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            said = self._said.get()
            if said is None:
                running -= 1
            elif isinstance(said, BaseException):
                raise said
            else:
                yield said

    def _work(self, scorer: Scorer) -> None:
        try:
            while not self._stopped.is_set():
                with self._turn:
                    shard = next(self._shards, None)
                if shard is None:
                    break
                score_shard(self._run, shard, scorer, self._tell, self._stopped)
        except BaseException as error:  # noqa: BLE001 (it is raised where people are told)
            self._tell(error)
        finally:
            self._tell(None)

    def _tell(self, said: str | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                self._said.put(said, timeout=0.5)
            except queue.Full:
                continue
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for scorer in self._scorers:
            scorer.stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
