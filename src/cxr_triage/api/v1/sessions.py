"""People sign in and out; programs of stations send their key with every request."""

from fastapi import APIRouter, Request, Response

from cxr_triage.api.platform.access import COOKIE, From, SignedInSession, set_cookie
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.models import PasswordIn, SessionOut, SignInIn
from cxr_triage.api.v1.shapes import session_out

router = APIRouter(prefix="/v1/session", tags=["session"])


@router.post("")
def sign_in(response: Response, services: Opened, origin: From, body: SignInIn) -> SessionOut:
    """Sign in: a cookie that no script can read, and a token that goes into X-CSRF-Token with
    every request that changes something."""
    signed_in = services.accounts.sign_in(body.name, body.password, origin=origin)
    set_cookie(response, signed_in, services)
    return session_out(signed_in.principal, signed_in.csrf, signed_in.expires_at)


@router.get("")
def read_session(session: SignedInSession) -> SessionOut:
    """Who is signed in."""
    return session_out(session.principal, session.csrf, session.expires_at)


@router.delete("", status_code=204)
def sign_out(
    request: Request, response: Response, services: Opened, origin: From, _: SignedInSession
) -> None:
    """End the session."""
    services.accounts.sign_out(request.cookies.get(COOKIE, ""), origin=origin)
    response.delete_cookie(COOKIE)


@router.post("/password", status_code=204)
def change_password(
    request: Request, services: Opened, origin: From, _: SignedInSession, body: PasswordIn
) -> None:
    """Change one's own password; every other session of the person ends."""
    token = request.cookies.get(COOKIE, "")
    services.accounts.change_password(token, body.old, body.new, origin=origin)
