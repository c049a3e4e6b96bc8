"""By which name the service is asked, and by whom: nothing under a name that is not its own, and
nothing past the proxy that encrypts.

A page of another site whose name is made to lead here (DNS rebinding) is refused by the name; a
client that comes in the clear where only the proxy should come, by its address.
"""

import socket
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cxr_triage.api.platform.problems import answer_problem
from cxr_triage.errors import NotAllowed, RequestInvalid, TriageError
from cxr_triage.service.sender import address_in, is_loopback, is_within
from cxr_triage.settings import Settings

PROBES: Final = ("/healthz", "/readyz")
"""Say nothing of anybody: whoever watches the service may ask under any name."""
METRICS: Final = "/metrics"


class RememberPeer:
    """ASGI middleware, outside of whatever believes a proxy: who really connected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["peer"] = _client_of(scope)
        await self._app(scope, receive, send)


def peer_of(scope: Scope) -> str:
    """The address at the other end of the connection, a proxy's if there is one."""
    return str(scope.get("state", {}).get("peer", _client_of(scope)))


def _client_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


class OwnHosts:
    """ASGI middleware. Refuses what is asked under another name, or past the proxy."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._names = own_names(settings)
        self._proxies = settings.proxy_networks
        self._proxy_alone = bool(self._proxies) and settings.tls_certificate is None
        token = bool(settings.metrics_token.get_secret_value())
        self._open = (*PROBES, METRICS) if token else PROBES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await answer_problem(Request(scope), refused)(scope, receive, send)

    def _refused(self, scope: Scope) -> TriageError | None:
        if scope["path"] in self._open:
            return None
        peer = peer_of(scope)
        if self._proxy_alone and not (is_loopback(peer) or is_within(peer, self._proxies)):
            return NotAllowed("proxy_alone")
        if not self._is_own(host_in(Headers(scope=scope).get("host", "")), scope):
            return RequestInvalid("host_unknown")
        return None

    def _is_own(self, host: str, scope: Scope) -> bool:
        if host in self._names or is_loopback(host):
            return True
        reached = scope.get("server")
        address = address_in(host)
        return address is not None and reached is not None and address == address_in(reached[0])


def own_names(settings: Settings) -> frozenset[str]:
    """Names and addresses by which the service may be asked, but for where it is reached."""
    machine = socket.gethostname()
    given = (
        "localhost", machine, f"{machine}.local", socket.getfqdn(), settings.host,
        urlsplit(settings.public_url).hostname or "", *settings.hosts.split(","),
    )  # fmt: skip
    return frozenset(filter(None, (host_in(name) for name in given)))


def host_in(header: str) -> str:
    """The host that a Host header names, in small letters, without port; empty: none."""
    text = header.strip().lower()
    try:
        parts = urlsplit(f"//{text if text.count(':') < 2 or text[0] == '[' else f'[{text}]'}")
        port_fits = parts.port is None or parts.port >= 0
    except ValueError:
        return ""
    plain = parts.netloc == text.strip() or "[" in parts.netloc
    if not (plain and port_fits) or parts.path or parts.query or parts.fragment or "@" in text:
        return ""
    return (parts.hostname or "").rstrip(".")
