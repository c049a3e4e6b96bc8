"""Every row from one database to another, whichever kinds they are, in the order of keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select

from cxr_triage.store.blobs import make_private
from cxr_triage.store.database.migrate import migrate
from cxr_triage.store.database.sqlite import PREFIX
from cxr_triage.store.database.tables import LOCAL_ROWS, UNSAVED, compatibility, metadata
from cxr_triage.store.database.transactions import Database

CHUNK: Final = 500


def copy_rows(source: Connection, target: Connection) -> None:
    """Fill the tables of `target`, which has just been migrated, but for what lasts no
    longer than a sign-in."""
    for table in reversed(metadata.sorted_tables):
        if table in LOCAL_ROWS and table is not compatibility:
            target.execute(table.delete())
    for table in metadata.sorted_tables:
        if table not in UNSAVED and table is not compatibility:
            _copy(source, target, table)


def is_empty(connection: Connection) -> bool:
    """Has nobody used it yet?"""
    others = [table for table in metadata.sorted_tables if table not in LOCAL_ROWS]
    return all(
        connection.execute(select(func.count()).select_from(table)).scalar() == 0
        for table in others
    )


@contextmanager
def opened_file(file: Path) -> Iterator[Database]:
    """A SQLite database of this version's schema, all in one file when the block ends."""
    make_private(file)
    database = Database(f"{PREFIX}{file}")
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def _copy(source: Connection, target: Connection, table: Table) -> None:
    result = source.execution_options(yield_per=CHUNK).execute(
        select(table).order_by(*_order(table))
    )
    takes_nul = target.dialect.name == "sqlite"
    for rows in result.partitions():
        copies = [dict(row._mapping) for row in rows]
        target.execute(insert(table), copies if takes_nul else [_without_nul(c) for c in copies])


def _without_nul(row: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL has none in its texts; SQLite took them from senders of before."""
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in row.items()
    }


def _order(table: Table) -> list[ColumnElement[Any]]:
    """Addenda come after what they add to, whatever their ids are."""
    first = [table.c.addendum_of.is_not(None)] if "addendum_of" in table.c else []
    return [*first, *table.primary_key.columns]
