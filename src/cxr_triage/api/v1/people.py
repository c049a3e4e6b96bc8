"""Administrators see where people are signed in, and sign them out there."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from cxr_triage.api.platform.access import Administrator, From
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.session_list import ListedSessionOut, SessionsOut

router = APIRouter(prefix="/v1/people/{name}/sessions", tags=["session"])

UserName = Annotated[str, Path(max_length=64)]


@router.get("")
def list_sessions(name: UserName, services: Opened, _: Administrator) -> SessionsOut:
    """Where somebody is signed in."""
    found = services.sessions.of_name(name)
    return SessionsOut(sessions=[ListedSessionOut(**asdict(one)) for one in found])


@router.delete("", status_code=204)
def delete_sessions(name: UserName, services: Opened, origin: From, who: Administrator) -> None:
    """Sign somebody out everywhere."""
    services.sessions.end_of_name(name, None, by=who.acts_from(origin))


@router.delete("/{session_id}", status_code=204)
def delete_session(
    name: UserName, session_id: str, services: Opened, origin: From, who: Administrator
) -> None:
    """Sign somebody out in one place."""
    services.sessions.end_of_name(name, session_id, by=who.acts_from(origin))
