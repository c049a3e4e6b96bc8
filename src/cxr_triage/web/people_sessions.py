"""Where somebody is signed in: for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.web.forms import Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import AdministratorVisit

router = APIRouter(prefix="/people/{name}/sessions")

UserName = Annotated[str, Path(max_length=64)]
SessionId = Annotated[str, Path(max_length=64)]


@router.get("")
def read_sessions(visit: AdministratorVisit, name: UserName, done: str = "") -> Response:
    """Somebody's sessions, newest first."""
    services = visit.services
    return render(
        visit,
        "people_sessions.html.j2",
        person=services.sessions.person(name),
        sessions=services.sessions.of_name(name),
        done=bool(done),
    )


@router.post("/end")
def end_sessions(visit: AdministratorVisit, origin: From, name: UserName, _: Posted) -> Response:
    """Sign somebody out everywhere."""
    visit.services.sessions.end_of_name(name, None, by=visit.who.acts_from(origin))
    return RedirectResponse("/people?done=signed_out", 303)


@router.post("/{session_id}/end")
def end_session(
    visit: AdministratorVisit, origin: From, name: UserName, session_id: SessionId, _: Posted
) -> Response:
    """Sign somebody out in one place."""
    by = visit.who.acts_from(origin)
    person = visit.services.sessions.person(name)
    visit.services.sessions.end_of_name(person.name, session_id, by=by)
    return RedirectResponse(f"/people/{person.name}/sessions?done=1", 303)
