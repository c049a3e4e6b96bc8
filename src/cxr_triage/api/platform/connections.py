"""Who is connected: a share of the places for each sender, and who gives way when they run out.

Half-open connections cost an attacker nothing. Where a sender has its share, its own oldest
connection without a request gives way to its next; where all places are taken, that of whoever
holds most. Proxies, behind which everybody stands, have no share but take part in the rest.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, Protocol

HEADERS_S: Final = 5.0
"""For a request's headers, and for a TLS handshake."""

MAX_CONNECTIONS: Final = 512
SHARE: Final = 128
"""Of one sender: a hospital behind one address has as many browsers as that at most."""
OPEN_FILES: Final = 4096


class Connection(Protocol):
    """What holds a place."""

    @property
    def sender(self) -> str:
        """Whose it is."""
        ...

    @property
    def busy(self) -> bool:
        """Has it a request that is being answered?"""
        ...

    def give_way(self) -> None:
        """Close, with nothing lost."""
        ...


class Connections:
    """The places, by sender; for the thread of one event loop. has_share: of a sender's address, is
    it one sender?"""

    def __init__(
        self,
        has_share: Callable[[str], bool],
        *,
        most: int = MAX_CONNECTIONS,
        share: int = SHARE,
    ) -> None:
        self._has_share = has_share
        self._most = most
        self._share = share
        self._of: defaultdict[str, dict[Connection, None]] = defaultdict(dict)
        self._count = 0

    def admit(self, connection: Connection) -> bool:
        """A place for it, if there is one or somebody gives way."""
        sender = connection.sender
        if self._has_share(sender) and len(self._of[sender]) >= self._share:
            admitted = self._make_way(sender)
        elif self._count >= self._most:
            admitted = self._make_way(max(self._of, key=lambda one: len(self._of[one])))
        else:
            admitted = True
        if admitted:
            self._of[sender][connection] = None
            self._count += 1
        elif not self._of[sender]:
            del self._of[sender]
        return admitted

    def leave(self, connection: Connection) -> None:
        """It needs its place no more; no error if it has none."""
        of_sender = self._of.get(connection.sender, {})
        if connection in of_sender:
            del of_sender[connection]
            self._count -= 1
        if not of_sender:
            self._of.pop(connection.sender, None)

    def _make_way(self, sender: str) -> bool:
        """The oldest of a sender's that has no request closes; False: all have one."""
        idle = next((one for one in self._of[sender] if not one.busy), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.give_way()
        return True


_Loop: Any = getattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop)


class ServingLoop(_Loop):  # type: ignore[misc]
    """The platform's own, but a TLS handshake is given as long as a request's headers."""

    async def create_server(
        self,
        *arguments: Any,  # noqa: ANN401 (as asyncio has them)
        ssl: ssl.SSLContext | None = None,
        **named: Any,  # noqa: ANN401
    ) -> asyncio.Server:
        if ssl is not None:
            named.setdefault("ssl_handshake_timeout", HEADERS_S)
        server: asyncio.Server = await super().create_server(*arguments, ssl=ssl, **named)
        return server


def allow_open_files() -> None:
    """As many files as all places and their handshakes need, where the platform lets us."""
    try:
        import resource  # noqa: PLC0415 (POSIX only)
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
