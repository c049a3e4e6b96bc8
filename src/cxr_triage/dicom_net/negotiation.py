"""Who gets an association: a known caller, by our title, while there is room (PS3.8 9.3.4)."""

import threading
from collections.abc import Callable
from typing import Any

from pynetdicom import evt
from pynetdicom.acse import ACSE

from cxr_triage.dicom_net.callers import Callers
from cxr_triage.errors import TriageError
from cxr_triage.service.people.principal import Principal

Rejection = tuple[int, int, int]
"""Result, source, reason."""

CALLER_UNKNOWN: Rejection = (1, 1, 3)
TITLE_UNKNOWN: Rejection = (1, 1, 7)
NOT_NOW: Rejection = (2, 3, 1)
"""Temporary congestion: the store cannot be asked whose it is."""
TOO_MANY: Rejection = (2, 3, 2)
"""Local limit exceeded: it may try again."""


class Places:
    """For so many associations at a time; one caller has three quarters of them at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: dict[Any, str] = {}

    def take(self, assoc: Any, title: str) -> bool:  # noqa: ANN401 - pynetdicom's
        """One for that association, until its thread ends; False if there is none."""
        with self._lock:
            self._held = {one: who for one, who in self._held.items() if one.is_alive()}
            theirs = sum(who == title for who in self._held.values())
            if len(self._held) >= self._most or theirs >= max(1, self._most * 3 // 4):
                return False
            self._held[assoc] = title
            return True

    @property
    def taken(self) -> int:
        with self._lock:
            return sum(one.is_alive() for one in self._held)


class Negotiation(ACSE):
    """One association's. principal: whose it is, once it is established."""

    def __init__(
        self,
        assoc: Any,  # noqa: ANN401 - pynetdicom's
        callers: Callers,
        *,
        places: Places,
        rejected: Callable[[Rejection], None],
    ) -> None:
        super().__init__(assoc)
        self._callers = callers
        self._places = places
        self._rejected = rejected
        self.principal: Principal | None = None

    def _negotiate_as_acceptor(self) -> None:
        rejection = self._rejection()
        if rejection is None:
            super()._negotiate_as_acceptor()
            return
        self.send_reject(*rejection)
        evt.trigger(self.assoc, evt.EVT_REJECTED, {})
        self._rejected(rejection)
        self.assoc.kill()

    def _rejection(self) -> Rejection | None:
        request = self.requestor.primitive
        title = str(request.calling_ae_title or "").strip()
        if str(request.called_ae_title or "").strip() != self.acceptor.ae_title.strip():
            return TITLE_UNKNOWN
        try:
            self.principal = self._callers.principal(title, self.requestor.address)
        except TriageError as error:
            return CALLER_UNKNOWN if error.code == "caller_unknown" else NOT_NOW
        self.requestor.ae_title = title
        return None if self._places.take(self.assoc, title) else TOO_MANY
