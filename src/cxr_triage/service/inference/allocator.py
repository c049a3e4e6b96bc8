"""What the C library does with memory that is freed: kept for the next film."""

import ctypes
from contextlib import suppress
from typing import Final

from cxr_triage.imaging.limits import MIB

TRIM_THRESHOLD: Final = -1
MMAP_THRESHOLD: Final = -3
"""Parameters of glibc's mallopt (malloc.h)."""

KEPT_BYTES: Final = 64 * MIB
LARGEST_BYTES: Final = 32 * MIB
"""What is larger still comes from the system and goes back to it (glibc allows no more)."""


def keep_freed_memory() -> None:
    """Each film takes the same few buffers of megabytes. By default glibc gives them back and
    asks for them anew, page by page. Elsewhere this does nothing."""
    with suppress(AttributeError, OSError, TypeError):  # not glibc, or no such library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(MMAP_THRESHOLD, LARGEST_BYTES)
