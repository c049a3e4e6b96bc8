"""One row for every file, whatever happened to it: `results.jsonl` and `results.csv`."""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cxr_triage.batch.files import LineFile, writing
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import ModelCard, NextSteps
from cxr_triage.errors import TriageError
from cxr_triage.language import Language
from cxr_triage.result.cells import safe_cell
from cxr_triage.result.public import PublicModel, PublicResult, nothing, public

JsonRow = dict[str, Any]

RESULTS_FILE = "results.jsonl"
CSV_FILE = "results.csv"


def row_of(
    result: FileResult,
    card: ModelCard,
    fingerprint: str,
    language: Language,
    steps: NextSteps | None = None,
) -> JsonRow:
    """The row of one file; failed and skipped files have an `error` and no findings.

    steps: what the site says is to be done next.
    """
    error = result.error
    message = "" if error is None else error.message(language)
    if result.assessment is None:
        said = nothing(result.outcome, card, fingerprint)
        reason, eligibility = message, None
    else:
        said = public(result.assessment, language, steps)
        reason, eligibility = said["priority_reason"], asdict(result.assessment.eligibility)
    return {
        "path": str(result.path),
        "reason": reason,
        "eligibility": eligibility,
        "error": None if error is None else {"code": error.code, "message": message},
        **said,
    }


def error_row(
    path: str, error: TriageError, model: Mapping[str, str], fingerprint: str, language: Language
) -> JsonRow:
    """The row of a file that a process died of. model: the fields of `PublicModel`."""
    message = error.message(language)
    said = PublicResult(
        outcome="failed", model=PublicModel.model_validate(model), fingerprint=fingerprint
    )
    return {
        "path": path,
        "reason": message,
        "eligibility": None,
        "error": {"code": error.code, "message": message},
        **said.model_dump(mode="json"),
    }


def json_line(row: JsonRow) -> str:
    """One line, UTF-8 text; a path that is not UTF-8 is escaped."""
    return _writable(json.dumps(row, ensure_ascii=False, separators=(",", ":"))) + "\n"


def csv_line(cells: Iterable[object]) -> str:
    """One line that no spreadsheet takes for a formula."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue()


class ResultsWriter:
    """Writes rows as they come; each is with the system before the next is scored."""

    def __init__(self, rows: LineFile, table: LineFile | None, labels: Sequence[str]) -> None:
        self._rows = rows
        self._table = table
        self._labels = labels

    def write(self, row: JsonRow) -> None:
        """Raises OutputFailed if the disk is full or the folder has gone."""
        self._rows.write(json_line(row).encode())
        if self._table is not None:
            self._table.write(csv_row(row, self._labels).encode())


CSV_COLUMNS = (
    "path", "outcome", "priority", "reason", "flagged", "warnings", "accession", "study_uid",
    "policy", "next_step", "rarity", "early_reading",
)  # fmt: skip


def csv_start(labels: Sequence[str]) -> bytes:
    """What a spreadsheet reads first: the mark of UTF-8, and what the columns are."""
    return codecs.BOM_UTF8 + csv_line([*CSV_COLUMNS, *labels]).encode()


def csv_row(row: JsonRow, labels: Sequence[str]) -> str:
    """A row as a line of the table."""
    return csv_line(_csv_cells(row, labels))


def _csv_cells(row: JsonRow, labels: Sequence[str]) -> list[object]:
    scores = {finding["label"]: finding["score"] for finding in row["findings"]}
    flagged = ";".join(finding["label"] for finding in row["findings"] if finding["flagged"])
    values = {
        **row,
        "flagged": flagged,
        "rarity": "" if row["decision"] is None else row["decision"]["rarity"],
        "early_reading": row["early_reading"] or "",
        "warnings": ";".join(warning["code"] for warning in row["warnings"]),
    }
    return [*(values[column] for column in CSV_COLUMNS), *(scores.get(x, "") for x in labels)]


def _cell(value: object) -> str:
    return "" if value is None else safe_cell(_writable(str(value)))


def _writable(text: str) -> str:
    """The text with what UTF-8 cannot hold escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def open_results(folder: Path, *, table: bool, labels: Sequence[str]) -> Iterator[ResultsWriter]:
    """Open `results.jsonl` (and `results.csv`) in `folder`, made if need be.

    Files of an earlier run are kept under a name with their time. Raises OutputFailed.
    """
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        rows = stack.enter_context(LineFile(folder / RESULTS_FILE))
        sheet = None
        if table:
            start = csv_start(labels)
            sheet = stack.enter_context(LineFile(folder / CSV_FILE, start=start))
        yield ResultsWriter(rows, sheet, labels)
