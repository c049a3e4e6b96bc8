"""Urgent and critical studies that nobody has read in their time ring for one person after another.

After its time (the policy's) a study rings for who signs; after twice its time for every doctor
too; after three times for the station that sent it. What somebody reads just now rings for nobody,
and nothing rings while nobody is on duty: then the station is told.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cxr_triage.domain import Priority
from cxr_triage.domain.duty import next_duty, on_duty
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import shown_row
from cxr_triage.settings import Settings
from cxr_triage.store.records import EVERYWHERE, UNREAD, MaximumWait, StudyRow, WorklistQuery
from cxr_triage.store.repository import Store

RINGS: Final[tuple[Priority, ...]] = ("critical", "urgent")
LEVELS: Final = 3
MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """A study past its time. level: how often its time has passed, to `LEVELS`."""

    row: StudyRow
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """What rings for somebody. on_duty: is anybody? If not nothing rings, and somebody is from
    `from_` on."""

    on_duty: bool
    from_: datetime | None
    studies: tuple[Escalated, ...]


def ringing(
    store: Store, who: Principal, settings: Settings, waits: MaximumWait, *, at: datetime
) -> Ringing:
    """For `who`, the most urgent first. Raises NotAllowed or StoreError."""
    who.need("read")
    local = at.astimezone(settings.zone)
    if not on_duty(settings.duty, local):
        return Ringing(on_duty=False, from_=next_duty(settings.duty, local), studies=())
    found = [
        Escalated(row=shown_row(one.row, who), level=one.level)
        for one in past_their_time(store, waits, at=at)
        if who.scope.includes(one.row.station_id) and _rings_for(who, one.level)
    ]
    return Ringing(on_duty=True, from_=None, studies=tuple(found))


def past_their_time(
    store: Store, waits: MaximumWait, *, at: datetime | None = None
) -> tuple[Escalated, ...]:
    """Every one that nobody reads now, the most urgent first."""
    now = at or datetime.now(UTC)
    of_those = {priority: waits[priority] for priority in RINGS if priority in waits}
    found: list[Escalated] = []
    for priority, wait in of_those.items():
        query = WorklistQuery(
            priorities=(priority,), states=UNREAD, settled=True, received_until=now - wait
        )
        rows = store.worklist(query, EVERYWHERE, after=None, limit=MOST, waits=waits).rows
        for row in rows:
            level = min(LEVELS, int((now - row.received_at) / wait))
            if row.claim is None and level:
                found.append(Escalated(row=row, level=level))
    return tuple(found)


def _rings_for(who: Principal, level: int) -> bool:
    """The next person each time: who signs, then every doctor, then the station."""
    if who.may("sign"):
        return True
    if who.may("review"):
        return level >= 2
    return level >= LEVELS and who.may("upload")
