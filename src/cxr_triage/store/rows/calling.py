"""What wants somebody now: urgent studies that nobody has signed, and answers that came in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, TextClause, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.store.database.tables import IS_CALLING, people, reviews, seen_answers, studies
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import MOST_CALLS, Answer, Calls, Scope, StudyRow
from cxr_triage.store.rows.studies import in_scope
from cxr_triage.store.rows.study_records import STUDY, study_of


class CallingRows:
    """Safe to call from several threads. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self, scope: Scope, person_id: str, *, otherwise: datetime) -> Calls:
        """For somebody who sees `scope`. otherwise: from when on answers count for who has never
        said that they saw some."""
        with self._database.read() as connection:
            since = _seen_until(connection, person_id) or otherwise
            answers = _answered(scope, since).limit(MOST_CALLS).subquery()
            return Calls(
                critical=_count(connection, scope, "critical"),
                urgent=_count(connection, scope, "urgent"),
                newest=connection.scalar(
                    select(func.max(studies.c.received_at)).where(*_unsigned(scope))
                ),
                answers=connection.scalar(select(func.count()).select_from(answers)) or 0,
            )

    def needing(self, scope: Scope) -> tuple[StudyRow, ...]:
        """Critical and urgent studies that nobody has signed, the oldest first."""
        oldest = (studies.c.received_at, studies.c.id)
        found = select(studies.c.id).where(*_unsigned(scope)).order_by(*oldest).limit(MOST_CALLS)
        first = found.subquery("first")  # so that nothing but their places is sorted
        query = STUDY.join(first, first.c.id == studies.c.id).order_by(*oldest)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return tuple(study_of(row) for row in rows)

    def answers(self, scope: Scope, person_id: str, *, otherwise: datetime) -> tuple[Answer, ...]:
        """What was signed since the person looked, the newest first. otherwise: as for `calls`."""
        with self._database.read() as connection:
            since = _seen_until(connection, person_id) or otherwise
            last = _answered(scope, since).order_by(func.max(reviews.c.signed_at).desc())
            found = connection.execute(last.limit(MOST_CALLS)).all()
            rows = _rows(connection, (one.study_id for one in found))
            return tuple(
                _answer(connection, rows[one.study_id], one.last)
                for one in found
                if one.study_id in rows
            )

    def saw_answers(self, person_id: str, until: datetime) -> None:
        """They have seen all that was signed until then; what they saw before stays seen."""

        def work(connection: Connection) -> None:
            before = _seen_until(connection, person_id)
            later = until if before is None else max(before, until)
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            new = dialect.insert(seen_answers).values(person_id=person_id, until=later)
            connection.execute(
                new.on_conflict_do_update(index_elements=["person_id"], set_={"until": later})
            )

        self._database.write(work)


def _unsigned(scope: Scope) -> list[ColumnElement[bool] | TextClause]:
    """What studies fulfil that call somebody."""
    return [text(IS_CALLING), *in_scope(scope)]


def _count(connection: Connection, scope: Scope, priority: Priority) -> int:
    """Of that priority, as far as `MOST_CALLS`."""
    rank = PRIORITIES.index(priority)
    found = select(studies.c.id).where(*_unsigned(scope), studies.c.priority_rank == rank)
    counted = select(func.count()).select_from(found.limit(MOST_CALLS).subquery())
    return connection.scalar(counted) or 0


def _seen_until(connection: Connection, person_id: str) -> datetime | None:
    query = select(seen_answers.c.until).where(seen_answers.c.person_id == person_id)
    return connection.execute(query).scalar()


def _answered(scope: Scope, since: datetime) -> Select[Any]:
    """Studies with readings that were signed since then and hold, and when the last was."""
    return (
        select(reviews.c.study_id, func.max(reviews.c.signed_at).label("last"))
        .join(studies, studies.c.id == reviews.c.study_id)
        .where(reviews.c.signed_at > since, reviews.c.withdrawn_at.is_(None), *in_scope(scope))
        .group_by(reviews.c.study_id)
    )


def _rows(connection: Connection, ids: Iterable[str]) -> dict[str, StudyRow]:
    found = connection.execute(STUDY.where(studies.c.id.in_(tuple(ids)))).all()
    return {row.id: study_of(row) for row in found}


def _answer(connection: Connection, row: StudyRow, at: datetime) -> Answer:
    said = connection.execute(
        select(reviews.c.impression, reviews.c.note, people.c.full_name)
        .join(people, people.c.id == reviews.c.person_id)
        .where(reviews.c.study_id == row.study_id, reviews.c.signed_at == at)
    ).first()
    return Answer(
        row=row,
        reader="" if said is None else said.full_name,
        signed_at=at,
        impression="" if said is None else (said.impression or said.note),
    )
