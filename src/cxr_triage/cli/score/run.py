"""What a run of `score` has seen so far, and what it says at the end."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from cxr_triage.batch.kept import KeptResults
from cxr_triage.batch.output import RunOutput
from cxr_triage.batch.results import json_line, row_of
from cxr_triage.batch.run import FileResult
from cxr_triage.cli.exits import INTERRUPTED
from cxr_triage.cli.progress import ProgressKind, with_progress
from cxr_triage.cli.score.table import print_ranked
from cxr_triage.domain import Assessment, FilmDecision, ModelCard
from cxr_triage.language import Language, say
from cxr_triage.result.decided import measured_on, none_is_not_normal
from cxr_triage.triage.pipeline import Pipeline

if TYPE_CHECKING:
    from cxr_triage.batch.dicom_objects import DicomObjects

WIDTH_OF_FILES = 140


class ScoreRun:
    """Takes results as they come: writes them at once, keeps what the table needs."""

    def __init__(
        self,
        pipeline: Pipeline,
        output: RunOutput,
        kept: KeptResults,
        *,
        language: Language,
        json: bool,
        quiet: bool,
        progress: ProgressKind = "auto",
        objects: "DicomObjects | None" = None,
    ) -> None:
        """objects: writes results as DICOM objects too."""
        self._objects = objects
        self.outcomes: Counter[str] = Counter()
        self._pipeline = pipeline
        self._output = output
        self._language = language
        self._json = json
        self._quiet = quiet
        self._progress = progress
        self._started = time.monotonic()
        self._kept = kept
        self._nothing_flagged: Assessment | None = None
        self._decision: FilmDecision | None = None

    def take(self, results: Iterator[FileResult], *, total: int, console: Console) -> None:
        """Take every result. When interrupted, say so; what is done is on disk."""
        try:
            for result in with_progress(
                results,
                total=total,
                console=console,
                language=self._language,
                quiet=self._quiet,
                kind=self._progress,
            ):
                row = row_of(
                    result,
                    self._pipeline.engine.card,
                    self._pipeline.fingerprint,
                    self._language,
                    self._pipeline.policy.next_steps,
                )
                self._output.add(result, row)
                if self._objects is not None:
                    self._objects.add(result)
                self.outcomes[result.outcome] += 1
                if self._json:
                    typer.echo(json_line(row), nl=False)
                self._note(result)
        except KeyboardInterrupt:
            done = self.outcomes.total()
            console.print(say("command.interrupted", self._language, done=done, total=total))
            raise typer.Exit(INTERRUPTED) from None

    def _note(self, result: FileResult) -> None:
        """Put it by, and remember the first of each kind that something is to be said of."""
        self._kept.add(result)
        found = result.assessment
        if found is None:
            return
        self._decision = self._decision or found.decision
        if found.priority == "none":
            self._nothing_flagged = self._nothing_flagged or found

    def finish(self, console: Console) -> None:
        """Write the report, print the table and where everything lies."""
        written = self._output.finish(self._kept)
        if self._quiet:
            return
        if not self._json:
            steps = self._pipeline.policy.next_steps
            print_ranked(self._kept, console=terminal(), language=self._language, steps=steps)
        counts = {
            name: self.outcomes[name] for name in ("assessed", "referred", "failed", "skipped")
        }
        seconds = round(time.monotonic() - self._started, 1)
        console.print(say("command.outcomes", self._language, seconds=seconds, **counts))
        for line in self._caveats():
            console.print(line, soft_wrap=True)
        console.print(_model_line(self._pipeline.engine.card, self._language), soft_wrap=True)
        if self._pipeline.policy.purpose == "research":
            console.print(say("for_research", self._language))
        for kind, path in written.items():
            console.print(say(f"command.{kind}_at", self._language, path=path), soft_wrap=True)

    def _caveats(self) -> Iterator[str]:
        """What nothing flagged does not mean, and among which films that was measured."""
        nothing = self._nothing_flagged
        if nothing is not None:
            yield from none_is_not_normal(nothing.decision, nothing.model, self._language)
        if self._decision is not None:
            yield from measured_on(self._decision, self._language)


def terminal() -> Console:
    """The terminal's own width; a file or a pipe gets wide lines."""
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    return Console(markup=False, highlight=False, width=width)


def _model_line(card: ModelCard, language: Language) -> str:
    line = say("command.model_line", language, name=card.name, version=card.version)
    if card.proof == "unproven":
        line = f"{line}. {say('unproven_model', language)}"
    return f"{line}. {card.intended_use[language]} {say('intended_use', language)}."
