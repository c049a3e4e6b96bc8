"""`cxr-triage info`: which software, which model, for what use."""

from typing import Annotated

import onnxruntime
import typer
from rich.console import Console
from rich.table import Table

from cxr_triage import __version__
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.settings import default_language, read_settings
from cxr_triage.triage.loading import load_engine
from cxr_triage.triage.policy import Policy, read_policy

_LANGUAGE = default_language()


def info(
    model: Annotated[str | None, typer.Option(help=say("help.model", _LANGUAGE))] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _LANGUAGE))] = None,
) -> None:
    """Print version, model, intended use, limits and threads."""
    settings = read_settings()
    language = lang or settings.language
    engine = load_engine(settings, model=model, threads=None)
    card = engine.card
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for key, value in {
        "version": f"cxr-triage {__version__}",
        "model": f"{card.name} {card.version}",
        "gate": _gate_line(read_policy(settings.policy)),
        "proof": say(f"proof.{card.proof}", language),
        "intended_use": card.intended_use[language],
        "sha256": card.sha256,
        "labels": ", ".join(finding_name(label.label, language) for label in card.labels),
        "limits": "\n".join(card.limits[language]),
        "threads": str(engine.threads),
        "runtime": f"ONNX Runtime {onnxruntime.__version__}",
    }.items():
        table.add_row(say(f"info.{key}", language), value)
    Console(markup=False, highlight=False).print(table)


def _gate_line(rules: Policy) -> str:
    return f"{rules.sight.gate} {rules.sight.version}"
