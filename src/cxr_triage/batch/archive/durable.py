"""Files that a crash leaves whole: a temporary file, its bytes on the disk, then the name."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from cxr_triage.batch.files import writing


def replaced(file: Path, parts: Iterable[bytes]) -> None:
    """Write `parts` in place of `file`; others may do the same. Raises OutputFailed, and what
    `parts` raises."""
    part = file.with_name(f"{file.name}.{uuid4().hex[:8]}.part")
    with writing():
        try:
            with part.open("wb") as whole:
                whole.writelines(parts)
                whole.flush()
                os.fsync(whole.fileno())
            settle(part, file)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise


def settle(part: Path, file: Path) -> None:
    """Give what is written the name that others look for, for good. Raises OSError."""
    part.replace(file)
    with suppress(OSError, AttributeError):  # no folder can be opened on Windows
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
