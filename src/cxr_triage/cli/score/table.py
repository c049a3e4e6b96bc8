"""The ranked table on the terminal: most urgent study first, then what failed."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cxr_triage.batch.inputs import below, common_folder
from cxr_triage.batch.run import FileResult, rank_results
from cxr_triage.domain import PRIORITIES, Finding, Priority
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.report.film.film import leading_first
from cxr_triage.result.sentences import priority_sentence, reason_sentence

MAX_ROWS = 12
LEADING_FINDINGS = 3

SYMBOLS: dict[Priority, tuple[str, str]] = {
    "critical": ("⯃", "bold red"),
    "urgent": ("▲", "yellow"),
    "not_assessed": ("?", "magenta"),
    "routine": ("●", "blue"),
    "none": ("○", "dim"),
}
"""Shape and colour; the word beside them says the same."""


def print_ranked(results: Sequence[FileResult], *, console: Console, language: Language) -> None:
    """Print a row for each image of each study, then for each file that failed.

    Of a long run each priority shows its first rows and how many more there are.
    """
    table = Table(show_edge=False, pad_edge=False, expand=False)
    for name in ("priority", "file", "findings", "reason"):
        table.add_column(say(f"column.{name}", language), overflow="fold")
    images = [image for study in rank_results(results) for image in study.images]
    failed = [result for result in results if result.outcome == "failed"]
    base = common_folder(result.path for result in results)
    groups = {
        name: [one for one in images if one.assessment and one.assessment.priority == name]
        for name in PRIORITIES
    }
    for group in (*groups.values(), failed):
        for result in group[:MAX_ROWS]:
            table.add_row(*_row(result, base, language))
        if len(group) > MAX_ROWS:
            more = say("command.more_rows", language, count=len(group) - MAX_ROWS)
            table.add_row("", Text(more, "dim"))
    console.print(table)


def _row(result: FileResult, base: Path | None, language: Language) -> tuple[Text, Text, str, str]:
    path = safe_path(below(base, result.path))
    image = result.assessment
    if image is None:
        word = Text(f"✗ {say('outcome.failed', language)}", "red")
        message = "" if result.error is None else result.error.message(language)
        return word, path, "", message
    symbol, style = SYMBOLS[image.priority]
    word = Text(f"{symbol} {say(f'priority_word.{image.priority}', language)}", style)
    leading = leading_first(image)[:LEADING_FINDINGS]
    findings = "\n".join(_scored(finding, language) for finding in leading)
    why = [priority_sentence(image.reason, language)]
    why += [reason_sentence(notice, language) for notice in image.notices]
    return word, path, findings, "\n".join(why)


def _scored(finding: Finding, language: Language) -> str:
    score = decimal(finding.score, language)
    mark = "!" if finding.level == "likely" else ""
    return f"{finding_name(finding.label, language)} {score}{mark}"


def safe_path(text: str) -> Text:
    """The path with what a terminal would obey replaced."""
    return Text("".join(char if char.isprintable() else "�" for char in text))
