"""What needs somebody now, on one page and, wherever they are, as a number that keeps itself
current: by server-sent events, or asked for from time to time."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.protocol import GIVES_WAY
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.review import calls
from cxr_triage.store.records import MOST_CALLS, Calls
from cxr_triage.web.forms import Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import OnlookerVisit, ReaderVisit, Visit

router = APIRouter(prefix="/now")

RETRY_MS: Final = 4000


class CallsOut(BaseModel):
    """How many studies and answers want this person, and when the newest study came."""

    critical: int
    urgent: int
    answers: int
    newest: str


@router.get("")
def read_now(visit: ReaderVisit, origin: From) -> Response:
    """The page; who comes to it is noted as who sees the worklist."""
    return _page(visit, origin)


@router.get("/again")
def read_again(visit: OnlookerVisit, origin: From) -> Response:
    """The same for the page's script, which keeps nobody signed in."""
    return _page(visit, origin)


@router.get("/calls")
def read_calls(visit: OnlookerVisit) -> CallsOut:
    """The numbers alone, for browsers that get no events."""
    return _out(calls.calls(visit.services.store, visit.who))


@router.get("/events")
async def read_events(request: Request, visit: OnlookerVisit) -> Response:
    """The numbers whenever they change (`text/event-stream`). The connection gives way to others
    of its sender."""
    visit.who.need("see_patients")
    sender = request.client.host if request.client else ""
    bell = visit.services.bell
    bell.check_room(sender)
    setattr(request.state, GIVES_WAY, True)
    return StreamingResponse(
        _told(bell.listen(visit.token, sender)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},  # a proxy hands on each at once
    )


@router.post("/seen")
def saw_answers(visit: ReaderVisit, fields: Posted) -> Response:
    """They have seen the answers that the page showed them; later ones stay."""
    try:
        until = datetime.fromisoformat(fields.get("until", ""))
    except ValueError:
        return RedirectResponse("/now", 303)
    if until.tzinfo is not None:
        calls.saw_answers(visit.services.store, visit.who, until)
    return RedirectResponse("/now", 303)


async def _told(heard: AsyncIterator[Calls | None]) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async for found in heard:
        yield ":\n\n" if found is None else f"data: {json.dumps(_out(found).model_dump())}\n\n"


def _out(found: Calls) -> CallsOut:
    return CallsOut(
        critical=found.critical,
        urgent=found.urgent,
        answers=found.answers,
        newest="" if found.newest is None else found.newest.isoformat(),
    )


def _page(visit: Visit, origin: Origin) -> Response:
    store, who = visit.services.store, visit.who
    needing, answers = calls.needing(store, who), calls.answers(store, who)
    note(store, entry(Action.WORKLIST_VIEWED, who.acts_from(origin)))
    return render(
        visit,
        "now.html.j2",
        here="/now",
        needing=needing,
        answers=answers,
        most=MOST_CALLS,
        seen_until=answers[0].signed_at.isoformat() if answers else "",
    )
