"""Every sentence that a person reads, in English and Vietnamese.

The sentences stand in gettext catalogues, `locales/LANGUAGE/LC_MESSAGES/DOMAIN.po`, by keys
of our own; `make messages` compiles the `.mo` files that are read here. `say` looks a key up
and fills it in. The words follow the project's glossary; a Vietnamese radiologist has not
yet confirmed them.
"""

from typing import Literal

from cxr_triage.language.catalogues import sentence
from cxr_triage.language.numbers import localized

Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = ("en", "vi")


def say(key: str, language: Language, /, **values: object) -> str:
    """The sentence `key` in `language`, its {fields} filled with `values`.

    Numbers are written as the language writes them (0.62 and 12,345; 0,62 and 12.345).

    Raises KeyError if the catalogues lack the key or the sentence needs a value not given.
    """
    return _filled(key, language, None, values)


def say_count(key: str, language: Language, count: int, /, **values: object) -> str:
    """As `say`, in the plural form for `count`, which the sentence may name as {count}."""
    return _filled(key, language, count, {"count": count} | values)


def _filled(key: str, language: Language, count: int | None, values: dict[str, object]) -> str:
    found = sentence(key, language, count)
    if found is None:
        raise KeyError(key)
    return found.format(**{name: localized(value, language) for name, value in values.items()})


def is_said(key: str) -> bool:
    """Is there a sentence `key`?"""
    return sentence(key, "en") is not None
