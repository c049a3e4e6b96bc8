"""The worklist: rows of studies, page after page, in order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    false,
    func,
    select,
    update,
)

from cxr_triage.domain import (
    EARLY_BAND,
    PRIORITIES,
)
from cxr_triage.errors import NotFound
from cxr_triage.store.database.tables import (
    claims,
    images,
    reviews,
    studies,
)
from cxr_triage.store.records import (
    MOST_COUNTED,
    STATES,
    TO_READ,
    UNREAD,
    EarlyReading,
    ListCounts,
    MaximumWait,
    Neighbours,
    PageCursor,
    Scope,
    StudyPage,
    StudyRow,
    WorklistQuery,
)
from cxr_triage.store.rows.keys import key_of
from cxr_triage.store.rows.search import narrowed
from cxr_triage.store.rows.study_records import PENDING, STUDY, study_of
from cxr_triage.store.rows.walking import PLACE, Deadlines, Walk, deadlines_of, in_order, walked


def page(
    connection: Connection,
    query: WorklistQuery,
    scope: Scope,
    *,
    after: PageCursor | None,
    limit: int,
    waits: MaximumWait,
) -> StudyPage:
    """At most `limit` rows after a place: what was there before and after stays so, however
    many studies come meanwhile, and however long it takes to turn the pages."""
    deadlines = deadlines_of(waits, datetime.now(UTC) if after is None else after.as_of)
    found = walked(_walk(connection, query, scope, deadlines, after, limit + 1))
    order = in_order(found, by_waiting=query.by_waiting)
    select_rows = STUDY.join(found, found.c.id == studies.c.id).order_by(*order)
    rows = connection.execute(select_rows.limit(limit + 1)).all()
    return StudyPage(
        rows=tuple(study_of(row, overdue=deadlines.is_overdue(row)) for row in rows[:limit]),
        after=deadlines.cursor(rows[limit - 1], by_waiting=query.by_waiting)
        if len(rows) > limit
        else None,
    )


def neighbours(
    connection: Connection, study_id: str, query: WorklistQuery, scope: Scope, waits: MaximumWait
) -> Neighbours:
    """The studies of the query beside a study's place, whether the query finds it or not.

    Raises NotFound, also if the study lies outside `scope`.
    """
    row = connection.execute(
        select(studies.c.station_id, studies.c.state, *PLACE).where(studies.c.id == study_id)
    ).first()
    if row is None or not scope.includes(row.station_id):
        raise NotFound("study_not_found")
    deadlines = deadlines_of(waits, datetime.now(UTC))
    place = deadlines.cursor(row, by_waiting=query.by_waiting)
    walk = _walk(connection, query, scope, deadlines, place, 1)

    def beside(*, backwards: bool) -> str | None:
        found = walked(replace(walk, backwards=backwards))
        nearest = select(studies.c.id).join(found, found.c.id == studies.c.id)
        order = in_order(found, backwards=backwards, by_waiting=query.by_waiting)
        return connection.scalar(nearest.order_by(*order).limit(1))

    return Neighbours(before=beside(backwards=True), after=beside(backwards=False))


def early_reading(connection: Connection) -> EarlyReading:
    """What came of the studies that a lot picked."""
    named = exists().where(reviews.c.study_id == studies.c.id, reviews.c.missed != "[]")
    row = connection.execute(
        select(
            func.count().label("drawn"),
            func.coalesce(func.sum(case((studies.c.state.in_(UNREAD), 0), else_=1)), 0),
            func.coalesce(func.sum(case((named, 1), else_=0)), 0),
        ).where(
            studies.c.priority_rank == PRIORITIES.index("none"),
            studies.c.band == EARLY_BAND,
            studies.c.images > 0,
        )
    ).one()
    return EarlyReading(drawn=row[0], read=row[1], with_finding=row[2])


def counts(connection: Connection, query: WorklistQuery, scope: Scope) -> ListCounts:
    """Of the studies that a query's stations and days leave."""

    def count(of: WorklistQuery) -> int:
        within = select(studies.c.id).where(studies.c.state.in_(of.states), *_conditions(of, scope))
        found = select(func.count()).select_from(within.limit(MOST_COUNTED).subquery())
        return int(connection.scalar(found) or 0)

    return ListCounts(
        to_read=count(replace(query, states=TO_READ, settled=True, claimed=False)),
        being_read=count(replace(query, states=TO_READ, settled=True, claimed=True)),
        signed=count(replace(query, states=("signed",), settled=False, claimed=False)),
    )


