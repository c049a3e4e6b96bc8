"""A person sees where they are signed in, and signs out there."""

from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from cxr_triage.api.platform.access import From, SignedInSession
from cxr_triage.api.platform.cookies import SESSION, cookie_of
from cxr_triage.api.platform.services import Opened

router = APIRouter(prefix="/v1/sessions", tags=["session"])


class ListedSessionOut(BaseModel):
    """A sign-in that lasts. current: the one that asks."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(examples=["2f1c9d0a7b3e4c58"])
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    current: bool


class SessionsOut(BaseModel):
    """Somebody's sessions, newest first."""

    model_config = ConfigDict(frozen=True)

    sessions: list[ListedSessionOut]


@router.get("")
def list_sessions(request: Request, services: Opened, session: SignedInSession) -> SessionsOut:
    """Where one is signed in."""
    token = cookie_of(request, SESSION, services.settings)
    found = services.sessions.of(session.principal, token)
    return SessionsOut(sessions=[ListedSessionOut(**asdict(one)) for one in found])


@router.delete("", status_code=204)
def delete_others(
    request: Request, services: Opened, origin: From, session: SignedInSession
) -> None:
    """End every other session of one's own."""
    token = cookie_of(request, SESSION, services.settings)
    services.sessions.end_others(session.principal, token, origin=origin)


@router.delete("/{session_id}", status_code=204)
def delete_session(
    session_id: str, services: Opened, origin: From, session: SignedInSession
) -> None:
    """End one of one's own sessions, wherever it is."""
    services.sessions.end(session.principal, session_id, origin=origin)
