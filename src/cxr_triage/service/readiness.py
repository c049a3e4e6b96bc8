"""Can images be read and kept now?"""

import threading
import time

from cxr_triage.errors import TriageError
from cxr_triage.service.inference.pool import InferencePool
from cxr_triage.store.repository import Store

KEPT_S = 2.0
"""An answer counts for so long: who asks often must not wear the disk."""


class Readiness:
    """Asks the store and the processes. Safe to call from several threads."""

    def __init__(self, store: Store, pool: InferencePool) -> None:
        self._store = store
        self._pool = pool
        self._turn = threading.Lock()
        self._asked = float("-inf")
        self._trouble: TriageError | None = None

    def check(self) -> None:
        """Raises StoreError, or what keeps a process from starting."""
        with self._turn:
            if time.monotonic() - self._asked > KEPT_S:
                self._trouble = self._ask()
                self._asked = time.monotonic()
            trouble = self._trouble
        if trouble is not None:
            raise type(trouble)(trouble.code, **trouble.values)

    def _ask(self) -> TriageError | None:
        try:
            self._store.check()
        except TriageError as error:
            return error
        return self._pool.trouble
