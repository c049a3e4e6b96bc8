"""The nightly check: is every image there as it came, nothing of the audit trail changed, and every
study, result and signed reading as the trail says?

Once a night on each database, however many instances there are; where the machine was off, when
it is on again.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from cxr_triage.service.tasks.work import Work
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.tasks import NewTask

KIND: Final = "store_check"

MOST_NAMED: Final = 100
"""Of what is wrong, for each way to be wrong."""

LONGEST_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Counts, and the first of each by SHA-256 (or in the database's own words).

    trail_fault: number of the first row of the audit trail that is not as it was written.
    differing: studies, results and readings that are not as the trail says; named as their kind,
    `_`, what became of them, a blank, and their id. unknown: those from before it said so.
    """

    images: int
    missing: int
    damaged: int
    database: int
    missing_named: tuple[str, ...]
    damaged_named: tuple[str, ...]
    database_named: tuple[str, ...]
    trail_fault: int | None
    differing: int = 0
    differing_named: tuple[str, ...] = ()
    unknown: int = 0

    @property
    def sound(self) -> bool:
        wrong = self.missing or self.damaged or self.database or self.differing
        return not wrong and self.trail_fault is None


FOUND: Final = TypeAdapter(Found)
"""Reads an outcome. A field that is added needs a default: earlier outcomes lack it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCheck:
    """The last one. found: None if it could not be done, for the reason that `error` codes."""

    at: datetime
    found: Found | None
    error: str

    @property
    def sound(self) -> bool:
        """Was it done, and was everything there?"""
        return self.found is not None and self.found.sound


def nightly(settings: Settings, at: datetime) -> NewTask | None:
    """The last one that was due: a day's at the setting's hour of the place."""
    if settings.store_check_hour < 0:
        return None
    local = at.astimezone(settings.zone)
    early = local.hour < settings.store_check_hour
    day = local.date() - timedelta(days=1) if early else local.date()
    return NewTask(kind=KIND, key=f"{KIND} {day.isoformat()}", priority=9, most_attempts=5)


def check_store(work: Work) -> Mapping[str, Any]:
    """Hash every file, then walk the trail and the tables. It waits for as long as it reads, so
    that half of the disk's time at least is left to others."""
    read_since = time.monotonic()

    def pause() -> None:
        nonlocal read_since
        work.pause(min(time.monotonic() - read_since, LONGEST_WAIT_S))
        read_since = time.monotonic()

    inspection = work.store.inspect(pause)
    pause()
    trail = work.store.check_trail(pause=pause)
    fault = trail.chain.fault
    differing = [f"{one.kind}_{one.fault} {one.id}" for one in trail.differences]
    differing += [f"card {card}" for card in trail.cards]
    found = Found(
        images=inspection.images,
        missing=len(inspection.missing),
        damaged=len(inspection.damaged),
        database=len(inspection.database),
        missing_named=inspection.missing[:MOST_NAMED],
        damaged_named=inspection.damaged[:MOST_NAMED],
        database_named=inspection.database[:MOST_NAMED],
        trail_fault=None if fault is None else fault.number,
        differing=len(differing),
        differing_named=tuple(differing[:MOST_NAMED]),
        unknown=trail.unknown,
    )
    return asdict(found)


def last_check(store: Store) -> StoreCheck | None:
    """None before the first. Raises StoreError."""
    task = store.tasks.newest(KIND)
    if task is None or task.ended_at is None:
        return None
    found = FOUND.validate_python(task.outcome) if task.state == "done" else None
    return StoreCheck(at=task.ended_at, found=found, error=task.error)
