"""What wants somebody now: critical and urgent studies that nobody has signed, and for who sent
them the answers that came in. For who sees patients alone: nobody else can act on it.

Who reads a film before they see what the AI says is called to none: that would tell it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.disclosure import ShownRow, shown_row
from cxr_triage.store.records import Answer, Calls
from cxr_triage.store.repository import Store

FIRST_LOOK: Final = timedelta(days=2)
"""How old answers are told of to who has never said that they saw any."""


def calls(store: Store, who: Principal) -> Calls:
    """How many of each. Raises NotAllowed or StoreError."""
    who.need("see_patients")
    found = store.calling.calls(who.scope, who.id, otherwise=_otherwise())
    return replace(found, critical=0, urgent=0, newest=None) if who.looks_first else found


def needing(store: Store, who: Principal) -> tuple[ShownRow, ...]:
    """The studies, the oldest first. Raises NotAllowed or StoreError."""
    who.need("see_patients")
    if who.looks_first:
        return ()
    return tuple(shown_row(row, who) for row in store.calling.needing(who.scope))


def answers(store: Store, who: Principal) -> tuple[Answer, ...]:
    """What was signed since they looked, the newest first. Raises NotAllowed or StoreError."""
    who.need("see_patients")
    found = store.calling.answers(who.scope, who.id, otherwise=_otherwise())
    return tuple(replace(one, row=shown_row(one.row, who)) for one in found)


def saw_answers(store: Store, who: Principal, until: datetime) -> None:
    """They saw what was signed until then; what came meanwhile stays. Raises NotAllowed or
    StoreError."""
    who.need("see_patients")
    store.calling.saw_answers(who.id, min(until, datetime.now(UTC)))


def _otherwise() -> datetime:
    return datetime.now(UTC) - FIRST_LOOK
