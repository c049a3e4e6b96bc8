"""The process that decodes: reads jobs from standard input, writes arrays to standard output.

Its parent kills it when it hangs or eats memory; should the parent itself be gone, end of
input or the timer below ends it.
"""

import faulthandler
import os
import sys
from pathlib import Path
from typing import BinaryIO

from cxr_triage.errors import ImageError
from cxr_triage.imaging.codecs import decode_frame
from cxr_triage.imaging.job import DecodeJob
from cxr_triage.imaging.wire import as_bytes, receive, receive_head, send

ORPHAN_FACTOR = 4
"""A worker that decodes for this many timeouts has lost its parent, and exits."""


def main(memory_bytes: int, timeout_s: float) -> None:
    """Serve until the input ends."""
    jobs = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (lives as long as we do)
    results = _take_output()
    _limit_memory(memory_bytes)
    send(results, {"ready": True})
    while True:
        try:
            head = receive_head(jobs)
            data = receive(jobs, bytearray(head.pop("bytes")))
        except EOFError:
            return
        _arm(timeout_s * ORPHAN_FACTOR)
        _answer(results, DecodeJob(data=memoryview(data), **head))
        faulthandler.cancel_dump_traceback_later()


def _take_output() -> BinaryIO:
    """Our own standard output; what native code prints goes nowhere."""
    results = os.dup(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    return open(results, "wb", buffering=0)  # noqa: PTH123 (a descriptor, not a path)


def _arm(seconds: float) -> None:
    """Exit after `seconds` from a thread that needs no interpreter lock."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)


def _answer(results: BinaryIO, job: DecodeJob) -> None:
    try:
        array = decode_frame(job)
    except ImageError as error:
        send(
            results,
            {"error": type(error).__name__, "code": error.code, "values": error.values},
        )
    except MemoryError:
        send(results, {"error": "MemoryError"})
    else:
        send(
            results,
            {"dtype": array.dtype.str, "shape": array.shape},
            as_bytes(array),
        )


def _limit_memory(memory_bytes: int) -> None:
    """Let allocation fail past the limit, where the platform can; the parent watches too."""
    try:
        import resource  # noqa: PLC0415 (POSIX only)
    except ImportError:
        return
    limit = _mapped_bytes() + memory_bytes
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ValueError, OSError):
        return


def _mapped_bytes() -> int:
    """Address space in use now: libraries map far more than they touch."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 30


def run(arguments: list[str]) -> None:
    """`[memory_bytes, timeout_s]`, as the parent passes them."""
    main(int(arguments[0]), float(arguments[1]))
