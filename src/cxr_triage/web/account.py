"""One's own account: another password, and where one is signed in."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import COOKIE, From
from cxr_triage.errors import AccessError, AccountInvalid
from cxr_triage.language import say
from cxr_triage.web.forms import Fields, Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import SignedInVisit, Visit

router = APIRouter(prefix="/account")

SessionId = Annotated[str, Path(max_length=64)]
DONE = {"changed", "ended", "ended_others"}


@router.get("")
def read_account(request: Request, visit: SignedInVisit, done: str = "") -> Response:
    """Who one is, the form for another password, and one's sessions."""
    return _page(request, visit, done=done)


@router.post("/password")
def change_password(
    request: Request, visit: SignedInVisit, origin: From, fields: Posted
) -> Response:
    """Every other session of the person ends. Nothing typed is shown again: it is secret."""
    errors = _change(request.cookies.get(COOKIE, ""), visit, origin, fields)
    if errors:
        return _page(request, visit, errors=errors)
    return _done("changed")


@router.post("/sessions/end-others")
def end_others(request: Request, visit: SignedInVisit, origin: From, _: Posted) -> Response:
    """Sign out everywhere but here."""
    token = request.cookies.get(COOKIE, "")
    visit.services.sessions.end_others(visit.who, token, origin=origin)
    return _done("ended_others")


@router.post("/sessions/{session_id}/end")
def end_session(visit: SignedInVisit, origin: From, session_id: SessionId, _: Posted) -> Response:
    """Sign out in one place."""
    visit.services.sessions.end(visit.who, session_id, origin=origin)
    return _done("ended")


def _change(token: str, visit: Visit, origin: From, fields: Fields) -> dict[str, str]:
    """What is wrong, by the field beside which it is shown; empty if it was changed."""
    new = fields.get("new", "")[:1024]
    if new != fields.get("again", "")[:1024]:
        return {"again": say("web.password_differs", visit.language)}
    try:
        old = fields.get("old", "")[:1024]
        visit.services.accounts.change_password(token, old, new, origin=origin)
    except AccountInvalid as error:
        return {"new": error.message(visit.language)}
    except AccessError as error:
        return {"old": error.message(visit.language)}
    return {}


def _done(what: str) -> Response:
    return RedirectResponse(f"/account?{urlencode({'done': what})}", 303)


def _page(
    request: Request, visit: Visit, *, done: str = "", errors: dict[str, str] | None = None
) -> Response:
    token = request.cookies.get(COOKIE, "")
    return render(
        visit,
        "account.html.j2",
        status=422 if errors else 200,
        done=done if done in DONE else "",
        errors=errors or {},
        sessions=visit.services.sessions.of(visit.who, token),
    )
