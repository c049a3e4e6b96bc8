"""Tells open pages what wants their people, soon after it came.

However many pages listen, one thread looks into the store, every few seconds; a page holds a
connection and nothing else. It ends when the person signs out, and when the service does.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from anyio import CapacityLimiter, to_thread

from cxr_triage.errors import AccessError, Overloaded, StoreError
from cxr_triage.service.people.accounts import Accounts
from cxr_triage.service.review.calls import calls
from cxr_triage.store.records import Calls
from cxr_triage.store.repository import Store

EVERY_S: Final = 3.0
SIGN_OF_LIFE_S: Final = 15.0
"""Who has gone is found out by being written to."""
LONGEST_S: Final = 900.0
MOST: Final = 128
MOST_OF_SENDER: Final = 32
"""Pages of one address, a quarter of its connections; the others ask from time to time."""
LATER_S: Final = 60

log = logging.getLogger(__name__)

Look = Callable[[str], Calls | None]
"""What calls whoever has the session with that token; None: it has ended."""


@dataclass(slots=True, eq=False)
class _Listener:
    token: str = field(repr=False)
    sender: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    calls: Calls | None = None
    ended: bool = False

    def tell(self, found: Calls | None) -> None:
        """None: there is nobody to tell any more."""
        if found is None:
            self.ended = True
        elif found == self.calls:
            return
        self.calls = found
        self.changed.set()


class Bell:
    """For the thread of one event loop."""

    def __init__(self, look: Look, *, every_s: float = EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._listeners: dict[_Listener, None] = {}
        self._watching: asyncio.Task[None] | None = None
        self._thread: CapacityLimiter | None = None
        self._closed = False

    def check_room(self, sender: str) -> None:
        """Raises Overloaded `too_many_listeners`."""
        of_sender = sum(one.sender == sender for one in self._listeners)
        if self._closed or of_sender >= MOST_OF_SENDER or len(self._listeners) >= MOST:
            raise Overloaded("too_many_listeners", retry_after_s=LATER_S)

    async def listen(self, token: str, sender: str) -> AsyncIterator[Calls | None]:
        """What calls them, whenever it changed; None from time to time as a sign of life."""
        one = _Listener(token, sender)
        self._listeners[one] = None
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        until = asyncio.get_running_loop().time() + LONGEST_S
        try:
            while not (one.ended or self._closed) and asyncio.get_running_loop().time() < until:
                try:
                    async with asyncio.timeout(SIGN_OF_LIFE_S):
                        await one.changed.wait()
                except TimeoutError:
                    yield None
                    continue
                one.changed.clear()
                if one.calls is not None:
                    yield one.calls
        finally:
            del self._listeners[one]

    def close(self) -> None:
        """Nobody listens any more; call it before connections are waited for."""
        self._closed = True
        for one in self._listeners:
            one.tell(None)

    async def _watch(self) -> None:
        self._thread = CapacityLimiter(1)
        try:
            while self._listeners and not self._closed:
                tokens = {one.token for one in self._listeners}
                found = await to_thread.run_sync(self._look_at, tokens, limiter=self._thread)
                for one in self._listeners:
                    if one.token in found:
                        one.tell(found[one.token])
                await asyncio.sleep(self._every_s)
        finally:
            self._watching = None

    def _look_at(self, tokens: set[str]) -> dict[str, Calls | None]:
        try:
            return {token: self._look(token) for token in tokens}
        except StoreError as trouble:  # it passes, and pages are told then
            log.warning("nobody is told of new studies: %s", trouble.code)
            return {}


def bell_of(accounts: Accounts, store: Store) -> Bell:
    """Rings for sessions; one that only listens does not count as used."""

    def look(token: str) -> Calls | None:
        try:
            return calls(store, accounts.session(token, in_use=False).principal)
        except AccessError:
            return None

    return Bell(look)
