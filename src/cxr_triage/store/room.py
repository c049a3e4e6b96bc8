"""Room that is kept back on the disk: films never get it, what matters more does when it is full.

A file of nothing, beside the database. While films find no room any more, it is given up for
sign-ins, readings and the audit trail; as soon as there is room again it is taken back, before the
next film.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cxr_triage.store.database.faults import store_faults

NAME: Final = "kept-back"
BYTES: Final = 32 << 20
"""Thousands of readings and sign-ins."""
PIECE_BYTES: Final = 1 << 20


class KeptRoom:
    """One for a database that is a file. Safe to call from several threads."""

    def __init__(self, folder: Path, size: int = BYTES) -> None:
        """folder: of the database."""
        self._file = folder / NAME
        self._size = size
        self._turn = threading.Lock()

    def take(self) -> None:
        """Have it, before films take more of the disk. Raises StoreFull, or another StoreError."""
        with self._turn, store_faults():
            if self._is_there():
                return
            try:
                self._fill()
            except OSError:
                with suppress(OSError):
                    self._file.unlink(missing_ok=True)
                raise

    def give_up(self) -> bool:
        """For what the disk has no room for otherwise; was there any to give?"""
        with self._turn:
            try:
                self._file.unlink()
            except OSError:
                return False
            return True

    def _is_there(self) -> bool:
        return self._file.exists() and self._file.stat().st_size == self._size

    def _fill(self) -> None:
        """With what no file system stores as less."""
        with self._file.open("wb") as file:
            for _ in range(0, self._size, PIECE_BYTES):
                file.write(os.urandom(PIECE_BYTES))
            file.flush()
            os.fsync(file.fileno())
