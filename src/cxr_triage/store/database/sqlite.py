"""SQLite: a file, kept durable; one writer at a time, so that writers never collide."""

import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import sqlalchemy
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import SQLAlchemyError

from cxr_triage.errors import StoreBusy, StoreError, StoreInvalid, StoreReadOnly, StoreUnavailable
from cxr_triage.store.blobs import make_folder, make_private

PREFIX: Final = "sqlite:///"
"""What the address of a SQLite database begins with; the rest is its path, as it is."""

BUSY_TIMEOUT_S: Final = 10.0
HURRIED_S: Final = 1.0
"""For what may be left out while another process holds the database."""
GLANCE_S: Final = 0.05

PRAGMAS: Final = (
    f"busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
    "journal_mode = WAL",
    "synchronous = FULL",  # stations lose power
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "secure_delete = ON",  # what is purged is overwritten
    "journal_size_limit = 67108864",
)


class SqliteBackend:
    """See `database.Backend`."""

    def __init__(self, url: str) -> None:
        """Raises StoreInvalid `store_url` unless it is `sqlite:////path/to/file`."""
        self.file = file_of(url)
        self.engine = sqlalchemy.create_engine(
            URL.create("sqlite", database=str(self.file)),
            hide_parameters=True,
            pool_size=8,
            max_overflow=56,  # as many as the threads of a server: none waits for another's
            pool_timeout=BUSY_TIMEOUT_S,
        )
        event.listen(self.engine, "connect", _on_connect)
        event.listen(self.engine, "begin", self._on_begin)
        self._writers = threading.Lock()
        self._asking_since = math.inf
        """Since when the writer of this process waits for another process."""

    def prepare(self) -> None:
        """Make the file, for this account alone."""
        make_folder(self.file.parent)
        make_private(self.file)

    @contextmanager
    def writing(self, *, hurried: bool = False) -> Iterator[Connection]:
        """Writers of one process queue fairly; those of other processes are waited for."""
        self._wait_for_own_writers(hurried=hurried)
        try:
            with self.engine.connect() as connection:
                yield connection.execution_options(writes=True, hurried=hurried)
        finally:
            self._writers.release()

    def _wait_for_own_writers(self, *, hurried: bool) -> None:
        """They go on; what is hurried waits for them too, but for none that itself waits long.

        Raises StoreBusy.
        """
        until = time.monotonic() + BUSY_TIMEOUT_S
        while (now := time.monotonic()) < until:
            held_elsewhere = now - self._asking_since > HURRIED_S
            if hurried and held_elsewhere:
                break
            if self._writers.acquire(timeout=GLANCE_S if hurried else until - now):
                return
        raise StoreBusy("store_busy")

    def _on_begin(self, connection: Connection) -> None:
        """A transaction that will write asks for the lock at once: it then never has to give up
        in the middle because another one wrote meanwhile."""
        options = connection.get_execution_options()
        if not options.get("writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        self._asking_since = time.monotonic()
        try:
            with _patience(connection, HURRIED_S if options["hurried"] else BUSY_TIMEOUT_S):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            self._asking_since = math.inf

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Tables are made anew by dropping the old ones: keys are checked afterwards, whole."""
        with self.writing() as connection:
            _check_keys(connection, "OFF")
            try:
                yield connection
            finally:
                _check_keys(connection, "ON")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def may_repeat(self, problem: SQLAlchemyError, *, committing: bool) -> bool:
        """Never: who writes has the database alone, so another attempt meets the same."""
        del problem, committing
        return False

    def hold(self, connection: Connection, *names: str) -> None:
        """A writer holds everything already."""

    def allow_long(self, connection: Connection) -> None:
        """Statements have no limit."""

    def faults_in(self, connection: Connection) -> list[str]:
        lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
        keys = connection.exec_driver_sql("PRAGMA foreign_key_check")
        return [
            *(str(line) for line in lines if line != "ok"),
            *(f"foreign key in {row[0]}" for row in keys),
        ]

    def explained(self, fault: StoreError) -> StoreError:
        """A file in a folder that refuses writing looks like any other failure."""
        unknown = isinstance(fault, StoreUnavailable)
        if unknown and self.file.exists() and not os.access(self.file.parent, os.W_OK):
            return StoreReadOnly("store_read_only")
        return fault


def file_of(url: str) -> Path:
    """The file at the address. Raises StoreInvalid `store_url`."""
    path = url.removeprefix(PREFIX)
    if path in (url, "", ":memory:"):
        raise StoreInvalid("store_url")
    return Path(path)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself: `_on_begin` does
    for pragma in PRAGMAS:
        _patiently(connection, f"PRAGMA {pragma}")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Who turns a new file to WAL while others open it is refused at once, whatever the timeout."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute(statement).fetchall()
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _check_keys(connection: Connection, state: Literal["ON", "OFF"]) -> None:
    """Outside a transaction: within one SQLite ignores it."""
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(f"PRAGMA foreign_keys = {state}")


@contextmanager
def _patience(connection: Connection, seconds: float) -> Iterator[None]:
    """How long the block waits for another process."""
    if seconds == BUSY_TIMEOUT_S:
        yield
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
