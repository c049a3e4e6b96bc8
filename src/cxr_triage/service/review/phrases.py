"""Texts for impressions: those that come with the software, the site's, and one's favourites."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cxr_triage.errors import ReviewInvalid
from cxr_triage.language import Language, say
from cxr_triage.service.audit import Action, Origin, entry
from cxr_triage.service.people.principal import Principal
from cxr_triage.service.review.reviews import MAX_TEXT
from cxr_triage.store.records import Phrase
from cxr_triage.store.repository import Store
from cxr_triage.store.rows.keys import new_id

MAX_NAME: Final = 40

SHIPPED: Final = ("normal", "unchanged", "lateral", "repeat")
"""Texts that come with the software: `phrase.KEY` in the catalogues, and its `.name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPhrase:
    """id: empty for what comes with the software. mine: nobody else's."""

    id: str
    name: str
    text: str = field(repr=False)
    mine: bool


def phrases(store: Store, who: Principal, language: Language) -> tuple[ShownPhrase, ...]:
    """One's own first, then the site's, then those that come with the software. Raises
    NotAllowed."""
    who.need("review")
    kept = [
        ShownPhrase(id=one.id, name=one.name, text=one.text, mine=one.person_id is not None)
        for one in store.phrases.of(who.id, language)
    ]
    shipped = (
        ShownPhrase(
            id="",
            name=say(f"phrase.{key}.name", language),
            text=say(f"phrase.{key}", language),
            mine=False,
        )
        for key in SHIPPED
    )
    return (*sorted(kept, key=lambda one: not one.mine), *shipped)


def add(
    store: Store,
    who: Principal,
    *,
    name: str,
    text: str,
    language: Language,
    mine: bool,
    origin: Origin,
) -> ShownPhrase:
    """One's own, or (who signs) the site's. Raises NotAllowed, ReviewInvalid `phrase_invalid`,
    Conflict `too_many_phrases`."""
    who.need("review" if mine else "sign")
    name, text = name.strip(), text.strip()
    if not (name and text) or len(name) > MAX_NAME or len(text) > MAX_TEXT:
        raise ReviewInvalid("phrase_invalid", name=MAX_NAME, most=MAX_TEXT)
    made = Phrase(
        id=new_id(),
        person_id=who.id if mine else None,
        language=language,
        name=name,
        text=text,
        at=datetime.now(UTC),
    )
    row = entry(Action.PHRASE_ADDED, who.acts_from(origin), subject_id=made.id)
    store.phrases.add(made, audit=row)
    return ShownPhrase(id=made.id, name=name, text=text, mine=mine)


def remove(store: Store, who: Principal, phrase_id: str, *, origin: Origin) -> None:
    """One's own, or (who signs) the site's. Raises NotAllowed or NotFound."""
    who.need("review")
    own = {one.id for one in phrases(store, who, "en") + phrases(store, who, "vi") if one.mine}
    if phrase_id not in own:
        who.need("sign")
    row = entry(Action.PHRASE_REMOVED, who.acts_from(origin), subject_id=phrase_id)
    store.phrases.remove(phrase_id, who.id, audit=row)
