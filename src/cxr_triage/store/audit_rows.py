"""Rows of the audit trail: added, and read; never anything else."""

from dataclasses import asdict, fields
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from cxr_triage.store.records import AuditEntry, AuditRow
from cxr_triage.store.tables import audit


def append(connection: Connection, entry: AuditEntry) -> None:
    """Add a row, in the transaction of what it tells of."""
    connection.execute(insert(audit).values(at=datetime.now(UTC), **asdict(entry)))


def newest(connection: Connection, *, before: int | None, limit: int) -> tuple[AuditRow, ...]:
    """The newest rows first, or those before a number."""
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.number < before)
    names = [field.name for field in fields(AuditEntry)]
    return tuple(
        AuditRow(
            number=row.number,
            at=row.at,
            entry=AuditEntry(**{name: getattr(row, name) for name in names}),
        )
        for row in connection.execute(query)
    )
