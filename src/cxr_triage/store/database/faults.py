"""What a database or a disk complains of → one error of the tree."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cxr_triage.errors import (
    StoreBusy,
    StoreError,
    StoreFull,
    StoreInvalid,
    StoreReadOnly,
    StoreUnavailable,
)
from cxr_triage.model.provision.disk import FULL

READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

SQLITE: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "store_full"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "store_read_only"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "store_read_only"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "store_busy"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "store_busy"),
    sqlite3.SQLITE_CORRUPT: (StoreInvalid, "store_damaged"),
    sqlite3.SQLITE_NOTADB: (StoreInvalid, "store_not_ours"),
}
"""By primary result code."""

POSTGRES: Final[dict[str, tuple[type[StoreError], str]]] = {
    "53100": (StoreFull, "store_full"),
    "53": (StoreBusy, "store_busy"),  # too many connections, out of memory
    "55P03": (StoreBusy, "store_busy"),  # a lock that was waited for in vain
    "57014": (StoreBusy, "store_busy"),  # a statement that took too long
    "40": (StoreBusy, "store_busy"),  # others were faster, again and again
    "25006": (StoreReadOnly, "store_read_only"),
    "42501": (StoreReadOnly, "store_read_only"),
    "XX001": (StoreInvalid, "store_damaged"),
    "XX002": (StoreInvalid, "store_damaged"),
}
"""By SQLSTATE, or its class (PostgreSQL, appendix A)."""

SQLITE_FULL_TOO: Final = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""What SQLite says when a file may not grow: a quota (which it does not tell from a failing
disk), or no room for its shared memory."""


@contextmanager
def store_faults() -> Iterator[None]:
    """Turn errors of SQLAlchemy and of the disk into StoreError, without path and without SQL.

    The cause is dropped: it holds the statement's parameters, which may be a patient's.
    """
    try:
        yield
    except SQLAlchemyError as problem:
        raise database_fault(problem) from None
    except sqlite3.Error as problem:
        raise _sqlite_fault(problem) from None
    except OSError as problem:
        raise disk_fault(problem) from None


def database_fault(problem: SQLAlchemyError) -> StoreError:
    """The error of the tree that `problem` is."""
    if isinstance(problem, PoolTimeout):
        return StoreBusy("store_busy")
    if isinstance(problem, DBAPIError) and isinstance(problem.orig, sqlite3.Error):
        return _sqlite_fault(problem.orig)
    if isinstance(problem, DBAPIError) and (state := getattr(problem.orig, "sqlstate", None)):
        return _postgres_fault(str(state))
    return StoreUnavailable("store_unavailable", problem=type(problem).__name__)


def _sqlite_fault(problem: sqlite3.Error) -> StoreError:
    code = getattr(problem, "sqlite_errorcode", None)
    if code is None:
        return StoreUnavailable("store_unavailable", problem=type(problem).__name__)
    if code in SQLITE_FULL_TOO:
        return StoreFull("store_full")
    kind, key = SQLITE.get(code & 0xFF, (StoreUnavailable, "store_unavailable"))
    if kind is StoreUnavailable:
        return StoreUnavailable(key, problem=problem.sqlite_errorname)
    return kind(key)


def _postgres_fault(state: str) -> StoreError:
    for known in (state, state[:2]):
        if known in POSTGRES:
            kind, key = POSTGRES[known]
            return kind(key)
    return StoreUnavailable("store_unavailable", problem=f"SQLSTATE {state}")


def disk_fault(problem: OSError) -> StoreError:
    """The error of the tree that `problem` is."""
    if problem.errno in FULL:
        return StoreFull("store_full")
    if problem.errno in READ_ONLY:
        return StoreReadOnly("store_read_only")
    reason = problem.strerror or type(problem).__name__
    return StoreUnavailable("store_unavailable", problem=reason)
