"""Who makes a request, from where, in which language, and whether they may."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cxr_triage.api.dicomweb.negotiation import weights_of
from cxr_triage.api.platform.cookies import SESSION, cookie_of
from cxr_triage.api.platform.services import Opened
from cxr_triage.errors import NotAuthenticated
from cxr_triage.language import Language
from cxr_triage.service.audit import Origin
from cxr_triage.service.people.accounts import Session
from cxr_triage.service.people.principal import Permission, Principal

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSRF_HEADER = "X-CSRF-Token"
BASIC_TOO = 'Bearer, Basic realm="cxr-triage", charset="UTF-8"'
"""How programs may sign in where browsers never go: those would ask people for a password."""

_bearer = HTTPBearer(auto_error=False, description="A station's API key.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def origin_of(request: Request) -> Origin:
    """The address that the connection, or a trusted proxy, gives; our own request id."""
    address = request.client.host if request.client else ""
    return Origin(address=address, request_id=str(request.state.request_id))


def language_of(request: Request) -> Language:
    """What Accept-Language prefers of what we speak, else the setting."""
    language: Language = request.state.language
    return language


def preferred(accept: str, otherwise: Language) -> Language:
    """The language that an Accept-Language header prefers (RFC 9110 12.5.4)."""
    weights = weights_of(accept)
    english, vietnamese = (
        max((weights[name] for name in weights if name.partition("-")[0] == language), default=0.0)
        for language in ("en", "vi")
    )
    if english == vietnamese:
        return otherwise
    return "vi" if vietnamese > english else "en"


def session_of(request: Request, services: Opened) -> Session:
    """The signed-in person's. Raises NotAuthenticated, or NotAllowed for a write without
    the session's CSRF token."""
    token = cookie_of(request, SESSION, services.settings)
    if not token:
        raise NotAuthenticated("session_ended")
    session = services.accounts.session(token)
    if request.method not in SAFE_METHODS:
        session.check_csrf(request.headers.get(CSRF_HEADER, ""))
    request.state.who = session.principal
    return session


def principal_of(request: Request, services: Opened, bearer: Bearer) -> Principal:
    """A station by its key, else a person by their session. Raises AccessError."""
    if bearer is None:
        return session_of(request, services).principal
    station = services.accounts.station_of_key(bearer.credentials, origin=origin_of(request))
    request.state.who = station
    return station


def sender_of(request: Request, services: Opened, bearer: Bearer) -> Principal:
    """As `principal_of`, or a station by HTTP Basic (RFC 7617) with its key as the password:
    many archives can do nothing else. The user's name is not looked at. Raises AccessError."""
    try:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return principal_of(request, services, bearer)
        station = services.accounts.station_of_key(
            _password(credentials), origin=origin_of(request)
        )
    except NotAuthenticated as refused:
        raise NotAuthenticated(refused.code, challenge=BASIC_TOO) from None
    request.state.who = station
    return station


def _password(credentials: str) -> str:
    """Of HTTP Basic; empty if there is none."""
    try:
        pair = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(b":")[2].decode("utf-8", "replace")


def who_may(permission: Permission) -> Callable[[Principal], Principal]:
    """A dependency: the principal, if they may. The one place where roles are enforced for
    routes; the services hold the scope."""

    def allowed(who: Annotated[Principal, Depends(principal_of)]) -> Principal:
        who.need(permission)
        return who

    return allowed


From = Annotated[Origin, Depends(origin_of)]
Spoken = Annotated[Language, Depends(language_of)]
SignedInSession = Annotated[Session, Depends(session_of)]
Uploader = Annotated[Principal, Depends(who_may("upload"))]
Sender = Annotated[Principal, Depends(sender_of)]
ResultReader = Annotated[Principal, Depends(who_may("read_results"))]
Reader = Annotated[Principal, Depends(who_may("read"))]
Corrector = Annotated[Principal, Depends(who_may("correct"))]
Reviewer = Annotated[Principal, Depends(who_may("review"))]
Administrator = Annotated[Principal, Depends(who_may("manage_accounts"))]
