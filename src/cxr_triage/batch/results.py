"""One row for every file, whatever happened to it: `results.jsonl` and `results.csv`."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from cxr_triage.batch.run import FileResult
from cxr_triage.domain import ModelCard
from cxr_triage.errors import OutputFailed
from cxr_triage.language import Language
from cxr_triage.report.json import assessment_fields, model_fields

Row = dict[str, Any]

RESULTS_FILE = "results.jsonl"
CSV_FILE = "results.csv"


def row_of(result: FileResult, card: ModelCard, fingerprint: str, language: Language) -> Row:
    """The row of one file; failed and skipped files have an `error` and no findings."""
    path = str(result.path)
    if result.assessment is not None:
        return {"path": path, **assessment_fields(result.assessment, language)}
    error = result.error
    message = "" if error is None else error.message(language)
    return {
        "path": path,
        "outcome": result.outcome,
        "priority": None,
        "reason": message,
        "findings": [],
        "eligibility": None,
        "error": None if error is None else {"code": error.code, "message": message},
        "model": model_fields(card),
        "fingerprint": fingerprint,
        **dict.fromkeys(("digest", "pixel_policy")),
        **dict.fromkeys(("accession", "study_uid", "series_uid", "sop_uid"), ""),
        "timings_ms": {},
    }


def json_line(row: Row) -> str:
    """One line, UTF-8 text; a path that is not UTF-8 is escaped."""
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


class ResultsWriter:
    """Writes rows as they come; each is on its way to the disk before the next is scored."""

    def __init__(self, jsonl: TextIO, table: TextIO | None, labels: list[str]) -> None:
        self._jsonl = jsonl
        self._table = table
        self._labels = labels
        self._csv = csv.writer(table) if table else None
        if self._csv:
            self._csv.writerow([*CSV_COLUMNS, *labels])

    def write(self, row: Row) -> None:
        """Raises OutputFailed if the disk is full or the folder has gone."""
        with writing():
            self._jsonl.write(json_line(row))
            self._jsonl.flush()
            if self._csv and self._table:
                self._csv.writerow(_csv_row(row, self._labels))
                self._table.flush()


CSV_COLUMNS = ("path", "outcome", "priority", "reason", "flagged", "accession", "study_uid")


def _csv_row(row: Row, labels: list[str]) -> list[str]:
    scores = {finding["label"]: finding["score"] for finding in row["findings"]}
    flagged = ";".join(finding["label"] for finding in row["findings"] if finding["flagged"])
    values = {**row, "flagged": flagged}
    cells = [*(values[column] for column in CSV_COLUMNS), *(scores.get(x, "") for x in labels)]
    return [_safe_cell(cell) for cell in cells]


def _safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, in bytes that any disk takes."""
    text = "" if value is None else str(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@contextmanager
def open_results(folder: Path, *, table: bool, labels: list[str]) -> Iterator[ResultsWriter]:
    """Open `results.jsonl` (and `results.csv`) in `folder`, made if need be.

    Files of an earlier run are kept under a name with their time. Raises OutputFailed.
    """
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
        jsonl = _fresh(folder / RESULTS_FILE)
        sheet = _fresh(folder / CSV_FILE, encoding="utf-8-sig") if table else None
    try:
        yield ResultsWriter(jsonl, sheet, labels)
    finally:
        for file in (jsonl, sheet):
            if file is not None:
                file.close()


def _fresh(file: Path, encoding: str = "utf-8") -> TextIO:
    keep_earlier(file)
    return file.open("x", encoding=encoding, newline="")


def keep_earlier(file: Path) -> None:
    """Rename `file`, if it is there, to a name with its time of change."""
    if not file.exists():
        return
    changed = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    stem = f"{file.stem}-{changed:%Y%m%dT%H%M%S}"
    kept, number = file.with_name(f"{stem}{file.suffix}"), 1
    while kept.exists():
        number += 1
        kept = file.with_name(f"{stem}-{number}{file.suffix}")
    file.rename(kept)


@contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError into OutputFailed, without the path."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise OutputFailed("output_failed", problem=reason) from None
