"""Where a study stands in the worklist that its reader came from: `?from=` its address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args
from urllib.parse import parse_qs, urlencode

from cxr_triage.api.services import Services
from cxr_triage.domain import PRIORITIES
from cxr_triage.service.principal import Principal
from cxr_triage.service.worklist import neighbours
from cxr_triage.store.records import State, WorklistQuery

LONGEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Addresses; None where the list ends."""

    back: str
    before: str | None
    after: str | None


def beside(services: Services, who: Principal, study_id: str, came_from: str) -> Beside:
    """The list and the studies on both sides of one, in its order and its filters."""
    came_from = came_from[:LONGEST]
    found = neighbours(services.store, who, query_of(came_from), study_id)
    return Beside(
        back=f"/worklist?{_again(came_from)}" if came_from else "/worklist",
        before=None if found.before is None else address_of(found.before, came_from),
        after=None if found.after is None else address_of(found.after, came_from),
    )


def address_of(study_id: str, came_from: str) -> str:
    """The page of a study that remembers the list."""
    query = f"?{urlencode({'from': came_from})}" if came_from else ""
    return f"/studies/{study_id}{query}"


def query_of(address: str) -> WorklistQuery:
    """The filters in a worklist's address; what is none of ours is left out."""
    given = _given(address)
    return WorklistQuery(
        priorities=tuple(one for one in PRIORITIES if one in given.get("priority", [])),
        states=tuple(one for one in get_args(State) if one in given.get("state", [])),
        station_id=_one(given, "station"),
        received_from=_moment(_one(given, "received_from")),
        received_until=_moment(_one(given, "received_until")),
        accession=_one(given, "accession"),
    )


def _again(address: str) -> str:
    """As a query of our own making, whatever was sent."""
    return urlencode(_given(address), doseq=True)


def _given(address: str) -> dict[str, list[str]]:
    try:
        return parse_qs(address, max_num_fields=40)
    except ValueError:
        return {}


def _one(given: dict[str, list[str]], name: str) -> str | None:
    return given[name][0][:64] if name in given else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
