"""What a handler of tasks is given, and what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cxr_triage.settings import Settings
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.tasks import NewTask, Task


class TaskInterrupted(Exception):
    """The service stops, or another has the task: nothing more is to be done for it here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """pause: to be called between the parts of long work, a minute apart at most, with how many
    seconds to wait. It keeps the lease, and raises TaskInterrupted when it is time to go."""

    task: Task
    store: Store
    settings: Settings
    pause: Callable[[float], None]


Handler = Callable[[Work], Mapping[str, Any]]
"""Does a task of its kind and returns its outcome, as JSON. It may run twice for one task. What
it raises makes it tried again later; a TriageError's code is kept."""

Schedule = Callable[[Settings, datetime], NewTask | None]
"""The newest task of its kind that is due by that moment, with a key; None: never."""
