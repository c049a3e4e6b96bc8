"""The database: short transactions, whichever kind it is.

`Backend` is what the kinds do differently; `sqlite` and `postgres` are they.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from cxr_triage.errors import StoreError, StoreFull
from cxr_triage.store.database import postgres, sqlite
from cxr_triage.store.database.faults import store_faults
from cxr_triage.store.room import KeptRoom

T = TypeVar("T")

PUBLISHES: Final = "cxr_triage.publishes"
"""Of a connection: see `Database`."""

PAUSES_S: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 2.0)
"""Between attempts; together longer than a connection takes to be made anew."""


BeginTransaction = Callable[[], AbstractContextManager[Connection]]


class Backend(Protocol):
    """One kind of database. file: where it is a file of ours."""

    engine: Engine

    @property
    def file(self) -> Path | None: ...

    def prepare(self) -> None:
        """Make what must be there before the first connection. Raises OSError."""

    def writing(self, *, hurried: bool = False) -> AbstractContextManager[Connection]:
        """A connection for a transaction that writes. hurried: it is left out rather than waited
        for, where somebody else holds the database."""

    def migrating(self) -> AbstractContextManager[Connection]:
        """As `writing`, for a transaction that may make tables anew."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for a transaction that sees one moment."""

    def may_repeat(self, problem: SQLAlchemyError, *, committing: bool) -> bool:
        """Is it sure that nothing was changed, and may another attempt succeed?"""

    def hold(self, connection: Connection, *names: str) -> None:
        """Be the only transaction that holds these names, until it ends."""

    def allow_long(self, connection: Connection) -> None:
        """Lift the limit on how long a statement may take, for this transaction."""

    def faults_in(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong, empty if nothing."""

    def explained(self, fault: StoreError) -> StoreError:
        """The fault, named more closely where this kind can tell."""


def backend_of(url: str) -> Backend:
    """Raises StoreInvalid `store_url` or MissingExtra."""
    if is_shared(url):
        return postgres.PostgresBackend(url)
    return sqlite.SqliteBackend(url)


def is_shared(url: str) -> bool:
    """Do several instances of the service work on such a database?"""
    return url.partition(":")[0] in postgres.NAMES


class Database:
    """Gives out transactions. Safe to call from several threads.

    room: that is kept back for them; None where the disk is another machine's.
    """

    def __init__(self, url: str, *, publishes: bool = False) -> None:
        """publishes: changes of studies put down what is to be sent of them (see
        `audit.rows.append`).

        Raises StoreInvalid `store_url` unless it is `sqlite:////path/to/file` or
        `postgresql://…/name`, or MissingExtra."""
        self._backend = backend_of(url)
        self._publishes = publishes
        self.room = None if self.file is None else KeptRoom(self.file.parent)

    @property
    def file(self) -> Path | None:
        """Where the database is a file of ours."""
        return self._backend.file

    def prepare(self) -> None:
        """Make what must be there first. Raises StoreError."""
        with store_faults():
            self._backend.prepare()

    def write(self, work: Callable[[Connection], T], *, hurried: bool = False) -> T:
        """What `work` returns, done in a transaction that is on the disk, or has not happened.

        `work` may run several times, each time on a database that it has not changed, so it
        changes nothing else. On a full disk it gets the room that was kept back. hurried: it may
        be left out, so it waits less long for another process that holds the database. Raises
        what it raises, or StoreError.
        """
        begun = partial(self._writing, hurried=hurried)
        try:
            return self._done(work, begun)
        except StoreFull:
            if self.room is None or not self.room.give_up():
                raise
        return self._done(work, begun)

    def migrate(self, work: Callable[[Connection], None]) -> None:
        """As `write`, where `work` may make tables anew that others refer to."""
        self._done(work, self._backend.migrating)

    def _done(self, work: Callable[[Connection], T], begun: BeginTransaction) -> T:
        with self._faults():
            for pause_s in PAUSES_S:
                attempt = _Attempt()
                try:
                    return attempt.run(begun, work)
                except SQLAlchemyError as problem:
                    if not self._backend.may_repeat(problem, committing=attempt.committing):
                        raise
                time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            return _Attempt().run(begun, work)

    @contextmanager
    def _writing(self, *, hurried: bool = False) -> Iterator[Connection]:
        with self._backend.writing(hurried=hurried) as connection:
            connection.info[PUBLISHES] = self._publishes
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """As `write`, for work that must not run twice."""
        with self._faults(), self._writing() as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._faults(), self._backend.reading() as connection, connection.begin():
            yield connection

    def hold(self, connection: Connection, *names: str) -> None:
        """Be the only transaction that holds these names, until it ends: for decisions that
        no row stands for."""
        self._backend.hold(connection, *names)

    def allow_long(self, connection: Connection) -> None:
        """This transaction may take its time."""
        self._backend.allow_long(connection)

    def faults_in(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong, empty if nothing."""
        return self._backend.faults_in(connection)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._backend.engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            with store_faults():
                yield
        except StoreError as fault:
            if (explained := self._backend.explained(fault)) is not fault:
                raise explained from None
            raise


class _Attempt:
    """One run of some work. committing: was the commit asked for?"""

    def __init__(self) -> None:
        self.committing = False

    def run(self, begun: BeginTransaction, work: Callable[[Connection], T]) -> T:
        with begun() as connection, connection.begin() as transaction:
            done = work(connection)
            self.committing = True
            transaction.commit()
            return done
