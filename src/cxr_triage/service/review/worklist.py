"""The worklist: who sees which studies, page by page, most urgent first."""

import base64
import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.domain import PRIORITIES
from cxr_triage.errors import QueryInvalid
from cxr_triage.labels import LABELS
from cxr_triage.language import Language, say
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import ShownRow, shown_row
from cxr_triage.store.records import (
    LOCAL_STATION,
    NO_MAXIMUM,
    OVERDUE_BAND,
    TO_READ,
    ListCounts,
    MaximumWait,
    Neighbours,
    PageCursor,
    WorklistQuery,
)
from cxr_triage.store.repository import Store
from cxr_triage.triage.policy import Policy

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
BANDS: Final = range(OVERDUE_BAND, 3)
THIS_AGE: Final = range(1900, 2200)
"""Years that a list may be of."""
MAX_TEXT: Final = 200
"""Characters to search for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in the order of the worklist; `cursor` asks for the next ones, None at the end."""

    rows: tuple[ShownRow, ...]
    cursor: str | None


def page(
    store: Store,
    who: Principal,
    query: WorklistQuery,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    waits: MaximumWait = NO_MAXIMUM,
) -> Page:
    """The studies that `who` may see. A cursor belongs to the query that gave it.

    waits: after which what nobody has read comes before the others of its priority.

    Raises NotAllowed, QueryInvalid (`cursor_invalid`, `limit_invalid`, `finding_unknown`,
    `search_invalid`) or StoreError.
    """
    query = _allowed(query, who)
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryInvalid("limit_invalid", most=MAX_LIMIT)
    after = None if cursor is None else place_of(cursor)
    found = store.worklist(query, who.scope, after=after, limit=limit, waits=waits)
    return Page(
        rows=tuple(shown_row(row, who) for row in found.rows),
        cursor=None if found.after is None else cursor_of(found.after),
    )


def neighbours(
    store: Store,
    who: Principal,
    query: WorklistQuery,
    study_id: str,
    *,
    waits: MaximumWait = NO_MAXIMUM,
) -> Neighbours:
    """The studies beside one in the order and filters of the worklist that `who` came from.

    A study that the filters leave out by now (it was new, it is opened) keeps its place.
    Raises NotAllowed, NotFound or StoreError.
    """
    return store.neighbours(study_id, _allowed(query, who), who.scope, waits)


def counts(store: Store, who: Principal, query: WorklistQuery) -> ListCounts:
    """How many studies wait and how many are signed, of the query's stations and days. Raises
    NotAllowed or StoreError."""
    return store.counts(replace(_allowed(query, who), text=""), who.scope)


def next_to_read(
    store: Store,
    who: Principal,
    query: WorklistQuery,
    study_id: str,
    *,
    waits: MaximumWait = NO_MAXIMUM,
) -> str | None:
    """The most urgent study of a query that is to be read and that nobody else reads now, but that
    one; None: there is none."""
    unread = replace(_allowed(query, who), states=TO_READ, settled=True, free_for=who.id)
    found = store.worklist(unread, who.scope, after=None, limit=2, waits=waits)
    return next((row.study_id for row in found.rows if row.study_id != study_id), None)


def waits_of(policy: Policy) -> MaximumWait:
    """How long a study may wait unread, by priority, as the policy has it."""
    minutes = policy.decision.maximum_wait_minutes
    return {priority: timedelta(minutes=wait) for priority, wait in minutes.items()}


def _allowed(query: WorklistQuery, who: Principal) -> WorklistQuery:
    """As the store takes it. Who sees no patients may not look for one either: the answer would
    say who is there."""
    who.need("read")
    if not LABELS.keys() >= set(query.findings):
        raise QueryInvalid("finding_unknown")
    text = unicodedata.normalize("NFC", query.text).strip()
    if text:
        who.need("see_patients")
    if len(text) > MAX_TEXT or any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise QueryInvalid("search_invalid", most=MAX_TEXT)
    if who.looks_first:  # neither the order nor what is left out may tell what the AI says
        query = replace(query, by_waiting=True, priorities=(), findings=())
    return replace(query, text=text)


def station_name(station_id: str, name: str, language: Language) -> str:
    """A station as people read it: what is sent without one has a name in their language."""
    return say("station.local", language) if station_id == LOCAL_STATION else name


def cursor_of(place: PageCursor) -> str:
    """A place as text for an address; nobody need understand it."""
    as_of, rank, band, received_at, study_id = place
    text = json.dumps([as_of.isoformat(), rank, band, received_at.isoformat(), study_id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> PageCursor:
    """The place. Raises QueryInvalid `cursor_invalid`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        as_of, rank, band, received_at, study_id = json.loads(text)
        moment = datetime.fromisoformat(as_of).astimezone(UTC)
        received = datetime.fromisoformat(received_at).astimezone(UTC)
        fits = (
            rank in range(len(PRIORITIES))
            and band in BANDS
            and moment.year in THIS_AGE
            and received.year in THIS_AGE
            and type(study_id) is str
            and len(study_id) <= 64
            and study_id.isprintable()
        )
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise QueryInvalid("cursor_invalid") from None
    if not fits:
        raise QueryInvalid("cursor_invalid")
    return PageCursor(moment, int(rank), int(band), received, study_id)
