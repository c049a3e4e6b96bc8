"""Files that were received and are not yet kept: hashed as they come, gone afterwards.

What is kept has a second name in the store by then, and loses this one alone.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cxr_triage.errors import ImageTooLarge
from cxr_triage.imaging.limits import MIB
from cxr_triage.store.blobs import make_folder
from cxr_triage.store.database.faults import store_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A whole file. digest: SHA-256. seconds: from its first byte to its last. name: what its
    sender calls it; it may name a patient."""

    file: Path = field(repr=False)
    digest: str
    size: int
    seconds: float
    name: str = field(default="", repr=False)


class Spool:
    """A folder for incoming files, of one process alone. Their names are ours, never the
    sender's."""

    def __init__(
        self, folder: Path, *, max_file_bytes: int, make_room: Callable[[], None] = lambda: None
    ) -> None:
        """Make the folder, and clear what the process before, killed, left in it: films of
        patients whom nobody would look for there. make_room: before each file; raises StoreFull
        where there is room for what matters more alone. Raises StoreError."""
        self._folder = folder
        self._make_room = make_room
        self._max_file_bytes = max_file_bytes
        with store_faults():
            make_folder(folder)
            for file in folder.iterdir():
                file.unlink(missing_ok=True)

    def open(self) -> "Incoming":
        """A new file, gone when its block ends. Raises StoreError."""
        self._make_room()
        return Incoming(self._folder / secrets.token_hex(16), self._max_file_bytes)


class Incoming:
    """A file that is being received."""

    def __init__(self, file: Path, max_bytes: int) -> None:
        self._path = file
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size = 0
        self._started = time.perf_counter()
        with store_faults():
            self._file = file.open("xb")

    def write(self, *chunks: bytes) -> None:
        """Raises ImageTooLarge before the limit is passed, or StoreError."""
        self._size += sum(map(len, chunks))
        if self._size > self._max_bytes:
            raise ImageTooLarge("file_over_limit", limit=round(self._max_bytes / MIB, 1))
        for chunk in chunks:
            self._hash.update(chunk)
        with store_faults():
            self._file.writelines(chunks)

    def finish(self, name: str = "") -> Received:
        """No more comes. name: what its sender calls it."""
        with store_faults():
            self._file.close()
        return Received(
            file=self._path,
            digest=self._hash.hexdigest(),
            size=self._size,
            seconds=time.perf_counter() - self._started,
            name=name,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
