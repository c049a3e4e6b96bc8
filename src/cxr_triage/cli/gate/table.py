"""What the gate saw, as a table on the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cxr_triage.batch.inputs import below
from cxr_triage.batch.run import outcome_of_error
from cxr_triage.cli.score.table import safe_path
from cxr_triage.domain import Eligibility, Outcome, Sight
from cxr_triage.errors import TriageError
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.result.sentences import reason_sentence
from cxr_triage.triage.image_reader import GatedImage

COLUMNS = ("file", "verdict", "chest", "way", "polarity", "mirrored", "field", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What became of one file: a verdict and what was seen, or the error that stopped it.

    sight: None where the header refused what could not be decoded.
    """

    path: Path
    eligibility: Eligibility | None = None
    sight: Sight | None = None
    error: TriageError | None = None

    @property
    def outcome(self) -> Outcome:
        if self.eligibility is None:
            return outcome_of_error(self.path, self.error)
        return "assessed" if self.eligibility.status == "accept" else "referred"


def look_of(path: Path, image: GatedImage | TriageError) -> Look:
    """The file's look, without its pixels."""
    if isinstance(image, TriageError):
        return Look(path=path, error=image)
    return Look(path=path, eligibility=image.eligibility, sight=image.sight)


def print_looks(
    looks: Sequence[Look], *, base: Path | None, console: Console, language: Language
) -> None:
    """A row for each image, in the order read; skipped files are only counted.

    Of a refused image the reasons are shown; of an accepted one the warnings.
    """
    table = Table(show_edge=False, pad_edge=False, expand=False)
    for name in COLUMNS:
        table.add_column(say(f"column.{name}", language), overflow="fold")
    for look in looks:
        if look.outcome != "skipped":
            table.add_row(safe_path(below(base, look.path)), *_cells(look, language))
    console.print(table)


def _cells(look: Look, language: Language) -> list[Text | str]:
    verdict = look.eligibility
    if verdict is None:
        why = "" if look.error is None else look.error.message(language)
        return [Text(say("outcome.failed", language), "red"), *[""] * 5, why]
    style = "green" if verdict.status == "accept" else "magenta"
    shown = verdict.reasons or verdict.warnings
    why = "\n".join(reason_sentence(reason, language) for reason in shown)
    return [Text(say(f"gate.{verdict.status}", language), style), *_seen(look, language), why]


def _seen(look: Look, language: Language) -> list[Text | str]:
    sight = look.sight
    if sight is None:
        return [Text(say("gate.not_looked_at", language), "dim"), *[""] * 4]
    return [
        decimal(sight.chest, language),
        _likeliest("way", sight.turn, language),
        _likeliest_of_two(sight.inverted, language),
        decimal(sight.mirrored, language),
        _likeliest("field", sight.field, language),
    ]


def _likeliest(name: str, shares: Sequence[float], language: Language) -> str:
    best = max(range(len(shares)), key=shares.__getitem__)
    return f"{say(f'gate.{name}_{best}', language)} {decimal(shares[best], language)}"


def _likeliest_of_two(inverted: float, language: Language) -> str:
    word = "inverted" if inverted >= 0.5 else "normal"
    return f"{say(f'gate.{word}', language)} {decimal(max(inverted, 1 - inverted), language)}"
