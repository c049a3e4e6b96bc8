"""Brings a database to this version's schema, in one transaction, whoever comes first.

The policy: a migration adds; it takes away only what the version before no longer used. It
names with `compatible_from` the oldest schema whose software still works with what it makes,
as a rule the one before it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, insert, inspect, select, text

from cxr_triage.errors import MissingExtra, StoreInvalid
from cxr_triage.store.database.tables import SCHEMA, compatibility
from cxr_triage.store.database.transactions import Database

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

MIGRATIONS: Final = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "alembic_version"
HEAD: Final = SCHEMA


def migrate(database: Database) -> None:
    """Make or renew the schema. Killed in the middle, nothing has changed.

    A database of a newer version is left as it is, and used if it says that this version may:
    then the new one can migrate while the old one serves. Raises StoreInvalid `store_newer` or
    `store_not_ours`, or another StoreError.
    """
    with database.read() as connection:
        if _is_usable(connection):
            return

    def renew(connection: Connection) -> None:
        database.hold(connection, "migrate")
        database.allow_long(connection)
        if not _is_usable(connection):  # another process may have been faster
            _upgrade(connection)

    database.migrate(renew)  # again, if it and those who write got into each other's way


def schema_of(connection: Connection) -> str | None:
    """The database's version; None if it is empty. Raises StoreInvalid `store_not_ours`."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if VERSION_TABLE not in names:
        raise StoreInvalid("store_not_ours")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _is_usable(connection: Connection) -> bool:
    """Is it of this version, or a newer one that this version may work with?"""
    found = schema_of(connection)
    if found is None or found <= SCHEMA:
        return found == SCHEMA
    oldest = connection.execute(select(compatibility.c.oldest)).scalar()
    if oldest is None or oldest > SCHEMA:
        raise StoreInvalid("store_newer")
    return True


def _upgrade(connection: Connection) -> None:
    try:
        from alembic import command  # noqa: PLC0415 - slow, and seldom needed
        from alembic.config import Config  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("alembic", extra="server") from None
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
        _mark(connection, ScriptDirectory.from_config(config))
    except CommandError:  # a revision that this version does not know
        raise StoreInvalid("store_newer") from None


def _mark(connection: Connection, scripts: "ScriptDirectory") -> None:
    """Note the oldest version that may work with what the migrations have made."""
    revision = scripts.get_revision(HEAD)
    oldest = None if revision is None else getattr(revision.module, "compatible_from", None)
    if oldest is not None:
        connection.execute(delete(compatibility))
        connection.execute(insert(compatibility).values(id=1, oldest=oldest))
