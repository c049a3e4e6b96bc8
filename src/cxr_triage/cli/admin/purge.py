"""`cxr-triage admin purge`: studies go for good; without --yes it only says what would go."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.errors import QueryInvalid
from cxr_triage.language import Language, say, say_count
from cxr_triage.settings import default_language

if TYPE_CHECKING:
    from cxr_triage.store.repository import Store
    from cxr_triage.store.rows.purging import PurgePlan

_HELP = default_language()

OlderThan = Annotated[
    int | None, typer.Option("--older-than", min=1, help=say("help.purge_older_than", _HELP))
]
StudyOption = Annotated[str, typer.Option("--study", help=say("help.purge_study", _HELP))]
Orphans = Annotated[bool, typer.Option("--orphans", help=say("help.purge_orphans", _HELP))]
ReasonOption = Annotated[str, typer.Option("--reason", help=say("help.purge_reason", _HELP))]
Yes = Annotated[bool, typer.Option("--yes", help=say("help.purge_yes", _HELP))]


def purge(
    older_than: OlderThan = None,
    study: StudyOption = "",
    orphans: Orphans = False,
    reason: ReasonOption = "",
    yes: Yes = False,
    lang: Lang = None,
) -> None:
    """Remove studies with their images, results, readings and patients."""
    settings, language = settings_and_language(lang)
    if sum((older_than is not None, bool(study), orphans)) != 1:
        raise QueryInvalid("purge_what")
    with opened_store(settings) as store:
        if orphans:
            _purge_orphans(store, language, yes=yes)
        else:
            _purge_studies(store, _plan(store, older_than, study), reason, language, yes=yes)
    if not yes:
        typer.echo(say("admin.purge_dry", language))


def _plan(store: "Store", older_than: int | None, study: str) -> "PurgePlan":
    from cxr_triage.service.retention import plan_older_than  # noqa: PLC0415 - slow

    if older_than is None:
        return store.purging.plan_study(study)
    return plan_older_than(store, older_than)


def _purge_studies(
    store: "Store", plan: "PurgePlan", reason: str, language: Language, *, yes: bool
) -> None:
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.retention import checked_reason, purge  # noqa: PLC0415

    checked_reason(reason)
    counts = {"images": plan.images, "unread": plan.unread}
    typer.echo(say_count("admin.purge_plan", language, len(plan.study_ids), **counts))
    if yes:
        typer.echo(say_count("admin.purged", language, purge(store, plan, reason, by=SYSTEM)))


def _purge_orphans(store: "Store", language: Language, *, yes: bool) -> None:
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415
    from cxr_triage.service.retention import remove_orphans  # noqa: PLC0415

    if yes:
        typer.echo(say_count("admin.purged", language, remove_orphans(store, by=SYSTEM)))
    else:
        typer.echo(say_count("admin.purge_orphans", language, len(store.inspect().orphans)))
