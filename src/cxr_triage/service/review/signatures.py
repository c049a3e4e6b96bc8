"""The thread that makes signatures count, a few seconds after they were given, and counts the
studies that nobody has read in their time.

Each instance of the service looks; the row decides which of them it is. A service that was off
when a signature was to count finds it when it is on again.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cxr_triage.errors import Conflict, TriageError
from cxr_triage.logs import log, log_unexpected
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.metrics import Metrics
from cxr_triage.service.review.escalation import past_their_time
from cxr_triage.store.records import EVERYWHERE, NO_MAXIMUM, MaximumWait
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.pending import Due

POLL_S: Final = 1.0
LOOK_S: Final = 15.0
STOP_S: Final = 5.0


class SigningClock:
    """Begins when started, ends when closed."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        *,
        waits: Callable[[], MaximumWait] = lambda: NO_MAXIMUM,
    ) -> None:
        """waits: how long studies may wait unread, as the policy that runs has it."""
        self._store = store
        self._metrics = metrics
        self._waits = waits
        self._known: set[tuple[str, int]] = set()
        self._looked = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signatures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def tick(self, at: datetime | None = None) -> int:
        """Make those count that are due; how many did. Raises StoreError."""
        found = self._store.signatures.due(at or datetime.now(UTC))
        return sum(self._count(one) for one in found)

    def count_escalations(self, at: datetime | None = None) -> int:
        """Each study once for each time that its time has passed; how many are new. Raises
        StoreError."""
        found = past_their_time(self._store, self._waits(), at=at)
        now = {(one.row.study_id, one.level) for one in found}
        for one in found:
            if (one.row.study_id, one.level) not in self._known:
                self._metrics.escalated(one.row.priority, one.level)
        new = len(now - self._known)
        self._known = now
        return new

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
            try:
                self.tick()
                if time.monotonic() - self._looked > LOOK_S:
                    self._looked = time.monotonic()
                    self.count_escalations()
            except TriageError as error:
                log.warning("signatures wait: %s", error.code)
            except Exception as error:  # noqa: BLE001 (the thread lives as long as the service)
                log_unexpected(error)

    def _count(self, due: Due) -> bool:
        doctor = Actor(kind="person", id=due.reader_id)
        try:
            signed = self._store.signatures.count(
                due,
                audit=entry(Action.REVIEW_SIGNED, doctor),
                whole_audit=entry(Action.STUDY_SIGNED, doctor),
            )
        except Conflict as conflict:
            log.warning("a signature lapsed: %s", conflict.code)
            self._store.signatures.lapse(due, audit=entry(Action.SIGNATURE_LAPSED, doctor))
            return False
        if signed is not None:
            found = self._store.assessment(due.assessment_id, EVERYWHERE).assessment
            self._metrics.signed(signed.draft, found)
        return signed is not None
