"""Every sentence that a person reads, in English and Vietnamese.

`say` looks a key up in the tables of this package and fills it in. The words follow the
project's glossary; a Vietnamese radiologist has not yet confirmed them.
"""

from typing import Literal

from cxr_triage.language import (
    admin,
    api,
    commands,
    errors,
    evaluation,
    gate,
    models,
    pages,
    service,
)
from cxr_triage.language.numbers import localized

Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = ("en", "vi")

SENTENCES: dict[str, tuple[str, str]] = {
    **errors.SENTENCES,
    **api.SENTENCES,
    **service.SENTENCES,
    **admin.SENTENCES,
    **gate.SENTENCES,
    **pages.SENTENCES,
    **commands.SENTENCES,
    **models.SENTENCES,
    **evaluation.SENTENCES,
}


def say(key: str, language: Language, /, **values: object) -> str:
    """The sentence `key` in `language`, its {fields} filled with `values`.

    Floats are written as the language writes them (0.62, 0,62).

    Raises KeyError if the tables lack the key or the sentence needs a value not given.
    """
    written = {name: localized(value, language) for name, value in values.items()}
    return SENTENCES[key][LANGUAGES.index(language)].format(**written)
