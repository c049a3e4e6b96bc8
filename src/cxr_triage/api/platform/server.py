"""The application on uvicorn: addresses, TLS, proxies, a graceful end."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from cxr_triage.api.platform.connections import (
    MAX_CONNECTIONS,
    Connections,
    ServingLoop,
    allow_open_files,
)
from cxr_triage.api.platform.hosts import RememberPeer
from cxr_triage.api.platform.protocol import MAX_HEADER_BYTES, protocol_for
from cxr_triage.errors import SettingsInvalid
from cxr_triage.service.sender import is_loopback, is_within
from cxr_triage.settings import Settings

GRACEFUL_S = 60
BACKLOG = 128


def server_for(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """Raises SettingsInvalid if other machines would reach it without encryption."""
    check_address(settings)
    allow_open_files()
    trusted = [str(network) for network in settings.proxy_networks]
    behind = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), trusted)) if trusted else app
    return _Server(app, uvicorn.Config(RememberPeer(behind), **_options(settings)))


class _Server(uvicorn.Server):
    """At its end it does not wait for pages that only listen."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        services = getattr(self._app.state, "services", None)
        if services is not None:
            services.bell.close()
        await super().shutdown(sockets)


def check_address(settings: Settings) -> None:
    """Passwords and patients never cross a network in the clear, and the demo stays here.

    Raises SettingsInvalid `listening_openly` or `demo_openly`.
    """
    if _is_loopback(settings.host):
        return
    if settings.demo:
        raise SettingsInvalid("demo_openly")
    if settings.tls_certificate is None and not settings.trusted_proxies:
        raise SettingsInvalid("listening_openly")


@contextmanager
def listen(settings: Settings) -> Iterator[socket.socket]:
    """The socket that the service will answer on. Raises SettingsInvalid `cannot_listen`."""
    try:
        listening = _bound(settings.host, settings.port)
    except OSError as problem:
        raise SettingsInvalid(
            "cannot_listen", port=str(settings.port), problem=os.strerror(problem.errno or 0)
        ) from None
    with listening:
        yield listening


def _bound(host: str, port: int) -> socket.socket:
    """Named as TCP, so that asyncio sends answers at once (TCP_NODELAY), 40 ms sooner."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let others take the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def address_of(listening: socket.socket, settings: Settings) -> str:
    """What a browser is to be pointed at."""
    host, port = listening.getsockname()[:2]
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _options(settings: Settings) -> dict[str, Any]:
    proxies = settings.proxy_networks
    connections = Connections(lambda sender: not is_within(sender.partition("/")[0], proxies))
    return {
        "http": protocol_for(settings, connections),
        "loop": f"{ServingLoop.__module__}:{ServingLoop.__name__}",
        "ws": "none",
        "log_config": None,
        "access_log": False,  # it would hold addresses asked for; `observing` writes ours
        "server_header": False,
        "proxy_headers": False,  # `server_for` does it, and remembers who really connected
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "h11_max_incomplete_event_size": MAX_HEADER_BYTES,
        "limit_concurrency": MAX_CONNECTIONS + 1,  # `Connections` sees to it that there are less
        "timeout_graceful_shutdown": GRACEFUL_S,
    }
