"""`cxr-triage deliveries`: what goes to archives, for who sits at the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cxr_triage.cli.admin.store import Lang, opened_store, settings_and_language
from cxr_triage.cli.score.run import terminal
from cxr_triage.language import Language, is_said, say
from cxr_triage.settings import default_language

if TYPE_CHECKING:
    from cxr_triage.service.delivery.administration import Deliveries, ListedDelivery

_HELP = default_language()

Which = Annotated[str, typer.Argument(help=say("help.delivery", _HELP), metavar="DELIVERY")]
Where = Annotated[str, typer.Argument(help=say("help.destination", _HELP), metavar="DESTINATION")]
Everything = Annotated[bool, typer.Option("--all", help=say("help.deliveries_all", _HELP))]


def create_deliveries_app(language: Language) -> typer.Typer:
    """The commands below `deliveries`, with their help in `language`."""
    app = typer.Typer(
        help=say("help.deliveries", language), no_args_is_help=True, rich_markup_mode=None
    )
    app.command("list", help=say("help.deliveries_list", language))(list_deliveries)
    app.command("retry", help=say("help.deliveries_retry", language))(retry)
    app.command("drop", help=say("help.deliveries_drop", language))(drop)
    app.command("test", help=say("help.deliveries_test", language))(try_out)
    return app


def list_deliveries(everything: Everything = False, lang: Lang = None) -> None:
    """What waits for each destination, and each delivery that is open."""
    with _opened(lang) as (deliveries, language):
        console = terminal()
        table = _table(language, "destination", "place", "waiting", "dead")
        for one in deliveries.destinations():
            table.add_row(
                one.destination.name, one.destination.place,
                str(one.backlog.waiting), str(one.backlog.dead),
            )  # fmt: skip
        console.print(table)
        states = () if everything else ("waiting", "running", "dead")
        found = deliveries.newest(*states)
        if not found:
            console.print(say("deliveries.none", language))
            return
        table = _table(language, "delivery", "destination", "kind", "study", "state", "why")
        for row in found:
            table.add_row(
                row.id, row.destination, say(f"deliveries.kind.{row.kind}", language),
                row.study_id[:12], say(f"deliveries.state.{row.state}", language),
                why(row, language),
            )  # fmt: skip
        console.print(table)


def why(row: "ListedDelivery", language: Language) -> str:
    """The last failure as a sentence."""
    key = f"error.{row.error}"
    return say(key, language, status=row.status) if row.error and is_said(key) else row.error


def retry(delivery: Which, lang: Lang = None) -> None:
    """From the beginning, at once."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415 - slow

    with _opened(lang) as (deliveries, language):
        deliveries.retry(delivery, by=SYSTEM)
        typer.echo(say("deliveries.done.retry", language))


def drop(delivery: Which, lang: Lang = None) -> None:
    """It is not delivered any more."""
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415 - slow

    with _opened(lang) as (deliveries, language):
        deliveries.drop(delivery, by=SYSTEM)
        typer.echo(say("deliveries.done.drop", language))


def try_out(destination: Where, lang: Lang = None) -> None:
    """Echo, then a phantom study."""
    from cxr_triage.model.card import read_card  # noqa: PLC0415
    from cxr_triage.model.catalog import find_model  # noqa: PLC0415 - slow
    from cxr_triage.service.audit import SYSTEM  # noqa: PLC0415

    with _opened(lang) as (deliveries, language):
        deliveries.test(destination, read_card(find_model()), by=SYSTEM)
        typer.echo(say("deliveries.done.test", language))


@contextmanager
def _opened(lang: Language | None) -> "Iterator[tuple[Deliveries, Language]]":
    from functools import partial  # noqa: PLC0415

    from cxr_triage.dicom_net.opening import transport_of  # noqa: PLC0415 - slow
    from cxr_triage.service.delivery.administration import Deliveries  # noqa: PLC0415

    settings, language = settings_and_language(lang)
    with opened_store(settings) as store:
        yield Deliveries(store, settings, partial(transport_of, settings=settings)), language


def _table(language: Language, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(say(f"deliveries.column.{column}", language), overflow="fold")
    return table
