"""`cxr-triage calibrate`: cuts from a site's own films."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cxr_triage.language import Language, say
from cxr_triage.settings import default_language, read_settings

_HELP = default_language()


def calibrate(
    source: Annotated[
        list[Path] | None,
        typer.Argument(help=say("help.calibrate.source", _HELP), metavar="[PATH...]"),
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help=say("help.calibrate.store", _HELP))
    ] = False,
    labels: Annotated[Path | None, typer.Option(help=say("help.calibrate.labels", _HELP))] = None,
    split: Annotated[str, typer.Option(help=say("help.calibrate.split", _HELP))] = "",
    measure_split: Annotated[str, typer.Option(help=say("help.calibrate.measure", _HELP))] = "",
    films: Annotated[int, typer.Option(min=1, help=say("help.calibrate.films", _HELP))] = 500,
    name: Annotated[str, typer.Option(help=say("help.calibrate.name", _HELP))] = "",
    out: Annotated[Path, typer.Option(help=say("help.calibrate.out", _HELP))] = Path("calibration"),
    model: Annotated[str | None, typer.Option(help=say("help.model", _HELP))] = None,
    policy: Annotated[Path | None, typer.Option(help=say("help.policy", _HELP))] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help=say("help.quiet", _HELP))] = False,
) -> None:
    """Measure where the site's own films lie, and write their positions and a report."""
    # Here and not above: `score` must start without matplotlib.
    from cxr_triage.cli.decision.calibration import Request, run_calibration  # noqa: PLC0415

    settings = read_settings()
    language = lang or settings.language
    if bool(source) == store:
        typer.echo(say("calibrate.one_source", language), err=True)
        raise typer.Exit(2)
    request = Request(
        paths=tuple(source or ()),
        labels=labels,
        splits=(split, measure_split),
        films=films,
        name=name or say("calibration.site", language),
        out=out,
        model=model,
        policy=policy,
        language=language,
        quiet=quiet,
    )
    run_calibration(request, settings, Console(stderr=True, markup=False, highlight=False))
