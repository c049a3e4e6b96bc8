"""HTTP on a connection: uvicorn's own, but it waits for nobody's headers for long, reads no request
in two ways, and says what is wrong as every other error is said."""

import asyncio
import uuid
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cxr_triage.api.platform.connections import HEADERS_S, Connections
from cxr_triage.api.platform.problems import respond
from cxr_triage.errors import HeadersTooLarge, Overloaded, RequestInvalid, TriageError
from cxr_triage.language import Language
from cxr_triage.service.sender import network_of
from cxr_triage.settings import Settings

MAX_HEADER_BYTES: Final = 32 * 1024
TOO_LARGE: Final = 431
RETRY_AFTER_S: Final = 5
GIVES_WAY: Final = "gives_way"
"""In the state of a request whose answer may be ended for another connection: one that only
listens."""


class StrictConnection(h11.Connection):
    """h11's, which itself would take a length that is said twice (RFC 9112 6.3 leaves it to us),
    and headers of any size if they come in one piece."""

    fault: TriageError | None = None

    def next_event(self) -> Any:  # noqa: ANN401 (as h11 has it)
        """Raises h11.RemoteProtocolError; `fault` then says what is wrong."""
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as refused:
            large = refused.error_status_hint == TOO_LARGE
            self.fault = _headers_too_large() if large else RequestInvalid("request_malformed")
            raise
        if isinstance(event, h11.Request):
            self.fault = _fault_of(event)
        if self.fault is not None:
            raise h11.RemoteProtocolError(self.fault.code)
        return event


def _fault_of(request: h11.Request) -> TriageError | None:
    named = {name for name, _ in request.headers}
    if {b"content-length", b"transfer-encoding"} <= named:
        return RequestInvalid("two_lengths")
    size = sum(len(name) + len(value) + 4 for name, value in request.headers)
    return _headers_too_large() if size + len(request.target) > MAX_HEADER_BYTES else None


def _headers_too_large() -> TriageError:
    return HeadersTooLarge("headers_too_large", limit=MAX_HEADER_BYTES // 1024)


class Protocol(H11Protocol):
    """One connection."""

    within_s: float
    language: Language
    places: Connections

    sender: str = ""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.conn = StrictConnection(h11.SERVER, MAX_HEADER_BYTES)
        self.sender = network_of(self.client[0]) if self.client else ""
        if self.places.admit(self):
            self._wait()
        else:
            self._refuse(Overloaded("too_many_connections", retry_after_s=RETRY_AFTER_S))

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.busy:
            self._stop_waiting()
        elif self._deadline is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.places.leave(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (we say it in our words)
        """What is no request that is read here, whatever its status."""
        fault = self.conn.fault if isinstance(self.conn, StrictConnection) else None
        self._refuse(fault or RequestInvalid("request_malformed"))

    def _refuse(self, error: TriageError) -> None:
        """There is no request that could say a language."""
        problem = respond(error, self.language, uuid.uuid4().hex)
        given = [header for header in problem.raw_headers if header[0] != b"connection"]
        for event in (
            h11.Response(
                status_code=problem.status_code, headers=[*given, (b"connection", b"close")]
            ),
            h11.Data(data=bytes(problem.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @property
    def busy(self) -> bool:
        """Has it a request that is being answered, and does not only listen?"""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return not self.cycle.scope.get("state", {}).get(GIVES_WAY, False)

    def give_way(self) -> None:
        """Nothing is lost: it has no request, or one that is asked again by itself."""
        self._stop_waiting()
        self.transport.close()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.within_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.busy:
            self.transport.close()


def protocol_for(settings: Settings, places: Connections) -> type[Protocol]:
    """That of one server, with what uvicorn does not pass on."""
    within_s = min(HEADERS_S, settings.idle_upload_s)
    known = {"within_s": within_s, "language": settings.language, "places": places}
    return type("OurProtocol", (Protocol,), known)
