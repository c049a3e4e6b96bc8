"""The worklist as a page: most urgent first, filters in the address."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response

from cxr_triage.api.access import From
from cxr_triage.domain import PRIORITIES
from cxr_triage.errors import QueryInvalid
from cxr_triage.labels import finding_name
from cxr_triage.language import Language
from cxr_triage.service import worklist
from cxr_triage.service.audit import Action, entry
from cxr_triage.service.trail import note
from cxr_triage.store.records import STATES, Flag, Station
from cxr_triage.web.filters import PERIODS, Filters, filters_of
from cxr_triage.web.rendering import now, render
from cxr_triage.web.visit import Onlooker, Reader, Visit

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
def read_worklist(request: Request, visit: Reader, origin: From) -> Response:
    """A page of the studies that one may see; a cursor that is none leads to the first."""
    filters = filters_of(request.url.query)
    query, store = filters.query(_zone(visit)), visit.services.store
    try:
        page = worklist.page(store, visit.who, query, cursor=filters.cursor or None)
    except QueryInvalid:
        filters = replace(filters, cursor="")
        page = worklist.page(store, visit.who, query)
    note(store, entry(Action.WORKLIST_VIEWED, visit.who.acts_from(origin)))
    return render(
        visit,
        "worklist.html.j2",
        rows=page.rows,
        station_name=worklist.station_name,
        flags_that_fit=flags_that_fit,
        filters=filters,
        next_page=None if page.cursor is None else filters.address(cursor=page.cursor),
        first_page=filters.address(cursor=""),
        stations=_stations(visit),
        states=STATES,
        periods=tuple(PERIODS),
        priorities_shown=PRIORITIES,
        since=now().isoformat(),
    )


@router.get("/newer")
def read_newer(
    request: Request, visit: Onlooker, since: Annotated[AwareDatetime, Query()]
) -> Newer:
    """For the page's script: it says that there is more, and moves nothing."""
    query = _without_place(filters_of(request.url.query)).query(_zone(visit))
    begun = max(since, query.received_from or since)
    page = worklist.page(
        visit.services.store, visit.who, replace(query, received_from=begun), limit=MOST_NEW
    )
    return Newer(count=len(page.rows), more=page.cursor is not None)


def flags_that_fit(flags: Sequence[Flag], language: Language) -> Sequence[Flag]:
    """The first three, or as many as stand in a row with their whole names; one at least."""
    widths = (max(SHORTEST, len(finding_name(flag.label, language))) + 2 for flag in flags[:3])
    fitting = sum(1 for end in accumulate(widths) if end <= LINE)
    return flags[: max(1, fitting)]


def _without_place(filters: Filters) -> Filters:
    return replace(filters, cursor="")


def _zone(visit: Visit) -> ZoneInfo:
    return ZoneInfo(visit.services.settings.time_zone)


def _stations(visit: Visit) -> tuple[Station, ...]:
    """To choose from; none for who sees one alone."""
    if visit.who.station_id is not None:
        return ()
    return visit.services.store.accounts.stations()
