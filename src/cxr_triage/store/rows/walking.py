"""The order of the worklist, walked from a place on: by priority; within one first what nobody has
read for longer than it may wait, the oldest first; then by band, and the oldest first again.

What is overdue depends on the moment, so no index holds it: it is found apart from the rest, and
both are walked by indexes of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    false,
    literal,
    not_,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.store.database.tables import IS_UNREAD, ORDER, studies
from cxr_triage.store.records import (
    OVERDUE_BAND,
    STATES,
    UNREAD,
    MaximumWait,
    PageCursor,
    StudyState,
)

PLACE: Final = tuple(studies.c[name] for name in ORDER)
WAITED: Final = (studies.c.received_at, studies.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """At one moment. before: by priority, what came before that has waited too long."""

    as_of: datetime
    before: Mapping[Priority, datetime]

    def is_overdue(self, row: Row[Any]) -> bool:
        """Of a row of `studies`."""
        limit = self.before.get(PRIORITIES[row.priority_rank])
        return limit is not None and row.state in UNREAD and row.received_at < limit

    def cursor(self, row: Row[Any], *, by_waiting: bool = False) -> PageCursor:
        """Where the row stands in the list of that moment; by waiting it says nothing else."""
        if by_waiting:
            return PageCursor(self.as_of, 0, 0, row.received_at, row.id)
        band = OVERDUE_BAND if self.is_overdue(row) else int(row.band)
        return PageCursor(self.as_of, row.priority_rank, band, row.received_at, row.id)


def deadlines_of(waits: MaximumWait, as_of: datetime) -> Deadlines:
    """What has waited too long at `as_of`."""
    return Deadlines(
        as_of=as_of, before={priority: as_of - wait for priority, wait in waits.items()}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which studies, and from where on. conditions: all but states and priorities; states, ranks
    (places of priorities): none for any.
    few: sorting is less work than walking by an index. after: None from the start. by_waiting: in
    the order of coming alone."""

    conditions: Sequence[ColumnElement[bool]]
    states: tuple[StudyState, ...]
    ranks: tuple[int, ...]
    few: bool
    deadlines: Deadlines
    after: PageCursor | None
    limit: int
    backwards: bool = False
    by_waiting: bool = False


def walked(walk: Walk) -> Subquery:
    """Enough studies, each with its band (OVERDUE_BAND for those); sort them with `in_order`."""
    if walk.by_waiting:
        return _by_waiting(walk)
    if walk.few:
        return _sorted(walk)
    parts = [part.limit(walk.limit).subquery() for part in (*_overdue(walk), *_others(walk))]
    if not parts:
        return select(studies.c.id, studies.c.band).where(false()).subquery()
    return union_all(*[select(part.c.id, part.c.band) for part in parts]).subquery()


def in_order(
    found: Subquery, *, backwards: bool = False, by_waiting: bool = False
) -> list[ColumnElement[Any]]:
    """What sorts studies that were joined with `walked`."""
    columns = WAITED if by_waiting else (studies.c.priority_rank, found.c.band, *WAITED)
    return [column.desc() if backwards else column.asc() for column in columns]


def _by_waiting(walk: Walk) -> Subquery:
    conditions = list(walk.conditions)
    if walk.states:
        conditions.append(studies.c.state.in_(walk.states))
    if walk.after is not None:
        conditions.append(_beyond(walk, WAITED, walk.after[3:]))
    found = select(studies.c.id, studies.c.band).where(*conditions)
    return found.order_by(*_way(walk, WAITED)).limit(walk.limit).subquery()


def _sorted(walk: Walk) -> Subquery:
    band = case((_is_overdue(walk.deadlines), OVERDUE_BAND), else_=studies.c.band)
    place = (studies.c.priority_rank + 0, band, *WAITED)
    conditions = list(walk.conditions)
    if walk.states:
        conditions.append(studies.c.state.in_(walk.states))
    if walk.ranks:
        conditions.append(studies.c.priority_rank.in_(walk.ranks))
    if walk.after is not None:
        conditions.append(_beyond(walk, place, walk.after[1:]))
    found = select(studies.c.id, band.label("band")).where(*conditions)
    return found.order_by(*_way(walk, place)).limit(walk.limit).subquery()


def _overdue(walk: Walk) -> Iterator[Select[Any]]:
    """By priority: an index has the unread of each in the order of coming."""
    band = literal(OVERDUE_BAND, studies.c.band.type).label("band")
    for priority, limit in walk.deadlines.before.items():
        rank = PRIORITIES.index(priority)
        place = _place_among_overdue(walk, rank)
        if place is None or (walk.ranks and rank not in walk.ranks):
            continue
        of_rank = [studies.c.priority_rank == rank, studies.c.received_at < limit, *place]
        if walk.states:
            of_rank.append(studies.c.state.in_(walk.states))
        found = select(studies.c.id, band).where(text(IS_UNREAD), *walk.conditions, *of_rank)
        yield found.order_by(*_way(walk, WAITED))


def _place_among_overdue(walk: Walk, rank: int) -> list[ColumnElement[bool]] | None:
    """What those of a priority must fulfil to lie beyond the place; None: none does."""
    if walk.after is None:
        return []
    _, at, band, *waited = walk.after
    if rank == at and band == OVERDUE_BAND:
        return [_beyond(walk, WAITED, waited)]
    before = (rank, 0) < (at, int(band != OVERDUE_BAND))
    return [] if before == walk.backwards else None


def _others(walk: Walk) -> Iterator[Select[Any]]:
    """What is not overdue: an index has each state's in the order of the list."""
    for place in _places_among_others(walk):
        found = select(studies.c.id, studies.c.band).where(*walk.conditions, *place)
        found = found.order_by(*_way(walk, PLACE))
        if not walk.deadlines.before and not walk.states:
            yield found
            continue
        for state in walk.states or STATES:
            of_state = found.where(studies.c.state == state)
            if state in UNREAD and walk.deadlines.before:
                of_state = of_state.where(not_(_has_waited(walk.deadlines)))
            yield of_state


def _places_among_others(walk: Walk) -> Iterator[list[ColumnElement[bool]]]:
    """What those of each wanted priority must fulfil to lie beyond the place; of all at once, if
    all are wanted. Their bands lie over OVERDUE_BAND, so one comparison holds for every place."""
    after = walk.after
    if not walk.ranks:
        yield [] if after is None else [_beyond(walk, PLACE, after[1:])]
    for rank in walk.ranks:
        of_rank = studies.c.priority_rank == rank
        if after is None:
            yield [of_rank]
        elif rank == after.priority_rank:
            yield [of_rank, _beyond(walk, PLACE[1:], after[2:])]
        elif (rank < after.priority_rank) == walk.backwards:
            yield [of_rank]


def _is_overdue(deadlines: Deadlines) -> ColumnElement[bool]:
    return and_(studies.c.state.in_(UNREAD), _has_waited(deadlines))


def _has_waited(deadlines: Deadlines) -> ColumnElement[bool]:
    of_ranks = (
        and_(studies.c.priority_rank == PRIORITIES.index(priority), studies.c.received_at < limit)
        for priority, limit in deadlines.before.items()
    )
    return or_(false(), *of_ranks)


def _beyond(
    walk: Walk, place: Sequence[ColumnElement[Any]], values: Sequence[object]
) -> ColumnElement[bool]:
    types = [column.type for column in PLACE[-len(values) :]]
    there = tuple_(*(literal(value, kind) for value, kind in zip(values, types, strict=True)))
    here = tuple_(*place)
    return here < there if walk.backwards else here > there


def _way(walk: Walk, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [column.desc() if walk.backwards else column.asc() for column in columns]
