"""People sign in and out; programs of stations send their key with every request."""

from functools import partial

from fastapi import APIRouter, Request, Response

from cxr_triage.api.platform.access import From, SignedInSession
from cxr_triage.api.platform.cookies import SESSION, cookie_of, drop_cookie
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.platform.signing_in import browser_of, in_turn, let_in
from cxr_triage.api.v1.models import PasswordIn, SessionOut, SignInIn
from cxr_triage.api.v1.shapes import session_out

router = APIRouter(prefix="/v1/session", tags=["session"])


@router.post("")
async def sign_in(
    request: Request, response: Response, services: Opened, origin: From, body: SignInIn
) -> SessionOut:
    """Sign in: a cookie that no script can read, and a token that goes into X-CSRF-Token with
    every request that changes something."""
    browser = browser_of(request, services)
    sign_in = partial(services.accounts.sign_in, body.name, body.password)
    signed_in = await in_turn(services, partial(sign_in, origin=origin, browser=browser))
    let_in(response, signed_in, services, browser)
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
    token = cookie_of(request, SESSION, services.settings)
    services.accounts.sign_out(token, origin=origin)
    drop_cookie(response, SESSION, services.settings)


@router.post("/password", status_code=204)
async def change_password(
    request: Request, services: Opened, origin: From, _: SignedInSession, body: PasswordIn
) -> None:
    """Change one's own password; every other session of the person ends."""
    token = cookie_of(request, SESSION, services.settings)
    change = partial(services.accounts.change_password, token, body.old, body.new, origin=origin)
    await in_turn(services, change)
