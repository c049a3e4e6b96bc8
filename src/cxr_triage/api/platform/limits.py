"""Bodies are counted and timed as they come, before anything keeps them."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxr_triage.api.platform.problems import BodyRefused
from cxr_triage.errors import RequestTooLarge, RequestTooSlow
from cxr_triage.imaging.limits import MIB
from cxr_triage.settings import Settings

UPLOADS = ("/v1/images", "/dicomweb/studies")
"""And what is below them."""

SMALL_BODY_BYTES = 64 * 1024
"""Of everything but uploads."""

GRACE_S = 60.0
LEAST_BYTES_PER_S = 1024
"""After the grace, a body that comes more slowly on average is given up."""


class LimitBodies:
    """ASGI middleware. What is over a limit ends as BodyRefused in whoever reads the body."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._idle_s = settings.idle_upload_s
        self._upload_bytes = settings.max_request_mib * MIB

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        uploads = any(f"{scope['path']}/".startswith(f"{upload}/") for upload in UPLOADS)
        limit = self._upload_bytes if uploads else SMALL_BODY_BYTES
        body = _Body(receive, limit, self._idle_s, _declared_length(scope))
        await self._app(scope, body.receive, send)


class _Body:
    """One request's body as it comes."""

    def __init__(self, receive: Receive, limit: int, idle_s: float, declared: int) -> None:
        self._receive = receive
        self._limit = limit
        self._idle_s = idle_s
        self._declared = declared
        self._received = 0
        self._whole = False
        self._waited_s = 0.0

    async def receive(self) -> Message:
        """Raises BodyRefused."""
        if self._whole:
            return await self._receive()
        self._check_size(self._declared)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._idle_s):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(RequestTooSlow("request_too_slow")) from None
        self._waited_s += time.monotonic() - began
        self._received += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        self._check_size(self._received)
        self._check_pace()
        return message

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            limit = round(self._limit / MIB, 2)
            raise BodyRefused(RequestTooLarge("request_too_large", limit=limit))

    def _check_pace(self) -> None:
        """What the service itself needs between two pieces does not count."""
        least = self._waited_s * LEAST_BYTES_PER_S
        if not self._whole and self._waited_s > GRACE_S and self._received < least:
            raise BodyRefused(RequestTooSlow("request_too_slow"))


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0
