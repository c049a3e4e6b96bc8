"""The filters of the worklist, as they stand in its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, get_args
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.store.records import State, WorklistQuery

LONGEST: Final = 1000

PERIODS: Final = {"today": 0, "week": 6, "month": 29}
"""Days before today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is wanted of the worklist; empty: everything. cursor: of the page."""

    priority: tuple[Priority, ...] = ()
    state: tuple[State, ...] = ()
    station: str = ""
    period: str = ""
    number: str = ""
    hidden: bool = False
    cursor: str = ""

    @property
    def any(self) -> bool:
        """Is anything left out of the list?"""
        chosen = (self.priority, self.state, self.station, self.period, self.number, self.hidden)
        return any(chosen)

    def address(self, *, cursor: str | None = None) -> str:
        """As a query, of this page or of another; nothing in it that is not ours."""
        given = {
            "priority": self.priority,
            "state": self.state,
            "station": self.station,
            "period": self.period,
            "number": self.number,
            "hidden": "1" if self.hidden else "",
            "cursor": self.cursor if cursor is None else cursor,
        }
        return urlencode({name: value for name, value in given.items() if value}, doseq=True)

    def query(self, zone: ZoneInfo) -> WorklistQuery:
        """For the store. zone: of the place, whose days are meant."""
        return WorklistQuery(
            priorities=self.priority,
            states=self.state,
            station_id=self.station or None,
            received_from=_beginning(self.period, zone),
            number=self.number or None,
            hidden=self.hidden,
        )


def filters_of(address: str) -> Filters:
    """Those in a query; what is none of ours is left out."""
    try:
        given: Mapping[str, Sequence[str]] = parse_qs(address[:LONGEST], max_num_fields=40)
    except ValueError:
        given = {}
    period = _one(given, "period")
    return Filters(
        priority=tuple(one for one in PRIORITIES if one in given.get("priority", ())),
        state=tuple(one for one in get_args(State) if one in given.get("state", ())),
        station=_one(given, "station"),
        period=period if period in PERIODS else "",
        number=_one(given, "number").strip(),
        hidden=bool(_one(given, "hidden")),
        cursor=_one(given, "cursor", longest=512),
    )


def _one(given: Mapping[str, Sequence[str]], name: str, *, longest: int = 64) -> str:
    return given[name][0][:longest] if name in given else ""


def _beginning(period: str, zone: ZoneInfo) -> datetime | None:
    if not period:
        return None
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=PERIODS[period])).astimezone(UTC)
