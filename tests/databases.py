"""A PostgreSQL server of the tests' own, and which database a store in a folder has."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, inspect

VARIABLE = "CXR_TRIAGE_TESTED_SERVER"
"""The server that stores are on; unset: SQLite. Programs that tests start inherit it."""

PORT = 54329
"""Names the socket; nothing listens on a network."""


def url_of(folder: Path) -> str:
    """The address of the one database of a store in `folder`, made if need be."""
    server = os.environ.get(VARIABLE)
    return url_on(server, folder) if server else f"sqlite:///{folder / 'store.sqlite3'}"


def url_on(server: str, folder: Path) -> str:
    """As `url_of`, on that server."""
    name = f"t{sha256(str(folder).encode()).hexdigest()[:20]}"
    with connected(address(server, "postgres")) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if known.fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}")
    return address(server, name)


def connected(url: str):
    """A connection past the store, whose statements count at once."""
    import psycopg  # noqa: PLC0415 - not everybody has it

    return psycopg.connect(url, autocommit=True)


@contextmanager
def raw(folder: Path) -> Iterator[Connection]:
    """The database of a store in `folder` past the store: what somebody with the server's own
    tools can do. Each statement counts at once."""
    url = url_of(folder).replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def rows_of(folder: Path) -> dict[str, str]:
    """Every row of every table, as text."""
    with raw(folder) as connection:
        return {
            name: repr(connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall())  # noqa: S608
            for name in inspect(connection).get_table_names()
        }


def address(server: str, database: str, *, port: int = PORT) -> str:
    return f"postgresql://tests@/{database}?host={server}&port={port}"


def programs() -> Path | None:
    """The newest server's programs, where Debian and others put them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    known = shutil.which("initdb")
    return found[-1].parent if found else Path(known).parent if known else None


@contextmanager
def running_server(port: int = PORT) -> Iterator[str]:
    """The folder of the socket of a new server, gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="cxr-triage-pg-"))
    user = user_of()
    if user:
        shutil.chown(folder, user)
    try:
        control(folder, user, "initdb", "-A", "trust", "-U", "tests", "-E", "UTF8", "--no-sync")
        start(folder, user, port=port)
        yield str(folder)
    finally:
        control(folder, user, "pg_ctl", "stop", "-m", "immediate", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def user_of() -> str | None:
    """Whom the server runs as: it refuses to run as root."""
    return "postgres" if os.name == "posix" and os.geteuid() == 0 else None


def start(folder: Path | str, user: str | None, *, port: int = PORT) -> None:
    options = f"-k {folder} -p {port} -c listen_addresses= -c max_connections=200"
    log = f"{folder}/log"
    control(folder, user, "pg_ctl", "start", "-w", "-l", log, "-o", options)


def control(
    folder: Path | str, user: str | None, program: str, *arguments: str, check=True
) -> None:
    """Run one of the server's programs, which root may not."""
    subprocess.run(
        [programs() / program, "-D", f"{folder}/data", *arguments],
        user=user,
        group=user and "postgres",
        extra_groups=[] if user else None,
        cwd="/",
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
