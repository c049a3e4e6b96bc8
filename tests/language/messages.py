"""The catalogues as their sources say them."""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

import cxr_triage.language
from cxr_triage.language import LANGUAGES

LOCALES = Path(cxr_triage.language.__file__).parent / "locales"


@cache
def messages(language: str) -> dict[str, Message]:
    """Every message of a language by its key."""
    found = {}
    for source in sorted((LOCALES / language).glob("*/*.po")):
        with source.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key:
                    assert key not in found, f"{key} stands twice"
                    found[key] = message
    return found


def sentences(key: str) -> list[str]:
    """What is said for a key: each language, each plural form."""
    strings = (messages(language)[key].string for language in LANGUAGES)
    return [form for one in strings for form in ([one] if isinstance(one, str) else one)]


KEYS = sorted(messages("en"))
