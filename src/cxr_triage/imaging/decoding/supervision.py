"""Child processes that may crash, hang or eat memory alone, and the watch over them.

A child is a plain subprocess with two pipes, not a multiprocessing child: that would
import the parent's __main__ again, whatever it is, and would unpickle what comes back.
"""

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import IO, Any, Generic, Literal, Protocol, TypeVar

import psutil

import cxr_triage
from cxr_triage.imaging.decoding.confinement import environment
from cxr_triage.imaging.decoding.wire import receive_head, receive_into, send

POLL_S = 0.025
START_TIMEOUT_S = 60.0
START_WALL_FACTOR = 2.0
WALL_FACTOR = 6.0
"""A job's limit is processor time, which other work does not use up; by the clock it may take so
many times as long: it may wait for a processor, but not sleep for ever."""

GRACE_S = 2.0
"""From the end of what it says to that of the process itself."""

FROM_OUTSIDE = frozenset(
    getattr(signal, name)
    for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
)
"""Signals that no fault of its own sends to a process: somebody stopped it, or the system did
that ran out of memory."""

BOOTSTRAP = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from importlib import import_module; import_module(sys.argv[2]).run(sys.argv[3:])"
)

Loss = Literal["crashed", "timeout", "memory", "killed"]
"""killed: by a signal from outside."""


class ProcessLost(Exception):
    """A child is gone, and why. Pools turn it into an error of the tree."""

    def __init__(self, why: Loss) -> None:
        super().__init__(why)
        self.why: Loss = why


class Child:
    """One process, the pipes to it, and why it was killed if it was."""

    def __init__(self, module: str, arguments: Sequence[str], watchdog: "Watchdog") -> None:
        """Start `module`.run(arguments) and wait for its first message, which is `greeting`.

        Raises ProcessLost.
        """
        self._deadline = 0.0
        self._processor_end_s = 0.0
        self._verdict: Loss | None = None
        self._watchdog = watchdog
        self._process = _start([module, *arguments])
        self._usage = psutil.Process(self._process.pid)
        with self.watched(START_TIMEOUT_S, START_WALL_FACTOR):
            self.greeting = self.receive_head()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @contextmanager
    def watched(self, timeout_s: float, wall_factor: float = WALL_FACTOR) -> Iterator[None]:
        """Talk to it until it has used `timeout_s` of its own processor time, or `wall_factor`
        times as much has passed. Whatever goes wrong inside leaves it dead.

        Raises ProcessLost if it was lost or said what makes no sense.
        """
        self._deadline = time.monotonic() + timeout_s * wall_factor
        self._processor_end_s = self.processor_s() + timeout_s
        self._watchdog.watch(self)
        try:
            yield
        except (OSError, EOFError):
            loss = self._verdict or self._ended()
            self.close()
            raise ProcessLost(loss) from None
        except (ValueError, KeyError, TypeError):
            self.close()
            raise ProcessLost(self._verdict or "crashed") from None
        except BaseException:
            self.close()
            raise
        finally:
            self._watchdog.release(self)

    def send(self, head: dict[str, Any], body: bytes | memoryview = b"") -> None:
        """Raises OSError if it is gone."""
        send(_pipe(self._process.stdin), head, body)

    def receive_head(self) -> dict[str, Any]:
        """Raises EOFError if it is gone, ValueError if the message is none."""
        return receive_head(_pipe(self._process.stdout))

    def receive_into(self, view: memoryview) -> None:
        """Raises EOFError if it is gone."""
        receive_into(_pipe(self._process.stdout), view)

    def resident_bytes(self) -> int:
        """Memory that the process holds; 0 once it is gone."""
        try:
            return int(self._usage.memory_info().rss)
        except psutil.Error:
            return 0

    def processor_s(self) -> float:
        """Processor time that the process has used, those that it started left out; 0 once it is
        gone."""
        try:
            used = self._usage.cpu_times()
        except psutil.Error:
            return 0.0
        return float(used.user + used.system)

    def overdue(self) -> bool:
        """Has its job used up its time?"""
        return time.monotonic() > self._deadline or self.processor_s() > self._processor_end_s

    def _ended(self) -> Loss:
        """Why it is gone that nobody here killed."""
        try:
            code = self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            return "crashed"
        return "killed" if -code in FROM_OUTSIDE else "crashed"

    def kill(self, verdict: Loss) -> None:
        self._verdict = verdict
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it: none is left behind."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class Watchdog:
    """One thread that kills busy children over their time or memory; it starts with the first."""

    def __init__(self, memory_bytes: int, name: str) -> None:
        self._memory_bytes = memory_bytes
        self._name = name
        self._busy: set[Child] = set()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, child: Child) -> None:
        with self._change:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._busy.add(child)
            if self._closed:
                child.kill("crashed")
            self._change.notify()

    def release(self, child: Child) -> None:
        with self._change:
            self._busy.discard(child)

    def close(self) -> None:
        """Kill what is busy and end the thread."""
        with self._change:
            self._closed = True
            for child in self._busy:
                child.kill("crashed")
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._change:
            while not self._closed:
                self._change.wait(POLL_S if self._busy else None)
                for child in self._busy:
                    self._judge(child)

    def _judge(self, child: Child) -> None:
        if child.overdue():
            child.kill("timeout")
        elif child.resident_bytes() > self._memory_bytes:
            child.kill("memory")


