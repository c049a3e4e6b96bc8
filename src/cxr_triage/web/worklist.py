"""The worklist as a page: most urgent first, filters in the address."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import accumulate
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from cxr_triage.api.platform.access import From
from cxr_triage.api.platform.text import Moment
from cxr_triage.api.v1.models import RingingOut
from cxr_triage.api.v1.studies import ringing_of
from cxr_triage.domain import PRIORITIES, Score
from cxr_triage.errors import QueryInvalid
from cxr_triage.labels import LABELS, finding_name
from cxr_triage.language import Language
from cxr_triage.result.decided import missed
from cxr_triage.service.audit import Action, Origin, entry, note
from cxr_triage.service.review import worklist
from cxr_triage.store.records import (
    MOST_COUNTED,
    STATES,
    ListCounts,
    Station,
    StudyRow,
    WorklistQuery,
)
from cxr_triage.web.filters import PERIODS, VIEWS, Filters, filters_in, filters_of
from cxr_triage.web.forms import PostedLists
from cxr_triage.web.rendering import now, render, wait_text
from cxr_triage.web.visit import OnlookerVisit, ReaderVisit, Visit

router = APIRouter(prefix="/worklist")

MOST_NEW = 50
"""New studies that are counted; more are "50 and more"."""


LINE = 62
SHORTEST = 12
"""Characters that a row has for names of findings, and what a score's bar takes at least: names
are never cut off, so long ones leave room for fewer."""


class Newer(BaseModel):
    """How many studies of a list came after a moment, and whether there are more."""

    count: int
    more: bool


@router.get("")
def read_worklist(request: Request, visit: ReaderVisit, origin: From) -> Response:
    """A page of the studies that one may see; a cursor that is none leads to the first. What was
    searched for stands in no address: the page's script asks again, or a person does."""
    filters = filters_of(request.url.query)
    if filters.searched and visit.may("see_patients"):
        return _render(visit, filters, rows=())
    return _list(visit, origin, replace(filters, searched=False), Action.WORKLIST_VIEWED)


@router.get("/again")
def read_again(request: Request, visit: OnlookerVisit, origin: From) -> Response:
    """The same page for its script, which keeps nobody signed in."""
    filters = replace(filters_of(request.url.query), searched=False)
    return _list(visit, origin, filters, Action.WORKLIST_VIEWED)


@router.post("")
def search_worklist(visit: ReaderVisit, origin: From, form: PostedLists) -> Response:
    """The page of what was searched for; the other filters alone stand in the address."""
    filters = filters_in(form)
    if not filters.text:
        address = replace(filters, searched=False).address()
        return RedirectResponse(f"/worklist?{address}" if address else "/worklist", 303)
    try:
        return _list(visit, origin, filters, Action.WORKLIST_SEARCHED)
    except QueryInvalid as wrong:
        return _render(visit, filters, rows=(), wrong=wrong.message(visit.language), status=422)


def _list(visit: Visit, origin: Origin, filters: Filters, action: Action) -> Response:
    """Raises QueryInvalid for what cannot be searched for."""
    query, store = _query(visit, filters), visit.services.store
    try:
        page = worklist.page(
            store, visit.who, query, cursor=filters.cursor or None, waits=visit.services.waits
        )
    except QueryInvalid as wrong:
        if wrong.code != "cursor_invalid":
            raise
        filters = replace(filters, cursor="")
        page = worklist.page(store, visit.who, query, waits=visit.services.waits)
    note(store, entry(action, visit.who.acts_from(origin)))
    counts = None if filters.searched else worklist.counts(store, visit.who, query)
    return _render(visit, filters, rows=page.rows, cursor=page.cursor, counts=counts)


def _render(
    visit: Visit,
    filters: Filters,
    *,
    rows: Sequence[StudyRow],
    cursor: str | None = None,
    counts: ListCounts | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    return render(
        visit,
        "worklist.html.j2",
        status=status,
        here=f"/worklist?{filters.address()}",
        rows=rows,
        counts=None if counts is None else asdict(counts),
        most_counted=MOST_COUNTED,
        views=tuple(VIEWS),
        view=filters.chosen(reads=visit.may("review")),
        view_address=lambda view: replace(filters, view=view, state=(), cursor="").address(),
        flags_that_fit=flags_that_fit,
        filters=filters,
        cursor=cursor,
        wrong=wrong,
        most_text=worklist.MAX_TEXT,
        stations=_stations(visit),
        states=STATES,
        periods=tuple(PERIODS),
        findings=tuple(LABELS),
        priorities_shown=PRIORITIES,
        missed=missed(visit.services.pool.running.scale, visit.language),
        wait_text=lambda priority: wait_text(visit.services.waits[priority], visit.language),
        since=now().isoformat(),
    )


@router.get("/newer")
def read_newer(request: Request, visit: OnlookerVisit, since: Annotated[Moment, Query()]) -> Newer:
    """For the page's script: it says that there is more, and moves nothing."""
    filters = replace(filters_of(request.url.query), cursor="")
    query = _query(visit, filters)
    begun = max(since, query.received_from or since)
    page = worklist.page(
        visit.services.store, visit.who, replace(query, received_from=begun), limit=MOST_NEW
    )
    return Newer(count=len(page.rows), more=page.cursor is not None)


@router.get("/ringing")
def read_ringing(visit: OnlookerVisit) -> RingingOut:
    """What rings, for the page's script."""
    return ringing_of(visit.services, visit.who)


def flags_that_fit(flags: Sequence[Score], language: Language) -> Sequence[Score]:
    """The first three, or as many as stand in a row with their whole names; one at least."""
    widths = (max(SHORTEST, len(finding_name(flag.label, language))) + 2 for flag in flags[:3])
    fitting = sum(1 for end in accumulate(widths) if end <= LINE)
    return flags[: max(1, fitting)]


def _query(visit: Visit, filters: Filters) -> WorklistQuery:
    return filters.query(visit.services.settings.zone, reads=visit.may("review"))


def _stations(visit: Visit) -> tuple[Station, ...]:
    """To choose from; none for who sees one alone."""
    if visit.who.station_id is not None:
        return ()
    return visit.services.store.accounts.stations()
