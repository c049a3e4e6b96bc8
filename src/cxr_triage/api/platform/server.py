"""The application on uvicorn: addresses, TLS, proxies, slow clients, a graceful end."""

import asyncio
import ipaddress
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from cxr_triage.api.platform.problems import respond
from cxr_triage.errors import RequestInvalid, SettingsInvalid
from cxr_triage.language import Language
from cxr_triage.settings import Settings

MAX_HEADER_BYTES = 32 * 1024
GRACEFUL_S = 60
MAX_CONNECTIONS = 512
BACKLOG = 128


class Protocol(H11Protocol):
    """uvicorn's own, but it does not wait for a request's headers for ever, and what is no
    request is answered as every other error is."""

    within_s: float
    language: Language

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_busy():
            self._stop_waiting()
        elif self._deadline is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (we say it in our words)
        """There is no request that could say a language."""
        problem = respond(RequestInvalid("request_malformed"), self.language, uuid.uuid4().hex)
        headers = [*problem.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=problem.status_code, headers=headers),
            h11.Data(data=bytes(problem.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.within_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._is_busy():
            self.transport.close()


def server_for(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """Raises SettingsInvalid if other machines would reach it without encryption."""
    check_address(settings)
    return uvicorn.Server(uvicorn.Config(app, **_options(settings)))


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
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _options(settings: Settings) -> dict[str, Any]:
    proxies = settings.trusted_proxies
    return {
        "http": type(
            "OurProtocol",
            (Protocol,),
            {"within_s": settings.idle_upload_s, "language": settings.language},
        ),
        "ws": "none",
        "log_config": None,
        "access_log": False,  # it would hold addresses asked for; `observing` writes ours
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies or "",
        "ssl_certfile": settings.tls_certificate,
        "ssl_keyfile": settings.tls_key,
        "h11_max_incomplete_event_size": MAX_HEADER_BYTES,
        "limit_concurrency": MAX_CONNECTIONS,
        "timeout_graceful_shutdown": GRACEFUL_S,
    }
