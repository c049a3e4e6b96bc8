"""Where a study stands in the worklist that its reader came from: `?from=` its address."""

from dataclasses import dataclass
from urllib.parse import urlencode

from cxr_triage.api.platform.services import Services
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.worklist import neighbours, next_to_read
from cxr_triage.store.records import Neighbours
from cxr_triage.web.filters import filters_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Addresses; None where the list ends. searched: the list is what a search found, which the
    browser alone knows: no address says what was searched for."""

    back: str
    before: str | None
    after: str | None
    searched: bool


def beside(services: Services, who: Principal, study_id: str, came_from: str) -> Beside:
    """The list and the studies on both sides of one, in its order and its filters."""
    filters = filters_of(came_from)
    found = Neighbours(before=None, after=None)
    if not filters.searched:
        query = filters.query(services.settings.zone, reads=who.may("review"))
        found = neighbours(services.store, who, query, study_id, waits=services.waits)
    here = filters.address()
    return Beside(
        back=f"/worklist?{here}#s-{study_id}",
        before=None if found.before is None else address_of(found.before, here),
        after=None if found.after is None else address_of(found.after, here),
        searched=filters.searched,
    )


def next_address(services: Services, who: Principal, study_id: str, came_from: str) -> str:
    """Where who has read a study goes on: the most urgent of the list that is to be read, else the
    list."""
    filters = filters_of(came_from)
    here = filters.address()
    if filters.searched:
        return f"/worklist?{here}"
    query = filters.query(services.settings.zone, reads=True)
    found = next_to_read(services.store, who, query, study_id, waits=services.waits)
    return f"/worklist?{here}" if found is None else address_of(found, here)


def address_of(study_id: str, came_from: str) -> str:
    """The page of a study that remembers the list."""
    query = f"?{urlencode({'from': came_from})}" if came_from else ""
    return f"/studies/{study_id}{query}"
