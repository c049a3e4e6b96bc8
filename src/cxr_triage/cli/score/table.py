"""The ranked table on the terminal: most urgent study first, then what failed."""

from collections.abc import Sized

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cxr_triage.batch.inputs import below, common_folder
from cxr_triage.batch.kept import KeptResults
from cxr_triage.domain import PRIORITIES, Assessment, Finding, NextSteps, Priority
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.language.numbers import decimal
from cxr_triage.report.film.film import leading_first
from cxr_triage.result.decided import next_step, rarity_text, unfitted
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


def print_ranked(
    results: KeptResults, *, console: Console, language: Language, steps: NextSteps
) -> None:
    """Print a row for each image of each study, then for each file that failed.

    Of a long run each priority shows its first rows and how many more there are.
    """
    table = Table(show_edge=False, pad_edge=False, expand=False)
    for name in ("priority", "file", "findings", "reason"):
        table.add_column(say(f"column.{name}", language), overflow="fold")
    base = common_folder(results.paths())
    images = [image for study in results.ranked() for image in study.images]
    for priority in PRIORITIES:
        group = [one for one in images if one.standing.priority == priority]
        for one in group[:MAX_ROWS]:
            path = safe_path(below(base, one.path))
            table.add_row(*_row(path, results.read(one), language, steps))
        _say_more(table, group, language)
    failed = [result for result in results.unread if result.outcome == "failed"]
    for result in failed[:MAX_ROWS]:
        word = Text(f"✗ {say('outcome.failed', language)}", "red")
        message = "" if result.error is None else result.error.message(language)
        table.add_row(word, safe_path(below(base, result.path)), "", message)
    _say_more(table, failed, language)
    console.print(table)


def _say_more(table: Table, group: Sized, language: Language) -> None:
    if len(group) > MAX_ROWS:
        more = say("command.more_rows", language, count=len(group) - MAX_ROWS)
        table.add_row("", Text(more, "dim"))


def _row(
    path: Text, image: Assessment, language: Language, steps: NextSteps
) -> tuple[Text, Text, str, str]:
    symbol, style = SYMBOLS[image.priority]
    word = Text(f"{symbol} {say(f'priority_word.{image.priority}', language)}", style)
    leading = leading_first(image)[:LEADING_FINDINGS]
    findings = "\n".join(_scored(finding, language) for finding in leading)
    why = [
        next_step(image.priority, language, steps),
        f"{priority_sentence(image.reason, language, image.decision)}.",
    ]
    if not image.fitted:
        why.append(unfitted(language, own_thresholds=image.own_thresholds))
    why += [reason_sentence(notice, language) for notice in image.notices]
    return word, path, findings, "\n".join(why)


def _scored(finding: Finding, language: Language) -> str:
    score = decimal(finding.score, language)
    if finding.rarity is not None:
        score = rarity_text(finding.rarity, language)
    mark = "!" if finding.level == "likely" else ""
    return f"{finding_name(finding.label, language)} {score}{mark}"


def safe_path(text: str) -> Text:
    """The path with what a terminal would obey replaced."""
    return Text("".join(char if char.isprintable() else "�" for char in text))
