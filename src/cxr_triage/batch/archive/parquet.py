"""Rows as Parquet, with units in the schema and the model in its metadata."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from cxr_triage.batch.archive.durable import settle
from cxr_triage.batch.archive.rows import ScoredRow, unpacked_floats
from cxr_triage.batch.archive.scorer import Facts
from cxr_triage.batch.files import writing
from cxr_triage.domain import PREPROCESSING_VERSION
from cxr_triage.errors import MissingExtra

try:
    import pyarrow as arrow
    from pyarrow import parquet
except ImportError:  # pragma: no cover (an extra)
    arrow = parquet = None

ROWS_AT_A_TIME: Final = 256
TEXTS: Final = {
    "path": "", "outcome": "", "priority": "", "reason": "", "next_step": "",
    "digest": "SHA-256 of the file, hexadecimal", "fingerprint": "", "policy": "",
    "study_uid": "", "series_uid": "", "sop_uid": "", "accession": "", "view": "", "sex": "",
    "acquired_at": "ISO 8601",
}  # fmt: skip
"""Columns of text, by name, with their unit."""
SCORES: Final = {
    "probability": "sigmoid of the logit, 0 to 1; not calibrated",
    "score": "0 to 1; 0.5 is the operating point; no probability of disease",
    "logit": "log-odds",
}
"""Columns that each label has."""


def require_parquet() -> None:
    """Raises MissingExtra where Parquet cannot be written."""
    if arrow is None:
        raise MissingExtra("pyarrow", extra="parquet")


def write_parquet(file: Path, rows: Iterable[ScoredRow], facts: Facts) -> None:
    """Write the rows in place of `file`. Raises MissingExtra or OutputFailed."""
    require_parquet()
    schema = _schema(facts, rows)
    part = file.with_name(f"{file.name}.{uuid4().hex[:8]}.part")
    with writing():
        try:
            with parquet.ParquetWriter(part, schema, compression="zstd") as table:
                for batch in _batches(iter(rows)):
                    columns = _columns(batch, facts, schema)
                    table.write_table(arrow.Table.from_pydict(columns, schema))
            settle(part, file)
        finally:
            part.unlink(missing_ok=True)


def _batches(rows: Iterator[ScoredRow]) -> Iterator[list[ScoredRow]]:
    while batch := list(islice(rows, ROWS_AT_A_TIME)):
        yield batch


def _schema(facts: Facts, rows: Iterable[ScoredRow]) -> Any:  # noqa: ANN401 (pyarrow has no types)
    def column(name: str, kind: Any, unit: str = "") -> Any:  # noqa: ANN401 (as above)
        return arrow.field(name, kind, metadata={"unit": unit} if unit else None)

    columns = [column(name, arrow.string(), unit) for name, unit in TEXTS.items()]
    columns += [
        column("error", arrow.string(), "code"),
        column("age_years", arrow.float32(), "years"),
        column("rarity", arrow.float64(), "share of films without findings, 0 to 1"),
        column("early_reading", arrow.bool_()),
        column("flagged", arrow.list_(arrow.string()), "labels"),
        column("warnings", arrow.list_(arrow.string()), "codes"),
        column("seconds", arrow.float64(), "s"),
    ]
    for name, unit in SCORES.items():
        kind = arrow.float32() if name == "logit" else arrow.float64()
        columns += [column(f"{name}.{label}", kind, unit) for label in facts.labels]
    if text := next((one.embedding for one in rows if one.embedding), ""):
        size = len(unpacked_floats(text))
        columns.append(column("embedding", arrow.list_(arrow.float32(), size), "of the network"))
    shape = next((one.shape for one in rows if one.shape), ())
    if shape:
        size = shape[0] * shape[1] * shape[2]
        columns.append(column("maps", arrow.list_(arrow.float32(), size), "log-odds, without bias"))
    return arrow.schema(columns, metadata=_metadata(facts, shape))


def _metadata(facts: Facts, shape: tuple[int, ...]) -> dict[str, str]:
    return {
        "cxr_triage.model": json.dumps(facts.model),
        "cxr_triage.fingerprint": facts.fingerprint,
        "cxr_triage.preprocessing": PREPROCESSING_VERSION,
        "cxr_triage.labels": json.dumps(facts.labels),
        "cxr_triage.maps_shape": json.dumps(shape),
    }


def _columns(rows: list[ScoredRow], facts: Facts, schema: Any) -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, list[Any]] = {name: [_text(one.row[name]) for one in rows] for name in TEXTS}
    found["error"] = [one.row["error"] and one.row["error"]["code"] for one in rows]
    found["age_years"] = [one.row["age_years"] for one in rows]
    found["rarity"] = [one.row["decision"] and one.row["decision"]["rarity"] for one in rows]
    found["early_reading"] = [one.row["early_reading"] for one in rows]
    found["flagged"] = [_flagged(one) for one in rows]
    found["warnings"] = [[said["code"] for said in one.row["warnings"]] for one in rows]
    found["seconds"] = [sum(one.row["timings_ms"].values()) / 1000 for one in rows]
    by_label = [{one["label"]: one for one in row.row["findings"]} for row in rows]
    for label in facts.labels:
        for name in ("probability", "score"):
            values = (one.get(label) for one in by_label)
            found[f"{name}.{label}"] = [value and value[name] for value in values]
        found[f"logit.{label}"] = [row.logits.get(label) for row in rows]
    for name in ("embedding", "maps"):
        if name in schema.names:
            texts = (getattr(row, name) for row in rows)
            found[name] = [unpacked_floats(text) if text else None for text in texts]
    return found


def _text(value: object) -> str | None:
    return None if value is None else str(value).encode("utf-8", "backslashreplace").decode()


def _flagged(row: ScoredRow) -> list[str]:
    return [one["label"] for one in row.row["findings"] if one["flagged"]]
