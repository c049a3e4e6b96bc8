"""The thread that makes signatures count, a few seconds after they were given.

Each instance of the service looks; the row decides which of them it is. A service that was off
when a signature was to count finds it when it is on again.
"""

import random
import threading
from datetime import UTC, datetime
from typing import Final

from cxr_triage.errors import Conflict, TriageError
from cxr_triage.logs import log, log_unexpected
from cxr_triage.service.audit import Action, Actor, entry
from cxr_triage.service.metrics import Metrics
from cxr_triage.store.records import EVERYWHERE
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.pending import Due

POLL_S: Final = 1.0
STOP_S: Final = 5.0


class SigningClock:
    """Begins when started, ends when closed."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
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

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
            try:
                self.tick()
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
