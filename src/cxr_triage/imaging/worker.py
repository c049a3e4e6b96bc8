"""Decoding in processes of their own, which may crash, hang or eat memory alone.

A worker is a plain subprocess with two pipes, not a multiprocessing child: that would
import the parent's __main__ again, whatever it is, and would unpickle what comes back.
"""

import io
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np
import psutil
from numpy.typing import NDArray

import cxr_triage
from cxr_triage import errors
from cxr_triage.errors import DecodingFailed, ImageError
from cxr_triage.imaging.job import DecodeJob
from cxr_triage.imaging.wire import as_bytes, receive_head, receive_into, send

POLL_S = 0.025
START_TIMEOUT_S = 60.0
BOOTSTRAP = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from importlib import import_module; import_module(sys.argv[2]).run(sys.argv[3:])"
)
DTYPES = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4"}
IMAGE_ERRORS: dict[str, type[ImageError]] = {
    kind.__name__: kind for kind in (errors.UnreadableImage, errors.UnsupportedImage)
}


class Decoder(Protocol):
    """Whatever turns a compressed frame or a picture into an array."""

    def decode(self, job: DecodeJob) -> NDArray[Any]:
        """The array that `codecs.decode_frame` describes. Raises ImageError."""
        ...


class DecoderPool:
    """At most `workers` processes, started when first needed. Safe to call from threads.

    timeout_s, memory_bytes: for one job; a worker that goes over either is killed and
    another takes its place. module: what the processes run (its `run(arguments)`).
    """

    def __init__(
        self,
        workers: int = 1,
        timeout_s: float = 8.0,
        memory_bytes: int = 700 << 20,
        *,
        module: str = "cxr_triage.imaging.worker_process",
    ) -> None:
        self._slots: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(max(1, workers)):
            self._slots.put(None)
        self._timeout_s = timeout_s
        self._arguments = (module, str(memory_bytes), str(timeout_s))
        self._watchdog = _Watchdog(memory_bytes)
        self._closed = False

    def decode(self, job: DecodeJob) -> NDArray[Any]:
        """Decode in a worker. Raises ImageError; DecodingFailed if the worker was lost."""
        worker = self._slots.get()
        try:
            if worker is not None and not worker.alive:
                worker.close()
                worker = None
            if worker is None:
                worker = _Worker(self._arguments, self._watchdog)
            return worker.decode(job, self._timeout_s)
        finally:
            if worker is not None and (self._closed or not worker.alive):
                worker.close()
                worker = None
            self._slots.put(worker)

    def close(self) -> None:
        """End every process; jobs that run now, and any that come later, fail as crashed."""
        self._closed = True
        self._watchdog.close()
        slots = [self._slots.get() for _ in range(self._slots.qsize())]
        for worker in slots:
            if worker is not None:
                worker.close()
            self._slots.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Worker:
    """One process, the pipes to it, and why it was killed if it was."""

    def __init__(self, arguments: tuple[str, ...], watchdog: "_Watchdog") -> None:
        """Start it and wait until it is ready. Raises DecodingFailed."""
        self.deadline = 0.0
        self._verdict = "decoder_crashed"
        self._watchdog = watchdog
        self._process = _start(arguments)
        self._usage = psutil.Process(self._process.pid)
        with self._watched(START_TIMEOUT_S):
            receive_head(_pipe(self._process.stdout))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def decode(self, job: DecodeJob, timeout_s: float) -> NDArray[Any]:
        """Raises ImageError; DecodingFailed if the process was lost, and it is dead then."""
        with self._watched(timeout_s):
            send(_pipe(self._process.stdin), _head(job), memoryview(job.data))
            answer = receive_head(_pipe(self._process.stdout))
            if "error" not in answer:
                return self._receive_array(answer, job)
        raise _error(answer)

    def _receive_array(self, answer: dict[str, Any], job: DecodeJob) -> NDArray[Any]:
        """The array that follows `answer`, which is checked: hostile bytes may have sent it."""
        shape = tuple(int(side) for side in answer["shape"])
        allowed = job.rows * job.columns * job.samples
        if answer["dtype"] not in DTYPES or len(shape) > 3 or math.prod(shape) > allowed:
            raise ValueError("not the array that was asked for")
        array = np.empty(shape, np.dtype(answer["dtype"]))
        receive_into(_pipe(self._process.stdout), as_bytes(array))
        return array

    @contextmanager
    def _watched(self, timeout_s: float) -> Iterator[None]:
        """Whatever goes wrong inside leaves the process dead, and says why it was lost."""
        self.deadline = time.monotonic() + timeout_s
        self._watchdog.watch(self)
        try:
            yield
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            self.close()
            raise DecodingFailed(self._verdict) from None
        except BaseException:
            self.close()
            raise
        finally:
            self._watchdog.release(self)

    def resident_bytes(self) -> int:
        """Memory that the process holds; 0 once it is gone."""
        try:
            return int(self._usage.memory_info().rss)
        except psutil.Error:
            return 0

    def kill(self, verdict: str) -> None:
        self._verdict = verdict
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it: none is left behind."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class _Watchdog:
    """One thread that kills busy workers over their time or memory; it starts with the first."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._busy: set[_Worker] = set()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, worker: _Worker) -> None:
        with self._change:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="decoders", daemon=True)
                self._thread.start()
            self._busy.add(worker)
            if self._closed:
                worker.kill("decoder_crashed")
            self._change.notify()

    def release(self, worker: _Worker) -> None:
        with self._change:
            self._busy.discard(worker)

    def close(self) -> None:
        """Kill what is busy and end the thread."""
        with self._change:
            self._closed = True
            for worker in self._busy:
                worker.kill("decoder_crashed")
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._change:
            while not self._closed:
                self._change.wait(POLL_S if self._busy else None)
                for worker in self._busy:
                    self._judge(worker)

    def _judge(self, worker: _Worker) -> None:
        if time.monotonic() > worker.deadline:
            worker.kill("decoder_timeout")
        elif worker.resident_bytes() > self._memory_bytes:
            worker.kill("decoder_memory")


def _start(arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """In a group of its own: an interrupt from the terminal is for the parent to handle."""
    root = str(Path(cxr_triage.__file__).resolve().parent.parent)
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | dict(os.environ)
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
        env=environment,
        **group,
    )


def _pipe(pipe: IO[bytes] | None) -> io.RawIOBase:
    """An unbuffered end of a pipe."""
    if not isinstance(pipe, io.RawIOBase):
        raise EOFError  # noqa: TRY004 (as if the other side were gone)
    return pipe


def _head(job: DecodeJob) -> dict[str, Any]:
    names = (field.name for field in fields(job) if field.name != "data")
    return {name: getattr(job, name) for name in names}


def _error(answer: dict[str, Any]) -> ImageError:
    """The error that the worker reports."""
    kind = IMAGE_ERRORS.get(str(answer["error"]))
    if kind is None:
        return DecodingFailed("decoder_memory")
    values = answer.get("values")
    return kind(str(answer.get("code")), **(values if isinstance(values, dict) else {}))
