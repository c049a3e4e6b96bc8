"""An evaluation as tables on the terminal."""

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from cxr_triage.evaluation.evaluation import Evaluation
from cxr_triage.evaluation.measure import Measured
from cxr_triage.evaluation.metrics import FEW
from cxr_triage.evaluation.page import by_auc, figure, interval
from cxr_triage.evaluation.pointing import Pointing, PointingRow
from cxr_triage.evaluation.resampling import Estimate
from cxr_triage.evaluation.whole_films import WholeFilms
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal

WIDTH_OF_FILES = 160


def print_evaluation(evaluation: Evaluation, language: Language, page: Path) -> None:
    """The findings on standard output; what to know about them, on standard error."""
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    console = Console(markup=False, highlight=False, width=width)
    by_label = {one.label: one for one in evaluation.labels}
    console.print(_findings([by_label[x] for x in by_auc(evaluation)], evaluation, language))
    console.print(_mean(evaluation, language))
    if evaluation.whole:
        console.print()
        console.print(_whole(evaluation.whole, language))
    if evaluation.pointing:
        console.print()
        console.print(_pointing(evaluation.pointing, language))
    for line in _words(evaluation, language, page):
        typer.echo(line, err=True)


def _findings(measured: list[Measured], evaluation: Evaluation, language: Language) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(say("report.finding", language))
    table.add_column(say("evaluation.column.films", language), justify="right")
    table.add_column(say("evaluation.column.auc", language))
    points = [name for name in ("operating", "likely", "chosen") if name in measured[0].points]
    short = [say(f"evaluation.short.{x}", language) for x in ("sensitivity", "specificity", "ppv")]
    for name in points:
        title = say(f"evaluation.point.{name}", language, wanted=evaluation.wanted_sensitivity)
        table.add_column(f"{title}\n{' / '.join(short)}")
    for one in measured:
        few = f" ({say('evaluation.few', language)})" if one.small else ""
        table.add_row(
            finding_name(one.label, language) + few,
            f"{one.positives} / {one.films - one.positives}",
            _with_interval(one.auc, language, 3),
            *(_at(one, name, language) for name in points),
        )
    return table


def _at(one: Measured, point: str, language: Language) -> str:
    cut = one.points.get(point)
    if cut is None:
        return ""
    return " / ".join(
        figure(x, language=language) for x in (cut.sensitivity, cut.specificity, cut.ppv)
    )


def _with_interval(estimate: Estimate, language: Language, decimals: int = 2) -> str:
    value = figure(estimate, decimals, language=language)
    return f"{value}  {interval(estimate, decimals, language=language)}"


def _mean(evaluation: Evaluation, language: Language) -> str:
    mean = evaluation.measurement.mean_auc
    if mean.auc.low is None or mean.auc.high is None:
        return say("evaluation.no_mean_auc", language, few=FEW)
    return say(
        "evaluation.mean_auc",
        language,
        count=len(mean.labels),
        value=figure(mean.auc, 3, language=language),
        low=decimal(mean.auc.low, language, 3),
        high=decimal(mean.auc.high, language, 3),
    )


def _whole(whole: WholeFilms, language: Language) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(say("evaluation.whole.rule", language))
    names = ("well_flagged", "sensitivity", "sensitivity_urgent", "ppv_at", "npv_at")
    for key in ("well_flagged", "sick_flagged", "urgent_flagged", "ppv_at", "npv_at"):
        prevalence = decimal(100 * whole.prevalence, language, 0)
        table.add_column(say(f"evaluation.whole.{key}", language, prevalence=prevalence))
    rows = {
        say(
            "evaluation.whole.share", language, share=decimal(100 * row.share, language, 0)
        ): row.figures
        for row in whole.rows
    } | {say(f"evaluation.whole.given.{name}", language): one for name, one in whole.given.items()}
    for title, one in rows.items():
        table.add_row(title, *(_of_100(getattr(one, name), language) for name in names))
    return table


def _of_100(estimate: Estimate, language: Language) -> str:
    numbers = (estimate.value, estimate.low, estimate.high)
    value, *ends = ("–" if x is None else decimal(100 * x, language, 0) for x in numbers)
    return value if estimate.low is None else f"{value}  {ends[0]}–{ends[1]}"


def _pointing(pointing: Pointing, language: Language) -> Table:
    table = Table(show_edge=False, pad_edge=False, title_justify="left")
    for key in ("films", "hit", "chance", "evidence"):
        if key == "films":
            table.add_column(say("evaluation.pointing", language))
        table.add_column(say(f"evaluation.pointing.{key}", language))
    rows: dict[str, PointingRow] = {
        say("evaluation.pointing.leading", language): pointing.leading,
        **{finding_name(label, language): row for label, row in pointing.labels.items()},
    }
    for title, row in rows.items():
        table.add_row(
            title,
            str(row.films),
            _with_interval(row.hit, language),
            decimal(row.chance, language),
            _with_interval(row.evidence_in_box, language),
        )
    return table


def _words(evaluation: Evaluation, language: Language, page: Path) -> list[str]:
    """Notes, then what the model is for, then where the page lies."""
    lines = [
        say(
            f"evaluation.note.{note.code}",
            language,
            measured=finding_name(str(note.measured), language)
            if note.code == "no_output"
            else note.measured,
        )
        for note in evaluation.notes
    ]
    model = evaluation.results.model
    name = say("command.model_line", language, name=model["name"], version=model["version"])
    lines.append(f"{name}. {say('intended_use', language)}.")
    if model["proof"] == "demonstration":
        lines.append(say("demonstration_model", language))
    if evaluation.results.research:
        lines.append(say("for_research", language))
    return [*lines, say("evaluation.written", language, path=page)]
