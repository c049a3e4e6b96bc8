"""Rows of the audit trail: added to its chain, read and walked; never anything else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select, type_coerce, update
from sqlalchemy.types import String

from cxr_triage.errors import StoreInvalid
from cxr_triage.store.audit.chain import ChainCheck, ChainHead, row_hash, verify
from cxr_triage.store.audit.seals import NOTHING, Sealed, Seals, seals_text
from cxr_triage.store.database.columns import stored_moment
from cxr_triage.store.database.tables import audit, audit_head
from cxr_triage.store.database.transactions import PUBLISHES
from cxr_triage.store.records import AuditEntry, AuditRow, TrailQuery
from cxr_triage.store.rows.tasks import enqueue, publication

CHUNK: Final = 1000
EVERYTHING: Final = TrailQuery()

STORED: Final = select(
    *(type_coerce(column, String) if column.name == "at" else column for column in audit.c)
)
"""Every column as it is stored: what hashes are made of."""


_HEAD: Final = select(audit_head).with_for_update()
_ADD: Final = insert(audit)
_ADVANCE: Final = update(audit_head)


def append(connection: Connection, entry: AuditEntry, seals: Seals = NOTHING) -> None:
    """Add a row, in the transaction of what it tells of, and as the last thing it does: the
    chain's head is held from here to the commit, and every writer waits for it.

    seals: of all that the transaction changed of studies, films, results and signed readings, see
    `rows.sealing`. Raises StoreInvalid `trail_cut` where the head is gone: nothing is kept then,
    for nobody could tell any more what belongs to the trail.
    """
    if connection.info.get(PUBLISHES):
        for study in _to_publish(entry, seals):
            enqueue(connection, publication(study), at=datetime.now(UTC))
    head = held_head(connection)
    values = {
        "at": stored_moment(datetime.now(UTC)),
        **asdict(entry),
        "seals": seals_text(seals),
    }
    number, made = head.number + 1, row_hash(head.hash, values)
    row = values | {"at": datetime.fromisoformat(values["at"])}
    connection.execute(_ADD, row | {"number": number, "previous": head.hash, "hash": made})
    connection.execute(_ADVANCE, {"number": number, "hash": made})


def _to_publish(entry: AuditEntry, seals: Seals) -> Iterator[str]:
    """Studies of which something changed that archives get: films, results, whom they show, what is
    signed. Looking at a study changes nothing."""
    if "films" in seals or entry.action == "study_signed":
        yield from (study for study, seal in seals.get("study", {}).items() if seal is not None)


def held_head(connection: Connection) -> Row[Any]:
    """The newest row's number and hash, which nobody changes until the transaction ends. Raises
    StoreInvalid `trail_cut`."""
    head = connection.execute(_HEAD).first()
    if head is None:
        raise StoreInvalid("trail_cut")
    return head


def newest(
    connection: Connection,
    *,
    before: int | None,
    limit: int,
    wanted: TrailQuery = EVERYTHING,
) -> tuple[AuditRow, ...]:
    """The newest rows first, or those before a number."""
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.number < before)
    if wanted.action:
        query = query.where(audit.c.action == wanted.action)
    if wanted.actor_id:
        query = query.where(audit.c.actor_id == wanted.actor_id)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
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


def verified(
    connection: Connection,
    noted: Iterable[ChainHead],
    sealed: Sealed,
    pause: Callable[[], None],
) -> ChainCheck:
    """Walk the whole chain, a chunk at a time; what its rows seal goes to `sealed`."""
    head = connection.execute(select(audit_head)).first()
    known = None if head is None else ChainHead(number=head.number, hash=head.hash)
    return verify(_followed(_in_chunks(connection, STORED), sealed, pause), known, noted)


def _followed(
    rows: Iterable[dict[str, Any]], sealed: Sealed, pause: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["number"] % CHUNK == 0:
            pause()
        if row["seals"]:
            with suppress(ValueError, KeyError, TypeError, AttributeError):  # a changed row is told
                sealed.follow(row["seals"])
        yield row


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
