"""Brings a database to this version's schema, in one transaction, whoever comes first."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from cxr_triage.errors import MissingExtra, StoreInvalid
from cxr_triage.store.database import Database
from cxr_triage.store.tables import SCHEMA

MIGRATIONS: Final = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "alembic_version"
HEAD: Final = SCHEMA


def migrate(database: Database) -> None:
    """Make or renew the schema. Killed in the middle, nothing has changed.

    Raises StoreInvalid `store_newer` or `store_not_ours`, or another StoreError.
    """
    with database.read() as connection:
        if schema_of(connection) == SCHEMA:
            return
    with database.transaction() as connection:
        database.hold(connection, "migrate")
        database.allow_long(connection)
        if schema_of(connection) != SCHEMA:  # another process may have been faster
            _upgrade(connection)


def schema_of(connection: Connection) -> str | None:
    """The database's version; None if it is empty. Raises StoreInvalid `store_not_ours`."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if VERSION_TABLE not in names:
        raise StoreInvalid("store_not_ours")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _upgrade(connection: Connection) -> None:
    try:
        from alembic import command  # noqa: PLC0415 - slow, and seldom needed
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("alembic", extra="server") from None
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
    except CommandError:  # a revision that this version does not know
        raise StoreInvalid("store_newer") from None
