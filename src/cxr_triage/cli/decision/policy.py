"""`cxr-triage policy show`: cuts, and what they make of the films that were measured."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cxr_triage.cli.score.run import terminal
from cxr_triage.domain import TIERS, ModelCard
from cxr_triage.evaluation.film_figures import DecisionFigures, decision_figures
from cxr_triage.evaluation.resampling import Estimate
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.model.card import read_card
from cxr_triage.settings import default_language, read_settings
from cxr_triage.triage.decision import Decision, LabelCuts
from cxr_triage.triage.loading import catalog_of, load_decision
from cxr_triage.triage.policy import Policy, read_policy
from cxr_triage.triage.positions import FilmSet, Positions

_HELP = default_language()
NOTHING = "–"


def create_policy_app(language: Language) -> typer.Typer:
    """The commands below `policy`, with their help in `language`."""
    app = typer.Typer(
        help=say("help.policy_app", language), no_args_is_help=True, rich_markup_mode=None
    )
    app.command("show", help=say("help.policy_show", language))(show)
    app.callback()(lambda: None)  # `show` stays a word of its own, though it is alone
    return app


def show(
    policy: Annotated[Path | None, typer.Option(help=say("help.policy", _HELP))] = None,
    model: Annotated[str | None, typer.Option(help=say("help.model", _HELP))] = None,
    positions: Annotated[Path | None, typer.Option(help=say("help.positions", _HELP))] = None,
    prevalence: Annotated[
        float | None, typer.Option(min=0.001, max=0.999, help=say("help.prevalence", _HELP))
    ] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("help.json", _HELP))] = False,
) -> None:
    """What the policy makes of the model in use, with intervals and where it was measured."""
    settings = read_settings()
    if positions is not None:
        settings = settings.model_copy(update={"positions": positions})
    rules = read_policy(policy or settings.policy)
    if prevalence is not None:
        decided = rules.decision.model_copy(update={"prevalence": prevalence})
        rules = rules.model_copy(update={"decision": decided})
    folder = catalog_of(settings).find(model or settings.model)
    card = read_card(folder)
    decision = load_decision(folder, card, rules, settings)
    films = measured_films(decision)
    figures = None
    if films is not None:
        labels = decision.scale.measured.labels if decision.scale else ()
        figures = decision_figures(decision, films, labels, rules)
    if as_json:
        typer.echo(
            json.dumps(_fields(card, rules, decision, figures), ensure_ascii=False, indent=1)
        )
        return
    _print(card, rules, decision, figures, lang or settings.language)


def measured_films(decision: Decision) -> FilmSet | None:
    """Labelled films that figures are of: others than those of the cuts, where there are any."""
    if decision.scale is None:
        return None
    source = decision.scale.measured
    films = source.films_for_figures
    return films if films.labelled and not films.well.all() else None


def _print(
    card: ModelCard,
    rules: Policy,
    decision: Decision,
    figures: DecisionFigures | None,
    language: Language,
) -> None:
    typer.echo(
        say(
            "policy.head",
            language,
            policy=f"{rules.name} {rules.version}",
            model=f"{card.name} {card.version}",
        )
    )
    for line in _origin(decision, language):
        typer.echo(line)
    typer.echo()
    terminal().print(_labels(decision, rules, language))
    typer.echo()
    if figures is not None:
        terminal().print(_figures(figures, rules, language))
        typer.echo()
    for line in _notes(decision, rules, figures, language):
        typer.echo(line)


def _origin(decision: Decision, language: Language) -> Iterator[str]:
    scale = decision.scale
    if scale is None:
        yield say("decision.not_fitted", language)
        return
    films = scale.positions.fit_films
    yield say(
        f"policy.fitted.{scale.positions.population}",
        language,
        films=int(films.well.sum()),
        source=source_of(scale.positions, films.split),
    )
    for tier in TIERS:
        if scale.site is not None and tier not in decision.by_site:
            yield say("policy.tier_of_reference", language, tier=say(f"priority.{tier}", language))
    if scale.positions.optimistic:
        yield say("model.measured_optimistic", language)


def source_of(positions: Positions, split: str) -> str:
    """What films are called, with their part of a collection and their kind."""
    parts = ", ".join(part for part in (split, positions.kind) if part)
    return f"{positions.source} ({parts})" if parts else positions.source


def _labels(decision: Decision, rules: Policy, language: Language) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(say("report.finding", language))
    for key in ("may", "weight", "routine", "urgent", "critical", "auc", "trust"):
        table.add_column(say(f"policy.column.{key}", language), justify="right")
    for one in decision.labels.values():
        table.add_row(*_label_cells(one, rules, language))
    return table


def _label_cells(one: LabelCuts, rules: Policy, language: Language) -> Iterator[str]:
    yield finding_name(one.label, language)
    yield say(f"priority.{rules.rule(one.label).may}", language)
    yield decimal(one.weight, language, 1)
    for tier in reversed(TIERS):
        cut = one.cuts.get(tier)
        yield NOTHING if cut is None or cut > 1 else decimal(cut, language, 3)
    if one.auc is None:
        yield NOTHING
    else:
        low, high = (decimal(x, language) for x in (one.auc.low, one.auc.high))
        yield f"{decimal(one.auc.value, language)} ({low}–{high})"
    yield say(f"trust.{one.trust}", language)


def _figures(figures: DecisionFigures, rules: Policy, language: Language) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(say("policy.of_100", language))
    for key in ("flagged", "urgent"):
        table.add_column(say(f"policy.rule.{key}", language), justify="right")
    pair = (figures.flagged, figures.urgent)
    for key, name, scale in (
        ("well", "well_flagged", 100),
        ("sick", "sensitivity", 100),
        ("urgent_finding", "sensitivity_urgent", 100),
        ("ppv", "ppv_at", 100),
        ("npv", "npv_at", 100),
    ):
        cells = (_estimate(getattr(one, name), language, scale) for one in pair)
        said = say(
            f"policy.row.{key}", language, prevalence=round(100 * rules.decision.prevalence, 1)
        )
        table.add_row(said, *cells)
    table.add_row(
        say("policy.row.flags_well", language),
        _estimate(figures.flagged.flags_well, language, 1),
        "",
    )
    table.add_row(
        say("policy.row.flags_sick", language),
        _estimate(figures.flagged.flags_sick, language, 1),
        "",
    )
    return table


def _estimate(one: Estimate, language: Language, scale: int) -> str:
    if one.value is None:
        return NOTHING
    decimals = 0 if scale == 100 and one.value * scale >= 10 else 1
    value = decimal(one.value * scale, language, decimals)
    if one.low is None or one.high is None:
        return value
    low, high = (decimal(x * scale, language, decimals) for x in (one.low, one.high))
    return f"{value} ({low}–{high})"


def _notes(
    decision: Decision, rules: Policy, figures: DecisionFigures | None, language: Language
) -> Iterator[str]:
    scale = decision.scale
    if figures is not None and scale is not None:
        source = scale.measured
        yield say(
            "policy.measured" if source.measured_films is not None else "policy.measured_same",
            language,
            films=figures.films,
            well=figures.well,
            patients=figures.patients,
            source=source_of(source, source.films_for_figures.split),
        )
    if not decision.tells_apart:
        yield say("policy.tells_nothing", language)
    if decision.critical != "earned":
        yield say("decision.nothing_critical", language)
        if decision.critical_precision is not None:
            yield say(
                "policy.critical_precision",
                language,
                right=round(100 * decision.critical_precision),
                wanted=round(100 * rules.decision.critical_precision),
                prevalence=round(100 * rules.decision.prevalence, 1),
            )
    yield say("policy.smoothed", language)


def _fields(
    card: ModelCard, rules: Policy, decision: Decision, figures: DecisionFigures | None
) -> dict[str, Any]:
    scale = decision.scale
    return {
        "policy": f"{rules.name} {rules.version}",
        "model": {"name": card.name, "version": card.version, "sha256": card.sha256},
        "fitted": decision.fitted,
        "fitted_to": None
        if scale is None
        else asdict(scale.decided(1.0)) | {"by_site": decision.by_site},
        "prevalence": rules.decision.prevalence,
        "tells_apart": decision.tells_apart,
        "critical": decision.critical,
        "critical_precision": decision.critical_precision,
        "labels": [asdict(one) for one in decision.labels.values()],
        "measured_on": None
        if scale is None or figures is None
        else source_of(scale.measured, scale.measured.films_for_figures.split),
        "figures": None if figures is None else asdict(figures),
    }
