"""Rows of the audit trail: added to its chain, read and walked; never anything else."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select, type_coerce, update
from sqlalchemy.types import String

from cxr_triage.store.audit.chain import ChainCheck, ChainHead, row_hash, verify
from cxr_triage.store.database.columns import stored_moment
from cxr_triage.store.database.tables import audit, audit_head
from cxr_triage.store.records import AuditEntry, AuditRow

CHUNK: Final = 1000

STORED: Final = select(
    *(type_coerce(column, String) if column.name == "at" else column for column in audit.c)
)
"""Every column as it is stored: what hashes are made of."""


_HEAD: Final = select(audit_head).with_for_update()
_ADD: Final = insert(audit)
_ADVANCE: Final = update(audit_head)


def append(connection: Connection, entry: AuditEntry) -> None:
    """Add a row, in the transaction of what it tells of, and as the last thing it does: the
    chain's head is held from here to the commit, and every writer waits for it."""
    head = connection.execute(_HEAD).one()
    values = {"at": stored_moment(datetime.now(UTC)), **asdict(entry)}
    number, made = head.number + 1, row_hash(head.hash, values)
    row = values | {"at": datetime.fromisoformat(values["at"])}
    connection.execute(_ADD, row | {"number": number, "previous": head.hash, "hash": made})
    connection.execute(_ADVANCE, {"number": number, "hash": made})


def newest(connection: Connection, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
    """The newest rows first, or those before a number."""
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.number < before)
    return tuple(_row(row) for row in connection.execute(query))


def between(
    connection: Connection, since: datetime | None, until: datetime | None
) -> Iterator[dict[str, Any]]:
    """Every column as it is stored, oldest first; `until` is not part of the period."""
    query = STORED
    if since is not None:
        query = query.where(audit.c.at >= since)
    if until is not None:
        query = query.where(audit.c.at < until)
    return _in_chunks(connection, query)


def verified(connection: Connection, noted: Iterable[ChainHead]) -> ChainCheck:
    """Walk the whole chain, a chunk at a time."""
    head = connection.execute(select(audit_head)).one()
    known = ChainHead(number=head.number, hash=head.hash)
    return verify(_in_chunks(connection, STORED), known, noted)


def _in_chunks(connection: Connection, query: Select[Any]) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = query.order_by(audit.c.number).limit(CHUNK)
        if after is not None:
            page = page.where(audit.c.number > after)
        rows = connection.execute(page).all()
        yield from (dict(row._mapping) for row in rows)
        if len(rows) < CHUNK:
            return
        after = rows[-1].number


_ENTRY: Final = [field.name for field in fields(AuditEntry)]


def _row(row: Row[Any]) -> AuditRow:
    entry = AuditEntry(**{name: getattr(row, name) for name in _ENTRY})
    return AuditRow(number=row.number, at=row.at, hash=row.hash, entry=entry)
