"""What the model commands print: the list, a card, progress, and what a proof came to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from cxr_triage.cli.exits import INTERRUPTED
from cxr_triage.domain import ModelCard
from cxr_triage.errors import TriageError
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.model.card import Proof, read_proof
from cxr_triage.model.catalog import Entry
from cxr_triage.result.sentences import data_set_name
from cxr_triage.triage.provision import Provision, Watcher


@contextmanager
def watching(console: Console, language: Language) -> Iterator[Watcher]:
    """A watcher that prints notices and, on a terminal, a progress bar."""
    try:
        if console.is_terminal:
            with _bar(console, language) as watcher:
                yield watcher
        else:
            yield Watcher(
                notice=lambda code, values: console.print(_notice(code, values, language))
            )
    except KeyboardInterrupt:
        console.print(say("model.interrupted", language))
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _bar(console: Console, language: Language) -> Iterator[Watcher]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(say("model.fetching", language), total=None, visible=False)

        def progress(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        def notice(code: str, values: dict[str, object]) -> None:
            bar.update(task, visible=False)
            bar.console.print(_notice(code, values, language))

        yield Watcher(progress=progress, notice=notice)


def _notice(code: str, values: dict[str, object], language: Language) -> str:
    said = {
        name: value.message(language) if isinstance(value, TriageError) else value
        for name, value in values.items()
    }
    return say(f"model.notice.{code}", language, **said)


def proof_sentence(result: Provision, language: Language) -> str:
    """What the proof came to, or why there is none."""
    if result.proof is not None:
        return _measured(result.proof, language)
    name = result.card.name
    if result.unproven is not None:
        problem = result.unproven.message(language)
        return say("model.proof_not_tried", language, name=name, problem=problem)
    if result.card.proof == "demonstration":
        return say("proof.demonstration", language)
    return say("model.proof_none", language, name=name)


def _measured(proof: Proof, language: Language) -> str:
    return say(
        "model.proof_passed" if proof.passed else "model.proof_failed",
        language,
        scores=proof.scores,
        deviation=decimal(max(proof.deviations.values()), language, 4),
        tolerance=decimal(proof.tolerance, language),
    )


def print_list(
    entries: Sequence[Entry], default: str, console: Console, language: Language
) -> None:
    """A row for each model."""
    table = Table(show_edge=False, pad_edge=False)
    for column in ("name", "state", "proof", "labels", "size"):
        title = say(f"model.column.{column}", language)
        table.add_column(title, overflow="fold", no_wrap=column == "name")
    for entry in entries:
        card = entry.card
        state = say(f"model.state.{entry.state}", language)
        if card.name == default:
            state += f", {say('model.default', language)}"
        none = card.proof == "unproven" and not card.references
        proof = say("model.no_scores" if none else f"report.proof.{card.proof}", language)
        table.add_row(card.name, state, proof, str(len(card.labels)), _size(card, language))
    console.print(table)


def _size(card: ModelCard, language: Language) -> str:
    if card.checkpoint is None:
        return ""
    if card.checkpoint.sha256 is None or card.checkpoint.bytes is None:
        return say("model.needs_hash", language)
    return say("model.megabytes", language, size=round(card.checkpoint.bytes / 1e6))


def print_card(entry: Entry, console: Console, language: Language) -> None:
    """Everything that the card says, and the proof beside it."""
    card = entry.card
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    rows = {
        "info.model": f"{card.name} {card.version}",
        "model.state": say(f"model.state.{entry.state}", language),
        "info.proof": say(f"proof.{card.proof}", language),
        "model.proof_result": _proof_beside(entry, language),
        "info.intended_use": card.intended_use[language],
        "info.limits": "\n".join(card.limits[language]),
        "info.labels": ", ".join(finding_name(label.label, language) for label in card.labels),
        "model.evidence": _evidence(card, language),
        "info.sha256": card.sha256,
        "model.checkpoint": (card.checkpoint and card.checkpoint.sha256) or "",
        "model.sources": "\n".join(card.checkpoint.sources) if card.checkpoint else "",
        "model.source": card.source,
        "model.licence": card.licence,
        "model.citation": card.citation,
    }
    for key, value in rows.items():
        if value:
            table.add_row(say(key, language), value)
    console.print(table)


def _proof_beside(entry: Entry, language: Language) -> str:
    proof = read_proof(entry.folder)
    if proof is None or proof.sha256 != entry.card.sha256:
        return ""
    return f"{_measured(proof, language)} ({proof.proven_at})"


def _evidence(card: ModelCard, language: Language) -> str:
    """A line for each finding: its AUC on each set."""
    lines = []
    for label in card.labels:
        values = "; ".join(
            f"{data_set_name(name, language)} {decimal(value, language)}"
            for name, value in label.evidence.items()
        )
        if values:
            lines.append(f"{finding_name(label.label, language)}: {values}")
    return "\n".join(lines)
