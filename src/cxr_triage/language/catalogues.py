"""The gettext catalogues of this package, all domains of a language as one."""

from functools import lru_cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """Every sentence of `language`. Raises FileNotFoundError if it has none."""
    domains = sorted(file.stem for file in (LOCALES / language).glob("*/*.mo"))
    if not domains:
        raise FileNotFoundError(f"no messages in {language}")
    first, *rest = (translation(domain, LOCALES, [language]) for domain in domains)
    for one in rest:
        first.add_fallback(one)
    return first


def sentence(key: str, language: str, count: int | None = None) -> str | None:
    """What `language` says for `key`, in the plural form for `count`; None if it says nothing."""
    known = catalogue(language)
    found = known.gettext(key) if count is None else known.ngettext(key, key, count)
    return None if found == key else found
