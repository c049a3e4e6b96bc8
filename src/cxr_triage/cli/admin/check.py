"""`cxr-triage admin check`: is everything there, now or when the service looked last?"""

from typing import TYPE_CHECKING, Annotated

import typer

from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.cli.exits import SOME_FAILED
from cxr_triage.language import Language, say, say_count
from cxr_triage.settings import Settings, default_language

if TYPE_CHECKING:
    from cxr_triage.service.tasks.store_check import Found
    from cxr_triage.store.comparison import TrailCheck

Last = Annotated[bool, typer.Option("--last", help=say("help.check_last", default_language()))]


def check(last: Last = False, lang: Lang = None) -> None:
    """Hash every image and compare with the database; compare that with the audit trail."""
    settings, language = settings_and_language(lang)
    if last:
        _tell_last(settings, language)
        return
    with opened_store(settings) as store:
        found, trail = store.inspect(), store.check_trail()
    typer.echo(say("admin.checked", language, images=found.images))
    for kind in ("missing", "damaged", "orphans", "database"):
        for item in getattr(found, kind):
            typer.echo(say(f"admin.check_{kind}", language, item=item))
    if trail.chain.fault is not None:
        typer.echo(say("admin.check_trail", language, number=trail.chain.fault.number))
    tell_comparison(trail, language)
    if not (found.sound and trail.sound):
        raise typer.Exit(SOME_FAILED)
    typer.echo(say("admin.check_sound", language))


def tell_comparison(trail: "TrailCheck", language: Language) -> None:
    """What differs between the audit trail and the studies, by our own ids."""
    if trail.chain.fault is not None:
        typer.echo(say("admin.not_compared", language))
        return
    for one in trail.differences:
        typer.echo(say(f"admin.differs_{one.kind}_{one.fault}", language, item=one.id))
    for card in trail.cards:
        typer.echo(say("admin.differs_card", language, item=card))
    if trail.sound:
        typer.echo(say_count("admin.compared", language, trail.chain.rows))
    if trail.unknown:
        typer.echo(say_count("check.unknown", language, trail.unknown))


def _tell_last(settings: Settings, language: Language) -> None:
    """What the nightly check found; exit code 3 also if there was none."""
    from cxr_triage.cli.admin.tables import minute_in  # noqa: PLC0415
    from cxr_triage.service.tasks.store_check import last_check  # noqa: PLC0415 - slow

    with opened_store(settings) as store:
        known = last_check(store)
    if known is None:
        typer.echo(say("admin.check_never", language))
        raise typer.Exit(SOME_FAILED)
    typer.echo(say("admin.check_last", language, when=minute_in(settings.zone, known.at)))
    if known.found is None:
        typer.echo(say("admin.check_failed", language, code=known.error))
    else:
        _tell(known.found, language)
    if not known.sound:
        raise typer.Exit(SOME_FAILED)
    typer.echo(say("admin.check_sound", language))


def _tell(found: "Found", language: Language) -> None:
    typer.echo(say("admin.checked", language, images=found.images))
    for kind in ("missing", "damaged", "database"):
        named = getattr(found, f"{kind}_named")
        for item in named:
            typer.echo(say(f"admin.check_{kind}", language, item=item))
        if more := getattr(found, kind) - len(named):
            typer.echo(say("admin.check_more", language, more=more))
    for key, item in (name.split(" ") for name in found.differing_named):
        typer.echo(say(f"admin.differs_{key}", language, item=item))
    if more := found.differing - len(found.differing_named):
        typer.echo(say("admin.check_more", language, more=more))
    if found.trail_fault is not None:
        typer.echo(say("admin.check_trail", language, number=found.trail_fault))
    if found.unknown:
        typer.echo(say_count("check.unknown", language, found.unknown))
