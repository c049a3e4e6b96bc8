"""Decoding in processes of their own, which may crash, hang or eat memory alone."""

import math
from dataclasses import fields
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from cxr_triage import errors
from cxr_triage.errors import DecodingFailed, DecodingInterrupted, ImageError
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.decoding.supervision import (
    Child,
    Loss,
    ProcessLost,
    Watchdog,
    WorkerPool,
)
from cxr_triage.imaging.decoding.wire import as_bytes

DTYPES = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4"}
IMAGE_ERRORS: dict[str, type[ImageError]] = {
    kind.__name__: kind for kind in (errors.UnreadableImage, errors.UnsupportedImage)
}
INTERRUPTED: frozenset[Loss] = frozenset({"timeout", "killed"})
"""Losses that say nothing of the image: there was no time, or somebody stopped the process."""
LATER_S = 30
"""When an image may be read that could not be finished: nobody knows it better."""


class Decoder(Protocol):
    """Whatever turns a compressed frame or a picture into an array."""

    def decode(self, job: DecodeJob) -> NDArray[Any]:
        """The array that `codecs.decode_frame` describes. Raises ImageError."""
        ...


class DecoderPool:
    """At most `workers` processes, started when first needed. Safe to call from threads.

    timeout_s (of processor time), memory_bytes: for one job; a worker that goes over either is
    killed and another takes its place. module: what the processes run (its `run(arguments)`).
    """

    def __init__(
        self,
        workers: int = 1,
        timeout_s: float = 8.0,
        memory_bytes: int = 700 << 20,
        *,
        module: str = "cxr_triage.imaging.decoding.process",
    ) -> None:
        self._timeout_s = timeout_s
        self._watchdog = Watchdog(memory_bytes, "decoders")
        arguments = (str(memory_bytes), str(timeout_s))
        self._workers = WorkerPool(workers, lambda: Child(module, arguments, self._watchdog))

    def decode(self, job: DecodeJob) -> NDArray[Any]:
        """Decode in a worker. Raises ImageError; DecodingFailed if the worker was lost."""
        try:
            with self._workers.lent() as worker:
                return _decode(worker, job, self._timeout_s)
        except ProcessLost as loss:
            raise failure_of(loss.why) from None

    def close(self) -> None:
        """End every process; jobs that run now, and any that come later, fail as crashed."""
        self._watchdog.close()
        self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def failure_of(why: Loss) -> DecodingFailed:
    """What the loss of a process at work means for its image."""
    if why in INTERRUPTED:
        return DecodingInterrupted(f"decoder_{why}", retry_after_s=LATER_S)
    return DecodingFailed(f"decoder_{why}")


def _decode(worker: Child, job: DecodeJob, timeout_s: float) -> NDArray[Any]:
    """Raises ImageError; ProcessLost if the process was lost, and it is dead then."""
    with worker.watched(timeout_s):
        worker.send(_head(job), memoryview(job.data))
        answer = worker.receive_head()
        if "error" not in answer:
            return _receive_array(worker, answer, job)
    raise _error(answer)


def _receive_array(worker: Child, answer: dict[str, Any], job: DecodeJob) -> NDArray[Any]:
    """The array that follows `answer`, which is checked: hostile bytes may have sent it."""
    shape = tuple(int(side) for side in answer["shape"])
    allowed = job.rows * job.columns * job.samples
    if answer["dtype"] not in DTYPES or len(shape) > 3 or math.prod(shape) > allowed:
        raise ValueError("not the array that was asked for")
    array = np.empty(shape, np.dtype(answer["dtype"]))
    worker.receive_into(as_bytes(array))
    return array


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
