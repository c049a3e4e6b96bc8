"""Films that could not be finished: each may be sent again, but not for ever."""

import threading
from collections import OrderedDict
from typing import Final

MOST_ATTEMPTS: Final = 3
REMEMBERED: Final = 10_000
"""Films of which attempts are counted; the one that failed longest ago is forgotten."""


class Attempts:
    """Counts by digest, from the service's start. Safe to call from several threads."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def failed(self, digest: str) -> bool:
        """Once more; was that the last attempt?"""
        with self._lock:
            self._counts[digest] = self._counts.pop(digest, 0) + 1
            if len(self._counts) > REMEMBERED:
                self._counts.popitem(last=False)
            return self._counts[digest] >= MOST_ATTEMPTS

    def ended(self, digest: str) -> None:
        """It is kept, or refused for good."""
        with self._lock:
            self._counts.pop(digest, None)
