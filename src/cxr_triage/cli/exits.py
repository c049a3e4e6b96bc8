"""Exit codes, and what a run's outcomes make of them."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

OK: Final = 0
FATAL: Final = 1
USAGE: Final = 2
SOME_FAILED: Final = 3
NOTHING_ASSESSED: Final = 4
INTERRUPTED: Final = 130


def exit_code(outcomes: Counter[str]) -> int:
    """0 if every file was assessed, referred or skipped; 3 if some failed; 4 if no file
    was an image that could be judged (an empty folder, or nothing but failures)."""
    if not outcomes["assessed"] + outcomes["referred"]:
        return NOTHING_ASSESSED
    return SOME_FAILED if outcomes["failed"] else OK


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: what is done is kept."""

    def end(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
