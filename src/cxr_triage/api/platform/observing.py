"""Around every request: its id, its line in the log, its security headers, the last resort."""

import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxr_triage.api.platform.access import preferred
from cxr_triage.api.platform.cookies import is_secure
from cxr_triage.api.platform.problems import ErrorHandler
from cxr_triage.errors import TriageError
from cxr_triage.logs import log_unexpected
from cxr_triage.settings import Settings

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""A route may set another; patient data are never stored by browsers or proxies."""

HSTS = "max-age=31536000"
CLIENT_GONE = 499
"""For the log alone: the client closed the connection before it had sent everything."""

_log = structlog.get_logger("cxr_triage.requests")


class Observe:
    """ASGI middleware. The log names the route, never the address that was asked for."""

    def __init__(self, app: ASGIApp, *, settings: Settings, answer: ErrorHandler) -> None:
        self._app = app
        self._answer = answer
        self._language = settings.language
        self._headers = SECURITY_HEADERS | (
            {"Strict-Transport-Security": HSTS} if is_secure(settings) else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = uuid.uuid4().hex
        state["language"] = preferred(
            Headers(scope=scope).get("accept-language", ""), self._language
        )
        await self._observed(scope, receive, send)

    async def _observed(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status, state = time.perf_counter(), 0, scope["state"]

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = state["request_id"]
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except Exception as error:  # noqa: BLE001 (the last resort: what it says stays here)
            log_unexpected(error)
            if status == 0:
                fault = TriageError("unexpected", kind=type(error).__name__)
                response = self._answer(Request(scope), fault, ())
                await response(scope, receive, send_with_headers)
        finally:
            _count_request(scope, status)
            _log_request(scope, status, time.perf_counter() - started)


def _count_request(scope: Scope, status: int) -> None:
    services = getattr(scope["app"].state, "services", None)
    if services is not None:
        services.metrics.answered(_method(scope), _route(scope), status)


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "none"))


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    state, client = scope["state"], scope.get("client")
    who = state.get("who")
    _log.info(
        "request",
        request_id=state["request_id"],
        method=_method(scope),
        route=_route(scope),
        status=status,
        ms=round(seconds * 1000, 1),
        address=client[0] if client else "",
        who=f"{who.kind}:{who.id}" if who else "",
    )
