"""A shard's rows as others read them: JSON lines, CSV, Parquet."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from cxr_triage.batch.archive.durable import replaced
from cxr_triage.batch.archive.rows import ScoredRow
from cxr_triage.batch.archive.scorer import Facts
from cxr_triage.batch.results import csv_row, csv_start, json_line

TableFormat = Literal["jsonl", "csv", "parquet"]
TABLE_FORMATS: Final[tuple[TableFormat, ...]] = ("jsonl", "csv", "parquet")

Write = Callable[[Path, Iterable[ScoredRow], Facts], None]
"""Rows can be walked more than once."""


def _write_jsonl(file: Path, rows: Iterable[ScoredRow], _: Facts) -> None:
    replaced(file, (json_line(one.row).encode() for one in rows))


def _write_csv(file: Path, rows: Iterable[ScoredRow], facts: Facts) -> None:
    def parts() -> Iterator[bytes]:
        yield csv_start(facts.labels)
        for one in rows:
            yield csv_row(one.row, facts.labels).encode()

    replaced(file, parts())


def _write_parquet(file: Path, rows: Iterable[ScoredRow], facts: Facts) -> None:
    from cxr_triage.batch.archive.parquet import write_parquet  # noqa: PLC0415 (an extra, and slow)

    write_parquet(file, rows, facts)


WRITERS: Final[dict[TableFormat, Write]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
}


def read_json(file: Path) -> dict[str, Any]:
    """An object. Raises OSError or ValueError."""
    found = json.loads(file.read_bytes())
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 (bad data)
    return found
