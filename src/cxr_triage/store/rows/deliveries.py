"""Deliveries: tasks of a kind for each destination, and what destinations have.

A change of a study puts down a *publication* in its own transaction (`audit.rows.append`); doing it
puts down the deliveries that are due, each once for ever by its key.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from cxr_triage.errors import Conflict, NotFound
from cxr_triage.store.audit.rows import append
from cxr_triage.store.database.tables import sent_objects, tasks
from cxr_triage.store.database.transactions import Database
from cxr_triage.store.records import AuditEntry
from cxr_triage.store.rows.keys import new_id
from cxr_triage.store.rows.tasks import (
    NewTask,
    Task,
    TaskState,
    change_held,
    claimed,
    enqueue,
    task_of,
)

PREFIX: Final = "to "
"""Of the kind of task that delivers to a destination."""


def kind_of(destination: str) -> str:
    """At most 32 characters."""
    return f"{PREFIX}{destination}"


def key_of_delivery(destination: str, *identity: str) -> str:
    """What there may be once alone: that object to that destination."""
    text = json.dumps([destination, *identity])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentObject:
    """See `tables.sent_objects`."""

    destination: str
    study_id: str
    source_id: str
    kind: str
    language: str
    sop_class_uid: str
    sop_uid: str
    series_uid: str
    study_uid: str = field(repr=False)
    patient_version: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Of a destination. oldest: when the oldest that waits was put down."""

    waiting: int = 0
    dead: int = 0
    oldest: datetime | None = None


class DeliveryRows:
    """Safe to call from several threads and processes. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, news: Iterable[NewTask], *, at: datetime) -> int:
        """Put down those that are not there yet; how many they were."""
        wanted = list(news)
        return self._database.write(lambda c: sum(enqueue(c, one, at=at) for one in wanted))

    def claim(
        self, destination: str, *, at: datetime, lease_s: float, oldest: bool = False
    ) -> Task | None:
        """The most urgent that is due, or the oldest: nothing waits for ever behind what is more
        urgent."""
        order = (tasks.c.created_at, tasks.c.id) if oldest else None
        kinds = [kind_of(destination)]
        return self._database.write(lambda c: claimed(c, kinds, at, lease_s, order))

    def finish(
        self,
        task: Task,
        outcome: dict[str, Any],
        sent: Iterable[SentObject],
        *,
        at: datetime,
        withdrawn: Collection[str] = (),
    ) -> bool:
        """It arrived; False if another has it now. What arrived is noted with it, and what was
        withdrawn (UIDs) is there no more."""
        rows = [asdict(one) | {"id": new_id()} for one in sent]

        def work(connection: Connection) -> bool:
            values = {"state": "done", "lease": None, "error": "", "ended_at": at}
            done = change_held(connection, task, outcome=json.dumps(outcome), **values)
            if done and rows:
                uids = [*(row["sop_uid"] for row in rows), *withdrawn]
                known = sent_objects.c.sop_uid.in_(uids)
                here = sent_objects.c.destination == rows[0]["destination"]
                connection.execute(delete(sent_objects).where(known, here))  # it came once more
                connection.execute(insert(sent_objects), rows)
            return done

        return self._database.write(work)

    def postpone(self, task: Task, code: str, *, until: datetime) -> bool:
        """The destination cannot be reached: that is no attempt, and it waits."""
        values: dict[str, Any] = {"state": "waiting", "lease": None, "error": code}
        return self._database.write(
            lambda c: change_held(c, task, due_at=until, attempts=task.attempts - 1, **values)
        )

    def sent(
        self, *, study_id: str = "", source_ids: Collection[str] = ()
    ) -> tuple[SentObject, ...]:
        """What went out about a study, or about those films, whichever study they are of now;
        oldest first."""
        theirs = sent_objects.c.study_id == study_id
        if source_ids:
            theirs |= sent_objects.c.source_id.in_(list(source_ids))
        query = (
            select(sent_objects).where(theirs).order_by(sent_objects.c.at, sent_objects.c.sop_uid)
        )
        with self._database.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return tuple(SentObject(**{k: v for k, v in row.items() if k != "id"}) for row in rows)

    def newest(
        self, *, states: Collection[TaskState] = (), destination: str = "", limit: int = 200
    ) -> tuple[Task, ...]:
        """Deliveries, those that were put down last first."""
        query = select(tasks).where(_deliveries(destination))
        if states:
            query = query.where(tasks.c.state.in_(states))
        query = query.order_by(tasks.c.created_at.desc(), tasks.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(task_of(row) for row in connection.execute(query))

    def backlog(self) -> dict[str, Backlog]:
        """By destination, of those that have one."""
        query = (
            select(tasks.c.kind, tasks.c.state, func.count(), func.min(tasks.c.created_at))
            .where(_deliveries(), tasks.c.state.in_(("waiting", "running", "dead")))
            .group_by(tasks.c.kind, tasks.c.state)
        )
        found: dict[str, Backlog] = {}
        with self._database.read() as connection:
            for kind, state, count, oldest in connection.execute(query):
                name = kind.removeprefix(PREFIX)
                known = found.get(name, Backlog())
                if state == "dead":
                    found[name] = Backlog(waiting=known.waiting, dead=count, oldest=known.oldest)
                else:
                    moments = [one for one in (known.oldest, oldest) if one is not None]
                    found[name] = Backlog(
                        waiting=known.waiting + count, dead=known.dead, oldest=min(moments)
                    )
        return found

    def retry(self, task_id: str, *, at: datetime, audit: AuditEntry) -> Task:
        """From the beginning, at once. Raises NotFound `delivery_not_found`, or Conflict
        `delivery_ended` if it arrived."""
        return self._set(
            task_id,
            audit,
            ("waiting", "dead"),
            state="waiting",
            due_at=at,
            attempts=0,
            ended_at=None,
        )

    def drop(self, task_id: str, *, at: datetime, audit: AuditEntry) -> Task:
        """It is not delivered any more. Raises as `retry`."""
        return self._set(
            task_id, audit, ("waiting", "dead"), state="dead", error="delivery_dropped", ended_at=at
        )

    def _set(self, task_id: str, audit: AuditEntry, states: tuple[str, ...], **values: Any) -> Task:  # noqa: ANN401
        def work(connection: Connection) -> Task:
            here = (tasks.c.id == task_id, _deliveries())
            row = connection.execute(select(tasks).where(*here).with_for_update()).first()
            if row is None:
                raise NotFound("delivery_not_found")
            if row.state not in states:
                raise Conflict("delivery_ended")
            connection.execute(update(tasks).where(tasks.c.id == task_id).values(**values))
            append(connection, audit)
            return task_of(connection.execute(select(tasks).where(*here)).one())

        return self._database.write(work)


def _deliveries(destination: str = "") -> ColumnElement[bool]:
    if destination:
        return tasks.c.kind == kind_of(destination)
    return tasks.c.kind.like(f"{PREFIX}%")
