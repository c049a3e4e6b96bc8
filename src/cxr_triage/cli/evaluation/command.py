"""`cxr-triage evaluate`: results and true labels in, a table and an evaluation out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cxr_triage.language import Language, say
from cxr_triage.settings import default_language, read_settings

_HELP = default_language()


def evaluate(
    results: Annotated[
        Path, typer.Argument(help=say("help.evaluate.results", _HELP), metavar="RESULTS")
    ],
    labels: Annotated[
        Path, typer.Argument(help=say("help.evaluate.labels", _HELP), metavar="LABELS.csv")
    ],
    out: Annotated[Path, typer.Option(help=say("help.evaluate.out", _HELP))],
    split: Annotated[list[str] | None, typer.Option(help=say("help.evaluate.split", _HELP))] = None,
    thresholds_from: Annotated[
        Path | None, typer.Option(help=say("help.evaluate.thresholds_from", _HELP))
    ] = None,
    sensitivity: Annotated[
        float, typer.Option(min=0.5, max=1.0, help=say("help.evaluate.sensitivity", _HELP))
    ] = 0.9,
    prevalence: Annotated[
        float | None, typer.Option(min=0.001, max=0.999, help=say("help.prevalence", _HELP))
    ] = None,
    images: Annotated[Path | None, typer.Option(help=say("help.evaluate.images", _HELP))] = None,
    no_maps: Annotated[
        bool, typer.Option("--no-maps", help=say("help.evaluate.no_maps", _HELP))
    ] = False,
    model: Annotated[str | None, typer.Option(help=say("help.model", _HELP))] = None,
    policy: Annotated[Path | None, typer.Option(help=say("help.policy", _HELP))] = None,
    resamples: Annotated[
        int, typer.Option(min=1000, max=100_000, help=say("help.evaluate.resamples", _HELP))
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help=say("help.evaluate.seed", _HELP))] = 0,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help=say("help.quiet", _HELP))] = False,
) -> None:
    """Measure results against true labels."""
    # Here and not above: `score` must start without scikit-learn and matplotlib.
    from cxr_triage.cli.evaluation.run import Request, run_evaluation  # noqa: PLC0415

    settings = read_settings()
    request = Request(
        results=results,
        labels=labels,
        out=out,
        splits=tuple(split or ()),
        thresholds_from=thresholds_from,
        sensitivity=sensitivity,
        prevalence=prevalence,
        images=images,
        no_maps=no_maps,
        model=model,
        policy=policy,
        resamples=resamples,
        seed=seed,
        language=lang or settings.language,
        quiet=quiet,
    )
    run_evaluation(request, settings, Console(stderr=True, markup=False, highlight=False))
