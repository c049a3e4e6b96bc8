"""Texts that readers put into an impression."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from cxr_triage.api.platform.access import From, Reviewer, Spoken
from cxr_triage.api.platform.services import Opened
from cxr_triage.api.v1.models import MAX_NAME, PhraseIn, PhraseOut, PhrasesOut
from cxr_triage.service.review import phrases

router = APIRouter(prefix="/v1/phrases", tags=["assessments"])


@router.get("")
def list_phrases(services: Opened, who: Reviewer, language: Spoken) -> PhrasesOut:
    """In the language that is asked for."""
    found = phrases.phrases(services.store, who, language)
    return PhrasesOut(phrases=[PhraseOut(**asdict(one)) for one in found])


@router.post("", status_code=201)
def add_phrase(services: Opened, who: Reviewer, origin: From, body: PhraseIn) -> PhraseOut:
    """Keep a favourite; or, for who signs, a text for everybody."""
    made = phrases.add(
        services.store,
        who,
        name=body.name,
        text=body.text,
        language=body.language,
        mine=body.mine,
        origin=origin,
    )
    return PhraseOut(**asdict(made))


@router.delete("/{phrase}", status_code=204)
def remove_phrase(
    services: Opened,
    who: Reviewer,
    origin: From,
    phrase: Annotated[str, Path(max_length=MAX_NAME)],
) -> None:
    """One's own, or, for who signs, the site's."""
    phrases.remove(services.store, who, phrase, origin=origin)
