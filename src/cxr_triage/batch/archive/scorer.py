"""A scoring process from the outside: entries go in, rows come back; a file that kills it costs
itself alone."""

import json
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import cxr_triage
from cxr_triage import errors
from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.rows import ScoredRow, read_row
from cxr_triage.batch.archive.sources import Entry
from cxr_triage.errors import DecodingFailed, ModelError, TriageError

TRIES: Final = 2
"""That a file has while no other is there whose fault it could be."""
SILENT_S: Final = 300.0
"""A process that says nothing for so long is taken for dead."""
BOOTSTRAP: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from cxr_triage.batch.archive.process import main; main()"
)
AHEAD: Final = 3
"""Entries for each image that is read at a time: the next is there when one is done."""


class ProcessDied(Exception):
    """The process has ended, or says nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a process said when it was ready."""

    fingerprint: str
    model: dict[str, str]
    labels: tuple[str, ...]


class _Process:
    def __init__(self, job: Job) -> None:
        root = str(Path(cxr_triage.__file__).resolve().parents[1])
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and code)
            [sys.executable, "-P", "-c", BOOTSTRAP, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="rows", daemon=True).start()
        self.write(job.text().encode() + b"\n")

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (for the type checker)
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def write(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 (for the type checker)
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:
            raise ProcessDied from None

    def line(self) -> bytes:
        """The next that it says. Raises ProcessDied, or the error that it tells of."""
        try:
            line = self._lines.get(timeout=SILENT_S)
        except queue.Empty:
            line = b""
        if not line.endswith(b"\n"):
            raise ProcessDied
        if line.startswith(b'{"error"'):
            kind, code, values = json.loads(line)["error"]
            raise getattr(errors, kind, TriageError)(code, **values)
        return line

    def row(self) -> ScoredRow:
        """The row that it says next. Raises as `line`."""
        row = read_row(self.line())
        if row is None:
            raise ProcessDied
        return row

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Have it gone, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


class Scorer:
    """Holds one scoring process, and starts another when it dies. For one thread at a time."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: _Process | None = None
        self._facts: Facts | None = None
        self._stopped = False

    def facts(self) -> Facts:
        """Of the model that scores. Raises TriageError if none can be started."""
        self._started()
        assert self._facts is not None  # noqa: S101 (for the type checker)
        return self._facts

    def _started(self) -> _Process:
        if self._process is None:
            process = _Process(self._job)
            try:
                said: dict[str, Any] = json.loads(process.line())
            except (ProcessDied, TriageError) as problem:
                process.end()
                if isinstance(problem, TriageError):
                    raise
                raise ModelError("scorer_not_started") from None
            facts = Facts(
                fingerprint=said["fingerprint"], model=said["model"], labels=tuple(said["labels"])
            )
            if self._facts is not None and facts != self._facts:
                process.end()
                raise ModelError("scorer_changed")
            self._process, self._facts = process, facts
        return self._process

    def rows(
        self, entries: Iterable[Entry], failed: Callable[[Entry, TriageError], ScoredRow]
    ) -> Iterator[ScoredRow]:
        """A row for each entry, in their order. failed: makes the row of a file that cannot be
        had otherwise. Raises TriageError where that concerns every file."""
        rest = iter(entries)
        # With each entry: 0, or 1 once it saw a process die, and 1 more for each time alone.
        waiting: deque[tuple[Entry, int]] = deque()
        flying: deque[tuple[Entry, int]] = deque()
        wide = AHEAD * self._job.readers
        while True:
            try:
                process = self._started()
                self._fill(process, rest, waiting, flying, wide)
                if not flying:
                    return
                row = process.row()
            except ProcessDied:
                self.close()
                if self._stopped:
                    return
                alone = len(flying) == 1
                lost = [(entry, (tries or 1) + alone) for entry, tries in flying]
                waiting.extendleft(reversed(lost))
                flying.clear()
                if waiting and waiting[0][1] > TRIES:
                    yield failed(waiting.popleft()[0], DecodingFailed("scorer_died", tries=TRIES))
            else:
                flying.popleft()
                yield row

    @staticmethod
    def _fill(
        process: _Process,
        rest: Iterator[Entry],
        waiting: "deque[tuple[Entry, int]]",
        flying: "deque[tuple[Entry, int]]",
        wide: int,
    ) -> None:
        """Send what may be under way at once: a file that saw a process die is alone."""
        while len(flying) < wide:
            if not waiting:
                entry = next(rest, None)
                if entry is None:
                    return
                waiting.append((entry, 0))
            doubtful = waiting[0][1] > 0 or any(tries for _, tries in flying)
            if doubtful and flying:
                return
            flying.append(waiting.popleft())
            process.write(flying[-1][0].line())

    def stop(self) -> None:
        """Have no process any more, whoever waits for it. For another thread than the others."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Have no process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
