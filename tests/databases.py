"""A PostgreSQL server of the tests' own, and which database a store in a folder has."""

import os
import shutil
import subprocess
import tempfile
from atexit import register
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, NullPool, create_engine, inspect

from cxr_triage.store.blobs import make_folder
from cxr_triage.store.database.migrate import migrate
from cxr_triage.store.database.tables import SCHEMA
from cxr_triage.store.database.transactions import Database

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
    name = name_of(folder)
    with connected(address(server, "postgres")) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if not exists(connection, name):
            connection.execute(f"CREATE DATABASE {name}")
    return address(server, name)


def migrated_in(folder: Path) -> str:
    """As `url_of`; a database that is not there yet is a copy of one that was migrated once."""
    server = os.environ.get(VARIABLE)
    if server:
        return migrated_on(server, folder)
    file = folder / "store.sqlite3"
    if not file.exists():
        make_folder(folder)
        copy = folder / f"{token_hex(8)}.new"
        shutil.copy(migrated_file(), copy)
        with suppress(FileExistsError):  # another thread was faster
            file.hardlink_to(copy)
        copy.unlink()
    return f"sqlite:///{file}"


def migrated_on(server: str, folder: Path) -> str:
    """As `migrated_in`, on that server."""
    name, template = name_of(folder), f"migrated_{SCHEMA}"
    with connected(address(server, "postgres")) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if not exists(connection, template):
            connection.execute("DROP DATABASE IF EXISTS unfinished")
            connection.execute("CREATE DATABASE unfinished")
            migrate_anew(address(server, "unfinished"))
            connection.execute(f"ALTER DATABASE unfinished RENAME TO {template}")
        if not exists(connection, name):
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return address(server, name)


@cache
def migrated_file() -> Path:
    """A database file of this version's schema, for as long as this process runs."""
    folder = Path(tempfile.mkdtemp(prefix="cxr-triage-migrated-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "store.sqlite3"
    migrate_anew(f"sqlite:///{file}")
    return file


def migrate_anew(url: str) -> None:
    database = Database(url)
    database.prepare()
    migrate(database)
    database.close()


def name_of(folder: Path) -> str:
    """The name on a server of the database of a store in `folder`."""
    return f"t{sha256(str(folder).encode()).hexdigest()[:20]}"


def exists(connection, name: str) -> bool:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return known.fetchone() is not None


def drop_on(server: str, folder: Path) -> None:
    """Make room: the databases of stores in `folder` and in folders below it are gone."""
    folders = [folder, *(below for below in folder.rglob("*") if below.is_dir())]
    with connected(address(server, "postgres")) as connection:
        known = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in known.intersection(map(name_of, folders)):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def connected(url: str):
    """A connection past the store, whose statements count at once."""
    import psycopg  # noqa: PLC0415 - not everybody has it

    return psycopg.connect(url, autocommit=True)


TOUCHED: set[Path] = set()
"""Folders of stores that somebody got at past the store."""


@contextmanager
def raw(folder: Path) -> Iterator[Connection]:
    """The database of a store in `folder` past the store: what somebody with the server's own
    tools can do. Each statement counts at once."""
    TOUCHED.add(folder)
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


MEMORY = Path("/dev/shm")  # noqa: S108 - the server makes a folder of its own there
ENOUGH_BYTES = 2 * 2**30


def quickest_folder() -> Path | None:
    """Memory, where there is enough of it: there a server that syncs everything waits for no
    disk. It is not told to sync nothing: the store finds fault with that."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
        return MEMORY
    return None


@contextmanager
def running_server(port: int = PORT, *, on_disk: bool = False) -> Iterator[str]:
    """The folder of the socket of a new server, gone when the block ends. on_disk: what it
    has synced is there when it has crashed."""
    parent = None if on_disk else quickest_folder()
    folder = Path(tempfile.mkdtemp(prefix="cxr-triage-pg-", dir=parent))
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
    options = (
        f"-k {folder} -p {port} -c listen_addresses= -c max_connections=200 -c max_wal_size=256MB"
    )
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
