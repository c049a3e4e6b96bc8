"""One's own account: another password, and where one is signed in."""

from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.signing_in import in_turn
from cxr_triage.errors import AccessError, AccountInvalid
from cxr_triage.language import say
from cxr_triage.service.audit import Origin
from cxr_triage.store.records import FIRST_LOOKS
from cxr_triage.web.forms import Fields, Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import SignedInVisit, Visit

router = APIRouter(prefix="/account")

SessionId = Annotated[str, Path(max_length=64)]
DONE = {"changed", "ended", "ended_others", "first_look"}


@router.get("")
def read_account(visit: SignedInVisit, done: str = "") -> Response:
    """Who one is, the form for another password, and one's sessions."""
    return _page(visit, done=done)


@router.post("/password")
async def change_password(visit: SignedInVisit, origin: From, fields: Posted) -> Response:
    """Every other session of the person ends. Nothing typed is shown again: it is secret."""
    return await in_turn(visit.services, partial(_changed, visit, origin, fields))


def _changed(visit: Visit, origin: Origin, fields: Fields) -> Response:
    errors = _change(visit, origin, fields)
    return _page(visit, errors=errors) if errors else _done("changed")


@router.post("/first-look")
def change_first_look(visit: SignedInVisit, origin: From, fields: Posted) -> Response:
    """What a reader sees of the AI before they have looked; empty: as the site has it."""
    wanted = next((one for one in FIRST_LOOKS if one == fields.get("first_look", "")), None)
    visit.services.accounts.change_first_look(visit.token, wanted, origin=origin)
    return _done("first_look")


@router.post("/sessions/end-others")
def end_others(visit: SignedInVisit, origin: From, _: Posted) -> Response:
    """Sign out everywhere but here."""
    visit.services.sessions.end_others(visit.who, visit.token, origin=origin)
    return _done("ended_others")


@router.post("/sessions/{session_id}/end")
def end_session(visit: SignedInVisit, origin: From, session_id: SessionId, _: Posted) -> Response:
    """Sign out in one place."""
    visit.services.sessions.end(visit.who, session_id, origin=origin)
    return _done("ended")


def _change(visit: Visit, origin: Origin, fields: Fields) -> dict[str, str]:
    """What is wrong, by the field beside which it is shown; empty if it was changed."""
    new = fields.get("new", "")[:1024]
    if new != fields.get("again", "")[:1024]:
        return {"again": say("web.password_differs", visit.language)}
    try:
        old = fields.get("old", "")[:1024]
        visit.services.accounts.change_password(visit.token, old, new, origin=origin)
    except AccountInvalid as error:
        return {"new": error.message(visit.language)}
    except AccessError as error:
        return {"old": error.message(visit.language)}
    return {}


def _done(what: str) -> Response:
    return RedirectResponse(f"/account?{urlencode({'done': what})}", 303)


def _page(visit: Visit, *, done: str = "", errors: dict[str, str] | None = None) -> Response:
    return render(
        visit,
        "account.html.j2",
        status=422 if errors else 200,
        done=done if done in DONE else "",
        errors=errors or {},
        sessions=visit.services.sessions.of(visit.who, visit.token),
        first_looks=FIRST_LOOKS,
        site_first_look=visit.services.settings.first_look,
        own_first_look=(visit.session and visit.session.chosen_first_look) or "",
    )
