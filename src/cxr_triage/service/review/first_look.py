"""A reader looks at a film before they see what the AI says of it; both opinions are kept."""

from datetime import UTC, datetime

from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.people.principal import Principal
from cxr_triage.store.records import Opinion
from cxr_triage.store.repository import Store


def give_opinion(
    store: Store, who: Principal, study_id: str, *, opinion: Opinion, asked: bool, origin: Origin
) -> None:
    """What a reader says of a study's films, or that they want to see the AI's now. The first
    opinion stays; what is said after it was seen is none. Raises NotAllowed or NotFound."""
    who.need("review")
    store.opinions.give(
        study_id,
        who.scope,
        reader_id=who.id,
        opinion=opinion,
        asked=asked,
        at=datetime.now(UTC),
        audit=entry(
            Action.FIRST_OPINION,
            who.acts_from(origin),
            reason=f"opinion={opinion or 'none'} asked={'yes' if asked else 'no'}",
        ),
    )
