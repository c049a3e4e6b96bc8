"""The audit trail for who may read it: filtered, page by page, and as a file. The words that people
gave as reasons are left out here: they may name somebody."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from cxr_triage.result.cells import safe_cell
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.tasks import store_check
from cxr_triage.store.records import AuditRow, TrailQuery
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.tasks import NewTask

PAGE: Final = 100
FORMS: Final = ("csv", "jsonl")
Form = Literal["csv", "jsonl"]
WORDS: Final = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPage:
    """The newest rows first; older: where the next page begins, None at the end."""

    rows: tuple[AuditRow, ...]
    older: int | None


def page(
    store: Store, who: Principal, query: TrailQuery, *, before: int | None, origin: Origin
) -> TrailPage:
    """Rows before a number, or the newest; that they were read is noted. Raises NotAllowed or
    StoreError."""
    who.need("read_audit")
    rows = store.trail(query, before=before, limit=PAGE + 1)
    note(store, entry(Action.TRAIL_READ, who.acts_from(origin)))
    return TrailPage(rows=rows[:PAGE], older=rows[PAGE - 1].number if len(rows) > PAGE else None)


def exported(
    store: Store, who: Principal, query: TrailQuery, form: Form, zone: ZoneInfo, *, origin: Origin
) -> Iterator[str]:
    """The period's rows as lines, oldest first, without the words of reasons. Raises NotAllowed or
    StoreError."""
    who.need("read_audit")
    note(store, entry(Action.TRAIL_READ, who.acts_from(origin)))
    rows = store.audit_between(query.since, query.until)
    kept = ({name: row[name] for name in row if name != WORDS} for row in rows)
    return lines(kept, form, zone)


def lines(rows: Iterable[Mapping[str, Any]], form: Form, zone: ZoneInfo) -> Iterator[str]:
    """Rows as stored, each with the time at the place; as JSON, or as CSV with a head and cells
    that no spreadsheet calculates."""
    for number, row in enumerate(rows):
        at = datetime.fromisoformat(row["at"]).astimezone(zone)
        told = {**row, "local_time": at.isoformat(timespec="seconds")}
        if form == "jsonl":
            yield json.dumps(told) + "\n"
            continue
        if number == 0:
            yield _csv(told)
        yield _csv(safe_cell(str(value)) for value in told.values())


def _csv(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def ask_for_check(store: Store, who: Principal) -> None:
    """Have the store and its trail checked soon, once for all who ask within a minute. Raises
    NotAllowed or StoreError."""
    who.need("read_audit")
    at = datetime.now(UTC)
    key = f"{store_check.KIND} asked {at:%Y-%m-%dT%H:%M}"
    store.tasks.enqueue(NewTask(kind=store_check.KIND, key=key, most_attempts=2), at=at)


def is_checking(store: Store) -> bool:
    """Is a check asked for or under way?"""
    counts = store.tasks.counts()
    return any(counts.get((store_check.KIND, state), 0) for state in ("waiting", "running"))
