"""What the commands below `admin` begin with: the settings, and the store that they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_triage.language import Language, say
from cxr_triage.settings import Settings, default_language, read_settings

if TYPE_CHECKING:
    from cxr_triage.store.repository import Store

Lang = Annotated[Language | None, typer.Option("--lang", help=say("help.lang", default_language()))]


def settings_and_language(lang: Language | None) -> tuple[Settings, Language]:
    """Raises SettingsInvalid."""
    settings = read_settings()
    return settings, lang or settings.language


@contextmanager
def opened_store(settings: Settings) -> "Iterator[Store]":
    """Raises StoreError or MissingExtra."""
    from cxr_triage.service.paths import open_service_store  # noqa: PLC0415 - slow

    with open_service_store(settings) as store:
        yield store
