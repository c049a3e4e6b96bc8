"""The texts that readers put into an impression: to see, to add, to remove."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.errors import Conflict, ReviewInvalid
from cxr_triage.service.review import phrases
from cxr_triage.service.review.reviews import MAX_TEXT
from cxr_triage.web.forms import Fields, Posted
from cxr_triage.web.rendering import render
from cxr_triage.web.visit import ReviewerVisit, Visit

router = APIRouter(prefix="/phrases")

PhraseId = Annotated[str, Path(alias="phrase", max_length=64)]
DONE = {"added", "removed"}


@router.get("")
def read_phrases(visit: ReviewerVisit, done: str = "") -> Response:
    """In the language of who looks."""
    return _page(visit, done=done if done in DONE else "")


@router.post("")
def add_phrase(visit: ReviewerVisit, origin: From, fields: Posted) -> Response:
    """One of one's own, or the site's."""
    try:
        phrases.add(
            visit.services.store,
            visit.who,
            name=fields.get("name", ""),
            text=fields.get("text", ""),
            language=visit.language,
            mine=fields.get("whose") != "site",
            origin=origin,
        )
    except (ReviewInvalid, Conflict) as wrong:
        return _page(visit, error=wrong.message(visit.language), typed=fields)
    return _done("added")


@router.post("/{phrase}/remove")
def remove_phrase(visit: ReviewerVisit, origin: From, phrase: PhraseId, _: Posted) -> Response:
    """It is not offered any more; what was written with it stays."""
    phrases.remove(visit.services.store, visit.who, phrase, origin=origin)
    return _done("removed")


def _done(what: str) -> Response:
    return RedirectResponse(f"/phrases?{urlencode({'done': what})}", 303)


def _page(
    visit: Visit, *, done: str = "", error: str = "", typed: Fields | None = None
) -> Response:
    return render(
        visit,
        "phrases.html.j2",
        status=422 if error else 200,
        phrases=phrases.phrases(visit.services.store, visit.who, visit.language),
        done=done,
        error=error,
        typed=typed or {},
        longest=MAX_TEXT,
        longest_name=phrases.MAX_NAME,
    )
