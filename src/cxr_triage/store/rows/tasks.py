"""Rows of work that can wait: put down with what causes it, claimed by one, tried again, given up.

Who claims a task has it for as long as its lease lasts. A claim is counted before the work is
begun, so work that kills whoever does it is given up too. Times are those of who asks: clocks of
instances may differ by less than a lease. What a task does may be done twice (its lease ran out,
or the last step was lost), so handlers make the same of it both times.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, text, update

from cxr_triage.store.database.columns import stored_moment
from cxr_triage.store.database.tables import tasks
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.rows.keys import new_id

TaskState = Literal["waiting", "running", "done", "dead"]
UNDONE: Final[tuple[TaskState, ...]] = ("waiting", "running", "dead")

KEPT_DAYS: Final = 60
"""For so long a task is known after its end."""

LOST: Final = "task_lost"
"""The error of a task whose last attempt ended without a word: its process was killed."""

ADD: Final = text(
    "INSERT INTO tasks (id, kind, key, arguments, priority, state, due_at, attempts,"
    " most_attempts, error, outcome, created_at)"
    " VALUES (:id, :kind, :key, :arguments, :priority, 'waiting', :due_at, 0,"
    " :most_attempts, '', '{}', :created_at)"
    " ON CONFLICT (key) DO NOTHING"
)
"""One statement: of instances that add the same at once, one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """key: a task that there may be once alone. arguments: JSON, identifiers of our own alone.
    priority: 0 first, 9 last. due_at: not before then; None: at once."""

    kind: str
    key: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 5
    due_at: datetime | None = None
    most_attempts: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """See `tables.tasks`."""

    id: str
    kind: str
    key: str | None
    arguments: Mapping[str, Any]
    priority: int
    state: TaskState
    due_at: datetime
    lease: str | None
    attempts: int
    most_attempts: int
    error: str
    outcome: Mapping[str, Any]
    created_at: datetime
    ended_at: datetime | None


PUBLICATION: Final = "publication"
"""The kind of task that sees what is due to be sent of a study that changed."""


def publication(study_id: str) -> NewTask:
    """See `service.delivery.publishing`."""
    return NewTask(kind=PUBLICATION, arguments={"study": study_id}, priority=3)


def enqueue(connection: Connection, new: NewTask, *, at: datetime) -> bool:
    """Put a task down in the transaction of what causes it; False if its key is there already."""
    added = connection.execute(
        ADD,
        {
            "id": new_id(),
            "kind": new.kind,
            "key": new.key,
            "arguments": json.dumps(new.arguments),
            "priority": new.priority,
            "due_at": stored_moment(new.due_at or at),
            "most_attempts": new.most_attempts,
            "created_at": stored_moment(at),
        },
    )
    return bool(added.rowcount)


class TaskRows:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, new: NewTask, *, at: datetime) -> bool:
        """As the function, where nothing else causes it."""
        return self._database.write(lambda connection: enqueue(connection, new, at=at))

    def claim(self, kinds: Collection[str], *, at: datetime, lease_s: float) -> Task | None:
        """The most urgent task that is due, for this caller alone; None if there is none.

        kinds: that the caller can do. Older versions leave to newer ones what they do not know.
        """
        with self._database.read() as connection:  # most often there is none: lock nothing
            if (
                connection.execute(select(tasks.c.id).where(_due(kinds, at)).limit(1)).first()
                is None
            ):
                return None
        return self._database.write(lambda connection: claimed(connection, kinds, at, lease_s))

    def renew(self, task: Task, *, at: datetime, lease_s: float) -> bool:
        """Have it for longer; False if another has it now."""
        return self._end(task, due_at=at + timedelta(seconds=lease_s))

    def release(self, task: Task, *, at: datetime) -> bool:
        """Give it back as if it had not been claimed."""
        return self._end(task, state="waiting", due_at=at, lease=None, attempts=task.attempts - 1)

    def finish(self, task: Task, outcome: Mapping[str, Any], *, at: datetime) -> bool:
        """It is done; False if another has it now. What ended long ago is forgotten."""

        def work(connection: Connection) -> bool:
            long_ago = tasks.c.ended_at < at - timedelta(days=KEPT_DAYS)
            connection.execute(delete(tasks).where(tasks.c.kind == task.kind, long_ago))
            values = {"state": "done", "lease": None, "error": "", "ended_at": at}
            return change_held(connection, task, outcome=json.dumps(outcome), **values)

        return self._database.write(work)

    def fail(self, task: Task, code: str, *, at: datetime, retry_at: datetime) -> bool:
        """An attempt failed with that error: it is tried again, or given up if it was the last.
        False if another has it now."""
        if task.attempts >= task.most_attempts:
            return self._end(task, state="dead", lease=None, error=code, ended_at=at)
        return self._end(task, state="waiting", lease=None, error=code, due_at=retry_at)

    def forget(self, task: Task) -> None:
        """Nobody asks after it any more."""
        self._database.write(lambda c: c.execute(delete(tasks).where(tasks.c.id == task.id)))

    def newest(self, kind: str) -> Task | None:
        """The one of that kind that ended last, done or dead."""
        query = (
            select(tasks)
            .where(tasks.c.kind == kind, tasks.c.ended_at.is_not(None))
            .order_by(tasks.c.ended_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else task_of(row)

    def counts(self) -> dict[tuple[str, TaskState], int]:
        """Of those that are not done, by kind and state."""
        query = (
            select(tasks.c.kind, tasks.c.state, func.count())
            .where(tasks.c.state.in_(UNDONE))
            .group_by(tasks.c.kind, tasks.c.state)
        )
        with self._database.read() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def _end(self, task: Task, **values: Any) -> bool:  # noqa: ANN401 - of columns of any kind
        return self._database.write(lambda connection: change_held(connection, task, **values))


def _due(kinds: Collection[str], at: datetime) -> ColumnElement[bool]:
    """Waiting and due, or running on a lease that ran out."""
    return and_(
        tasks.c.kind.in_(kinds), tasks.c.state.in_(("waiting", "running")), tasks.c.due_at <= at
    )


def claimed(
    connection: Connection,
    kinds: Collection[str],
    at: datetime,
    lease_s: float,
    order: Sequence[ColumnElement[Any]] | None = None,
) -> Task | None:
    """order: other than by priority.

    SQLite's writer has the database alone; PostgreSQL locks the row, and others pass it by.
    """
    query = (
        select(tasks)
        .where(_due(kinds, at))
        .order_by(*(order or (tasks.c.priority, tasks.c.due_at, tasks.c.id)))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (row := connection.execute(query).first()) is not None:
        of_row = update(tasks).where(tasks.c.id == row.id)
        if row.attempts >= row.most_attempts:
            values = {"state": "dead", "lease": None, "error": LOST, "ended_at": at}
            connection.execute(of_row.values(**values))
            continue
        claimed = of_row.values(
            state="running",
            lease=new_id(),
            attempts=row.attempts + 1,
            due_at=at + timedelta(seconds=lease_s),
        ).returning(tasks)
        return task_of(connection.execute(claimed).one())
    return None


def change_held(connection: Connection, task: Task, **values: Any) -> bool:  # noqa: ANN401 - as above
    """Only by who has it."""
    held = and_(tasks.c.id == task.id, tasks.c.state == "running", tasks.c.lease == task.lease)
    return bool(connection.execute(update(tasks).where(held).values(**values)).rowcount)


def task_of(row: Row[Any]) -> Task:
    """From a whole row."""
    columns = dict(row._mapping)
    documents = {name: json.loads(columns[name]) for name in ("arguments", "outcome")}
    return Task(**columns | documents)