class Member(Protocol):
    """What a `WorkerPool` holds: `Child`, or what is built around one."""

    @property
    def alive(self) -> bool: ...

    def close(self) -> None: ...


MemberT = TypeVar("MemberT", bound=Member)


class WorkerPool(Generic[MemberT]):
    """At most `size` workers, made when first needed and replaced when dead.

    Safe to call from threads; each worker is lent to one of them at a time.
    """

    def __init__(self, size: int, make: Callable[[], MemberT]) -> None:
        self._size = max(1, size)
        self._slots: LifoQueue[MemberT | None] = LifoQueue()
        for _ in range(self._size):
            self._slots.put(None)
        self._make = make
        self._closed = False

    def start(self, number: int) -> None:
        """Make so many workers now. Raises what `make` raises."""
        with ExitStack() as stack:
            for _ in range(number):
                stack.enter_context(self.lent())

    def fill(self) -> None:
        """Make those that were not needed yet; whoever is idle can be lent meanwhile. Raises what
        `make` raises."""
        idle = [self._slots.get() for _ in range(self._slots.qsize())]
        for worker in idle:
            if worker is not None:
                self._slots.put(worker)
        for _ in range(idle.count(None)):
            made: MemberT | None = None
            try:
                made = None if self._closed else self._make()
            finally:
                if made is not None and self._closed:
                    made.close()
                    made = None
                self._slots.put(made)

    @contextmanager
    def lent(self) -> Iterator[MemberT]:
        """A living worker; waits for one if all are busy. Raises what `make` raises."""
        worker = self._slots.get()
        try:
            if worker is not None and not worker.alive:
                worker.close()
                worker = None
            if worker is None:
                worker = self._make()
            yield worker
        finally:
            if worker is not None and (self._closed or not worker.alive):
                worker.close()
                worker = None
            self._slots.put(worker)

    def close(self) -> None:
        """End every idle worker; those that are lent end when they come back."""
        self._closed = True
        slots = [self._slots.get() for _ in range(self._slots.qsize())]
        for worker in slots:
            if worker is not None:
                worker.close()
            self._slots.put(None)


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """In a group of its own: an interrupt from the terminal is for the parent to handle."""
    root = str(Path(cxr_triage.__file__).resolve().parent.parent)
    command = [sys.executable, "-P", "-c", BOOTSTRAP, root, *arguments]
    group: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        group = {"creationflags": flags}
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        **group,
    )


def _pipe(pipe: IO[bytes] | None) -> io.RawIOBase:
    """An unbuffered end of a pipe."""
    if not isinstance(pipe, io.RawIOBase):
        raise EOFError  # noqa: TRY004 (as if the other side were gone)
    return pipe