def _walk(
    connection: Connection,
    query: WorklistQuery,
    scope: Scope,
    deadlines: Deadlines,
    after: PageCursor | None,
    limit: int,
) -> Walk:
    narrow = narrowed(connection, query, scope)
    return Walk(
        conditions=(*_conditions(query, scope), *narrow.conditions),
        states=query.states if set(query.states) != set(STATES) else (),
        ranks=tuple(PRIORITIES.index(priority) for priority in query.priorities),
        few=narrow.few,
        by_waiting=query.by_waiting,
        deadlines=deadlines,
        after=after,
        limit=limit,
    )


def study_row(connection: Connection, study_id: str, scope: Scope) -> StudyRow:
    """One study. Raises NotFound, also if it lies outside `scope`."""
    row = connection.execute(STUDY.where(studies.c.id == study_id)).first()
    if row is None or not scope.includes(row.station_id):
        raise NotFound("study_not_found")
    return study_of(row)


def with_uid(connection: Connection, study_uid: str, scope: Scope) -> tuple[StudyRow, ...]:
    """Studies with that Study Instance UID, newest first."""
    query: Select[Any] = STUDY.where(
        studies.c.study_uid == key_of(study_uid), *in_scope(scope)
    ).order_by(studies.c.received_at.desc())
    return tuple(study_of(row) for row in connection.execute(query))


def siblings(connection: Connection, row: StudyRow) -> tuple[StudyRow, ...]:
    """Other studies of the station under the same number, newest first."""
    scope = Scope(station_id=row.station_id)
    uid = connection.scalar(select(studies.c.study_uid).where(studies.c.id == row.study_id))
    return tuple(
        one for one in with_uid(connection, str(uid), scope) if one.study_id != row.study_id
    )


def of_patients(
    connection: Connection, rows: Sequence[str], scope: Scope, *, but: str, limit: int
) -> tuple[StudyRow, ...]:
    """Studies that show patients of those rows, newest first, but one."""
    query = (
        STUDY.where(studies.c.patient_id.in_(rows), studies.c.id != but, studies.c.images > 0)
        .where(*in_scope(scope))
        .order_by(studies.c.received_at.desc(), studies.c.id)
        .limit(limit)
    )
    return tuple(study_of(row) for row in connection.execute(query))


def open_(connection: Connection, study_id: str, person_id: str) -> None:
    """Note who looks at a study that nobody has read; a new one becomes opened."""
    connection.execute(
        update(studies)
        .where(studies.c.id == study_id, studies.c.state.in_(("new", "opened")))
        .values(state="opened", opened_by=person_id, opened_at=datetime.now(UTC))
    )


def _conditions(query: WorklistQuery, scope: Scope) -> list[ColumnElement[bool]]:
    """Every filter but states, priorities and what is searched for."""
    conditions = in_scope(scope)
    if query.station_id is not None:
        conditions.append(studies.c.station_id == query.station_id)
    if query.received_from is not None:
        conditions.append(studies.c.received_at >= query.received_from)
    if query.received_until is not None:
        conditions.append(studies.c.received_at < query.received_until)
    if query.settled:
        conditions.append(PENDING.is_(None))
    read_now = exists().where(claims.c.study_id == studies.c.id, claims.c.until > datetime.now(UTC))
    if query.claimed:
        conditions.append(read_now.correlate(studies))
    if query.free_for:
        others = read_now.where(claims.c.person_id != query.free_for)
        conditions.append(~others.correlate(studies))
    hidden = exists().where(images.c.study_id == studies.c.id, images.c.hidden_at.is_not(None))
    conditions.append(hidden.correlate(studies) if query.hidden else studies.c.images > 0)
    return conditions


def in_scope(scope: Scope) -> list[ColumnElement[bool]]:
    if scope.machine is not None:
        return [false()]
    return [] if scope.station_id is None else [studies.c.station_id == scope.station_id]
