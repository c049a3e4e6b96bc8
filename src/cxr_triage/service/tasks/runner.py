"""One thread of the service, which does what can wait, one task after another."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.errors import TriageError
from cxr_triage.logs import log, log_unexpected
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.tasks.kinds import HANDLERS, SCHEDULES
from cxr_triage.service.tasks.work import Handler, Schedule, TaskInterrupted, Work
from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.tasks import Task

LEASE_S: Final = 600.0
"""After a crash a task waits for so long; a handler keeps it by pausing more often."""

POLL_S: Final = 5.0
"""Between two looks where nothing is to be done."""

STOP_S: Final = 5.0
"""A handler that does not pause for so long is left behind when the service ends; its lease
runs out, and another does the task."""

FIRST_RETRY_S: Final = 30.0
LONGEST_RETRY_S: Final = 3600.0


class TaskRunner:
    """Begins when started, ends when closed. Several, of one process or of many, share the
    tasks of a store between them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        metrics: Metrics,
        *,
        handlers: Mapping[str, Handler] = HANDLERS,
        schedules: Sequence[Schedule] = SCHEDULES,
    ) -> None:
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._handlers = handlers
        self._schedules = schedules
        self._planned: dict[Schedule, str | None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tasks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop within seconds; what was begun is given back."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def do_next(self) -> bool:
        """Put down what the clock asks for, then do one task; was there one? Raises StoreError:
        then a task that was claimed waits until its lease has run out."""
        self._plan()
        task = self._store.tasks.claim(self._handlers, at=_now(), lease_s=LEASE_S)
        if task is None:
            return False
        self._do(task)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._try_next():
                self._stopping.wait(POLL_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    def _try_next(self) -> bool:
        try:
            return self.do_next()
        except TriageError as error:
            log.warning("tasks wait: %s", error.code)
        except Exception as error:  # noqa: BLE001 (the thread lives as long as the service)
            log_unexpected(error)
        return False

    def _plan(self) -> None:
        at = _now()
        for schedule in self._schedules:
            new = schedule(self._settings, at)
            if new is not None and new.key != self._planned.get(schedule):
                self._store.tasks.enqueue(new, at=at)
                self._planned[schedule] = new.key

    def _do(self, task: Task) -> None:
        tasks = self._store.tasks
        work = Work(
            task=task,
            store=self._store,
            settings=self._settings,
            pause=_Pause(self._store, task, self._stopping),
        )
        try:
            outcome = self._handlers[task.kind](work)
        except TaskInterrupted:
            tasks.release(task, at=_now())
            self._metrics.task_ended(task.kind, "interrupted")
        except TriageError as error:
            self._fail(task, error.code)
        except Exception as error:  # noqa: BLE001 (one kind of task must not stop the others)
            log_unexpected(error)
            self._fail(task, "unexpected")
        else:
            tasks.finish(task, outcome, at=_now())
            self._metrics.task_ended(task.kind, "done")

    def _fail(self, task: Task, code: str) -> None:
        now = _now()
        retry_at = now + timedelta(seconds=retry_after_s(task.attempts))
        log.warning("task %s failed, attempt %d: %s", task.kind, task.attempts, code)
        self._store.tasks.fail(task, code, at=now, retry_at=retry_at)
        self._metrics.task_ended(task.kind, "failed")


def retry_after_s(attempts: int) -> float:
    """Twice as long after each failure, up to an hour; at random between half of it and all of
    it, so that what failed together does not come again together."""
    longest = min(FIRST_RETRY_S * 2.0 ** min(attempts - 1, 30), LONGEST_RETRY_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


class _Pause:
    """See `Work.pause`."""

    def __init__(self, store: Store, task: Task, stopping: threading.Event) -> None:
        self._store = store
        self._task = task
        self._stopping = stopping
        self._renewed = time.monotonic()

    def __call__(self, seconds: float) -> None:
        if self._stopping.wait(seconds) if seconds > 0 else self._stopping.is_set():
            raise TaskInterrupted
        if time.monotonic() - self._renewed > LEASE_S / 4:
            if not self._store.tasks.renew(self._task, at=_now(), lease_s=LEASE_S):
                raise TaskInterrupted
            self._renewed = time.monotonic()


def _now() -> datetime:
    return datetime.now(UTC)
