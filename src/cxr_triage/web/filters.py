"""The filters of the worklist, as they stand in its address; what is searched for never does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, get_args
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from cxr_triage.domain import PRIORITIES, Priority
from cxr_triage.labels import LABELS
from cxr_triage.service.review.worklist import THIS_AGE
from cxr_triage.store.records import TO_READ, StudyState, WorklistQuery

LONGEST: Final = 1000

PERIODS: Final = {"today": 0, "week": 6, "month": 29}
"""Days before today."""

View = Literal["to_read", "being_read", "signed", "all"]
VIEWS: Final[dict[View, tuple[StudyState, ...]]] = {
    "to_read": TO_READ, "being_read": TO_READ, "signed": ("signed",), "all": (),
}  # fmt: skip
"""What of the list is shown, by the states of its studies; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is wanted of the worklist; empty: everything. since, until: the first and the last day
    when studies came. view: empty: as `chosen` has it. cursor: of the page. text: what somebody
    typed to find a patient. searched: there was such a text, whether it is known here or not."""

    priority: tuple[Priority, ...] = ()
    state: tuple[StudyState, ...] = ()
    finding: str = ""
    station: str = ""
    period: str = ""
    since: date | None = None
    until: date | None = None
    hidden: bool = False
    view: View | Literal[""] = ""
    cursor: str = ""
    searched: bool = False
    text: str = field(default="", repr=False)

    @property
    def any(self) -> bool:
        """Is anything left out of the list?"""
        return self.narrowed or self.searched

    @property
    def narrowed(self) -> bool:
        """By what stands in the address?"""
        days = self.period or self.since or self.until
        return bool(
            self.priority or self.state or self.finding or self.station or days or self.hidden
        )

    def chosen(self, *, reads: bool) -> View:
        """What is shown: to who reads, if they choose nothing, what is to be read; a search finds
        everything."""
        if self.view:
            return self.view
        return "to_read" if reads and not self.searched and not self.state else "all"

    def address(self, *, cursor: str | None = None) -> str:
        """As a query, of this page or of another; nothing in it that is not ours."""
        return urlencode(self.fields(cursor=cursor))

    def fields(self, *, cursor: str | None = None) -> list[tuple[str, str]]:
        """Names and values for an address, and for a form beside its text."""
        given: dict[str, Sequence[str]] = {
            "priority": self.priority,
            "state": self.state,
            "finding": (self.finding,),
            "station": (self.station,),
            "period": (self.period,),
            "from": (self.since.isoformat() if self.since else "",),
            "until": (self.until.isoformat() if self.until else "",),
            "hidden": ("1" if self.hidden else "",),
            "view": (self.view,),
            "searched": ("1" if self.searched else "",),
            "cursor": (self.cursor if cursor is None else cursor,),
        }
        return [(name, value) for name, values in given.items() for value in values if value]

    def query(self, zone: ZoneInfo, *, reads: bool) -> WorklistQuery:
        """For the store. zone: of the place, whose days are meant. reads: may who asks read?"""
        view = self.chosen(reads=reads)
        first, last = _first(self.period, zone), self.until
        begins = max(filter(None, (first, self.since)), default=None)
        return WorklistQuery(
            priorities=self.priority,
            states=self.state or VIEWS[view],
            settled=view in ("to_read", "being_read"),
            claimed=view == "being_read",
            findings=(self.finding,) if self.finding else (),
            station_id=self.station or None,
            received_from=None if begins is None else _midnight(begins, zone),
            received_until=None if last is None else _midnight(last + timedelta(days=1), zone),
            text=self.text,
            hidden=self.hidden,
        )


def filters_of(address: str) -> Filters:
    """Those in a query; what is none of ours is left out."""
    try:
        given: Mapping[str, Sequence[str]] = parse_qs(address[:LONGEST], max_num_fields=40)
    except ValueError:
        given = {}
    return _filters(given, text="")


def filters_in(form: Mapping[str, Sequence[str]]) -> Filters:
    """Those of a form, which may say what is searched for."""
    return _filters(form, text=next(iter(form.get("text", ())), "").strip())


def _filters(given: Mapping[str, Sequence[str]], *, text: str) -> Filters:
    period, finding = _one(given, "period"), _one(given, "finding")
    return Filters(
        priority=tuple(one for one in PRIORITIES if one in given.get("priority", ())),
        state=tuple(one for one in get_args(StudyState) if one in given.get("state", ())),
        finding=finding if finding in LABELS else "",
        station=_one(given, "station"),
        period=period if period in PERIODS else "",
        since=day_in(_one(given, "from")),
        until=day_in(_one(given, "until")),
        hidden=bool(_one(given, "hidden")),
        view=next((one for one in VIEWS if one == _one(given, "view")), ""),
        cursor=_one(given, "cursor", longest=512),
        searched=bool(text) or _one(given, "searched") == "1",
        text=text,
    )


def _one(given: Mapping[str, Sequence[str]], name: str, *, longest: int = 64) -> str:
    return given[name][0][:longest] if given.get(name) else ""


def day_in(text: str) -> date | None:
    """A day of this age; None for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in THIS_AGE else None


def _first(period: str, zone: ZoneInfo) -> date | None:
    """The first day of a period that ends today."""
    if not period:
        return None
    return datetime.now(zone).date() - timedelta(days=PERIODS[period])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
