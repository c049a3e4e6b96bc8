"""The database: connections that keep SQLite durable, and short transactions."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Final

import sqlalchemy
from sqlalchemy import URL, Connection, event

from cxr_triage.errors import StoreBusy, StoreInvalid, StoreReadOnly, StoreUnavailable
from cxr_triage.store.faults import store_faults

SQLITE: Final = "sqlite:///"
"""What the address of a SQLite database begins with; the rest is its path, as it is."""

BUSY_TIMEOUT_S: Final = 10.0

PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",  # stations lose power
    "foreign_keys = ON",
    f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
    "trusted_schema = OFF",
    "journal_size_limit = 67108864",
)


class Database:
    """Gives out transactions. Safe to call from several threads."""

    def __init__(self, url: str) -> None:
        """Raises StoreInvalid `store_url` unless it is `sqlite:////path/to/file`."""
        self.file = file_of(url)
        self._engine = sqlalchemy.create_engine(
            URL.create("sqlite", database=str(self.file)),
            hide_parameters=True,
            pool_size=8,
            max_overflow=56,  # as many as the threads of a server: none waits for another's
            pool_timeout=BUSY_TIMEOUT_S,
        )
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)
        self._writers = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends, or has not happened.

        Writers of one process queue fairly; those of other processes are waited for.
        """
        if not self._writers.acquire(timeout=BUSY_TIMEOUT_S):
            raise StoreBusy("store_busy")
        try:
            with (
                self._faults(),
                self._engine.connect() as connection,
                connection.execution_options(writes=True).begin(),
            ):
                yield connection
        finally:
            self._writers.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._faults(), self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            with store_faults():
                yield
        except StoreUnavailable:
            if self.file.exists() and not os.access(self.file.parent, os.W_OK):
                raise StoreReadOnly("store_read_only") from None
            raise


def file_of(url: str) -> Path:
    """The file at the address. Raises StoreInvalid `store_url`."""
    path = url.removeprefix(SQLITE)
    if path in (url, "", ":memory:"):
        raise StoreInvalid("store_url")
    return Path(path)


def _on_connect(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself: `_on_begin` does
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _on_begin(connection: Connection) -> None:
    """A transaction that will write asks for the lock at once: it then never has to give up
    in the middle because another one wrote meanwhile."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
