"""PostgreSQL: many writers at once, of many instances.

Writers run at READ COMMITTED and lock the rows that they decide by; what two of them make at
once, unique constraints make one of, and the later one is repeated and finds it. Readers
have one view (REPEATABLE READ). A connection that is lost before a commit was asked for has
changed nothing, so the work is repeated; one that is lost while committing is a failure that
is told, since nobody knows what became of it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import sqlalchemy
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from cxr_triage.errors import MissingExtra, StoreError, StoreInvalid

DRIVER: Final = "postgresql+psycopg"
NAMES: Final = ("postgresql", "postgres", DRIVER)

STATEMENT_S: Final = 30
LOCK_S: Final = 10
CONNECT_S: Final = 5
IDLE_S: Final = 60
"""A transaction that does nothing for so long is ended by the server, and its locks go."""

HURRIED_S: Final = 1
"""For a lock that is not worth more."""
REPEATED: Final = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "23505",  # unique_violation: another was faster, and a repeat finds what it made
        "23503",  # foreign_key_violation: what was found first has been purged since
    }
)
LOOPBACK: Final = ("", "localhost", "127.0.0.1", "::1")


class PostgresBackend:
    """See `database.Backend`."""

    file = None

    def __init__(self, url: str) -> None:
        """Raises StoreInvalid `store_url` or MissingExtra. What the address holds besides
        (sslmode, sslrootcert …) is libpq's."""
        self.engine = sqlalchemy.create_engine(
            _checked(url),
            hide_parameters=True,
            pool_size=8,
            max_overflow=24,
            pool_timeout=LOCK_S,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_S,
                "application_name": "cxr-triage",
                "keepalives_idle": 20,
                "tcp_user_timeout": 20_000,
                "options": _options(),
            },
        )
        event.listen(self.engine, "connect", _on_connect)
        event.listen(self.engine, "begin", _on_begin)

    def prepare(self) -> None:
        """The hospital makes the database."""

    @contextmanager
    def writing(self, *, hurried: bool = False) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection.execution_options(
                isolation_level="READ COMMITTED", postgresql_readonly=False, hurried=hurried
            )

    def migrating(self) -> AbstractContextManager[Connection]:
        return self.writing()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    def may_repeat(self, problem: SQLAlchemyError, *, committing: bool) -> bool:
        if not isinstance(problem, DBAPIError):
            return False
        if getattr(problem.orig, "sqlstate", None) in REPEATED:
            return True
        return not committing and _lost(problem)

    def hold(self, connection: Connection, *names: str) -> None:
        """Until the transaction ends; sorted, so that no two wait for each other."""
        for number in sorted({_number(name) for name in names}):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({number})")

    def allow_long(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    def faults_in(self, connection: Connection) -> list[str]:
        """What durability needs and the server does not do."""
        return [
            f"{name} = off"
            for name in ("fsync", "full_page_writes")
            if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off"
        ]

    def explained(self, fault: StoreError) -> StoreError:
        return fault


def _checked(url: str) -> URL:
    try:
        import psycopg  # noqa: F401, PLC0415 - asked for here alone
    except ImportError:
        raise MissingExtra("psycopg", extra="postgres") from None
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreInvalid("store_url") from None
    if found.drivername not in NAMES or not found.database:
        raise StoreInvalid("store_url")
    if _crosses_a_network(found) and "sslmode" not in found.query:
        found = found.update_query_dict({"sslmode": "require"})
    return found.set(drivername=DRIVER)


def _crosses_a_network(url: URL) -> bool:
    hosts = url.query.get("host", url.host or "")
    named = hosts if isinstance(hosts, str) else ",".join(hosts)
    return not all(host in LOOPBACK or host.startswith("/") for host in named.split(","))


def _options() -> str:
    settings = {
        "statement_timeout": f"{STATEMENT_S}s",
        "lock_timeout": f"{LOCK_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's own
    """An acknowledged commit is on the disk, whatever the database's default is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def _on_begin(connection: Connection) -> None:
    """What may be left out waits less long for a lock."""
    if connection.get_execution_options().get("hurried", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{HURRIED_S}s'")


def _lost(problem: DBAPIError) -> bool:
    """Was the connection lost, or never made?"""
    state = getattr(problem.orig, "sqlstate", None) or ""
    unanswered = not state and type(problem.orig).__name__ == "OperationalError"
    return problem.connection_invalidated or unanswered or state.startswith(("08", "57P"))


def _number(name: str) -> int:
    """A lock's number: 63 bits of the name's hash."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
