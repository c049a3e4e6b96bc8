"""Two people who open the same study see it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import StudyClaim
from cxr_triage.store.repository import Store

LASTS_S: Final = 150.0
"""Pages that are open say so once a minute."""


def take(store: Store, who: Principal, study_id: str, *, take_over: bool = False) -> StudyClaim:
    """Who reads it now: `who`, or whoever did before and is still there. Raises NotAllowed,
    NotFound or StoreError."""
    who.need("review")
    at = datetime.now(UTC)
    return store.claims.take(
        study_id,
        who.scope,
        person_id=who.id,
        at=at,
        until=at + timedelta(seconds=LASTS_S),
        take_over=take_over,
    )


def let_go(store: Store, who: Principal, study_id: str) -> None:
    """It is nobody's any more, if it was theirs. Raises NotAllowed or StoreError."""
    who.need("review")
    store.claims.let_go(study_id, person_id=who.id)
