"""Writing to the data folder: whole files or none, and failures in one sentence."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cxr_triage.errors import FetchFailed

MIB: Final = 2**20
NEEDED_MIB: Final = 120
"""A checkpoint, the model made of it, and as much again while both are being written."""

FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError into FetchFailed (`disk_full`, `data_unwritable`), without the path."""
    try:
        yield
    except OSError as problem:
        if problem.errno in FULL:
            raise FetchFailed("disk_full", needed=NEEDED_MIB) from None
        reason = problem.strerror or type(problem).__name__
        raise FetchFailed("data_unwritable", problem=reason) from None


def write_whole(file: Path, content: bytes) -> None:
    """Write by a temporary file that takes the name when it is on the disk."""
    temporary = file.with_name(f".{file.name}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` last, where the operating system can be asked to."""
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
