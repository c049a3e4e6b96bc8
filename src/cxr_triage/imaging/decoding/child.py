"""What a child process does first, and how it ends when its parent is gone.

Its parent kills it when it hangs or eats memory; should the parent itself be gone, end of
input or the timer below ends it.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

ORPHAN_FACTOR = 8
"""A child that works for this many timeouts has lost its parent, which waits less long
(`supervision.WALL_FACTOR`), and exits."""


GIVING_WAY = 10
"""Of 19 (`nice`)."""


def take_input() -> FileIO:
    """Our own standard input, unbuffered; it lives as long as we do."""
    return open(0, "rb", buffering=0, closefd=False)


def take_output() -> BinaryIO:
    """Our own standard output; what native code prints goes nowhere."""
    results = os.dup(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    return open(results, "wb", buffering=0)  # noqa: PTH123 (a descriptor, not a path)


@contextmanager
def armed(timeout_s: float) -> Iterator[None]:
    """Exit after `ORPHAN_FACTOR` timeouts, whatever native code holds the interpreter: by the
    system's alarm, or where it has none from a thread."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, timeout_s * ORPHAN_FACTOR)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return
    faulthandler.dump_traceback_later(timeout_s * ORPHAN_FACTOR, exit=True, file=sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def give_way() -> None:
    """Others of this service go first: somebody waits for a picture, nobody looks at a film that
    is being scored."""
    with suppress(AttributeError, OSError):  # no such thing here, or forbidden
        os.nice(GIVING_WAY)


def limit_memory(memory_bytes: int) -> None:
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
