"""Signing in at the hospital's own provider and coming back.

What the way back must match travels in a cookie of this browser: signed, for ten minutes, and
gone after one use. The session's cookie is not sent where another site leads, so the last step
is a page of our own that goes on by itself.
"""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.cookies import SIGN_IN_BEGUN, cookie_of, drop_cookie, set_cookie
from cxr_triage.api.platform.signing_in import let_in
from cxr_triage.api.platform.single_sign_on import SingleSignOn
from cxr_triage.errors import NotAuthenticated, NotFound, TriageError
from cxr_triage.service.sso.state import PendingSignIn, begin
from cxr_triage.web.forms import within
from cxr_triage.web.rendering import render
from cxr_triage.web.signing_in import remember, sign_in_page
from cxr_triage.web.visit import AnyVisit, Visit

router = APIRouter(prefix="/sign-in/oidc")

BEGUN_S: Final = 600
Short = Annotated[str, Query(max_length=2000)]
Long = Annotated[str, Query(max_length=8000)]


@router.get("")
def go_there(visit: AnyVisit, next: Short = "") -> Response:  # noqa: A002 (an address's word)
    """To the provider."""
    sso, wanted, pending = _sso(visit), within(next), begin()
    try:
        address = sso.provider.address(pending)
    except TriageError as error:
        return _refused(visit, error, wanted)
    response = RedirectResponse(address, 303)
    sealed, settings = _sealed(pending, wanted, sso.seal), visit.services.settings
    set_cookie(response, SIGN_IN_BEGUN, sealed, settings, max_age_s=BEGUN_S, samesite="lax")
    return response


@router.get("/back")
def come_back(
    visit: AnyVisit,
    origin: From,
    code: Long = "",
    state: Short = "",
    iss: Short = "",
) -> Response:
    """From the provider: a session, and on to where one wanted to go."""
    sso, wanted = _sso(visit), "/"
    try:
        begun = cookie_of(visit.request, SIGN_IN_BEGUN, visit.services.settings)
        pending, wanted = _opened(begun, sso.seal)
        _check(pending, code, state)
        identity = sso.provider.finish(pending, code=code, issuer=iss)
        signed_in = sso.accounts.sign_in(identity, origin=origin)
    except TriageError as error:
        return _refused(visit, error, wanted)
    page = render(visit, "signed_in.html.j2", wanted=wanted)
    drop_cookie(page, SIGN_IN_BEGUN, visit.services.settings)
    let_in(page, signed_in, visit.services)
    remember(page, visit, signed_in.principal.language)
    return page


def _check(pending: PendingSignIn, code: str, state: str) -> None:
    """Raises NotAuthenticated unless it is the answer to what this browser began."""
    if not hmac.compare_digest(pending.state.encode(), state.encode("utf-8", "replace")):
        raise NotAuthenticated("oidc_begun_elsewhere")
    if not code:
        raise NotAuthenticated("oidc_cancelled")


def _refused(visit: Visit, error: TriageError, wanted: str) -> Response:
    visit.services.metrics.problem(error.code)
    page = sign_in_page(visit, wanted=wanted, error=error)
    drop_cookie(page, SIGN_IN_BEGUN, visit.services.settings)
    return page


def _sso(visit: Visit) -> SingleSignOn:
    """Raises NotFound where nobody else signs people in."""
    if visit.services.sso is None:
        raise NotFound("no_such_page")
    return visit.services.sso


def _sealed(pending: PendingSignIn, wanted: str, seal: bytes) -> str:
    """Signed with a key of this service's; it holds until `BEGUN_S` have passed."""
    content = json.dumps([asdict(pending), wanted, int(time.time()) + BEGUN_S]).encode()
    return b".".join(
        urlsafe_b64encode(part) for part in (content, hmac.digest(seal, content, "sha256"))
    ).decode()


def _opened(sealed: str, seal: bytes) -> tuple[PendingSignIn, str]:
    """Raises NotAuthenticated `oidc_begun_elsewhere`: no cookie, not ours, or too old."""
    try:
        content, tag = (urlsafe_b64decode(part) for part in sealed.encode("ascii").split(b"."))
    except (ValueError, UnicodeError):
        raise NotAuthenticated("oidc_begun_elsewhere") from None
    if not hmac.compare_digest(tag, hmac.digest(seal, content, "sha256")):
        raise NotAuthenticated("oidc_begun_elsewhere")
    pending, wanted, until = json.loads(content)
    if until < time.time():
        raise NotAuthenticated("oidc_begun_elsewhere")
    return PendingSignIn(**pending), within(wanted)
