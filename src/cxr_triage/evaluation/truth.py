"""The true labels: a CSV file with one line for each film.

Columns: `image` and `findings` (labels parted by `|`) must be there; `patient`, `view`,
`age`, `sex`, `split`, `rsna_boxes` and `nih_boxes` may be. Boxes are JSON: x, y, width and
height as shares of the whole image, for NIH with a label before them.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.results import film_stem
from cxr_triage.labels import LABELS

NEEDED = ("image", "findings")
OPTIONAL = ("patient", "view", "age", "sex", "split")
NO_FINDING = {"", "no finding", "normal"}
OTHER_NAMES = {"infiltrate": "Infiltration"}
RSNA_LABELS = ("Pneumonia", "Consolidation", "Infiltration")
"""The RSNA radiologists marked areas suspicious for pneumonia, whatever they were called."""

KNOWN = {label.casefold().replace("_", " "): label for label in LABELS} | OTHER_NAMES

Box = tuple[float, float, float, float]
"""x, y, width, height as shares of the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFilm:
    """One line of the labels. Empty or None: the file does not say."""

    stem: str = field(repr=False)
    findings: frozenset[str]
    patient: str = field(repr=False)
    view: str
    age_years: float | None
    sex: str
    split: str
    boxes: Mapping[str, tuple[Box, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The films by stem, and which optional columns the file lacks."""

    films: Mapping[str, TrueFilm] = field(repr=False)
    missing: tuple[str, ...]


def read_truth(file: Path, splits: Sequence[str] = ()) -> Truth:
    """The labels in `file`, only those of `splits` unless that is empty.

    Raises EvaluationFailed: `labels_missing`, `labels_no_column`, `labels_invalid`,
    `labels_unknown_finding`, `labels_duplicates`, `split_unknown`.
    """
    columns, lines = _lines(file)
    for column in (*NEEDED, *(("split",) if splits else ())):
        if column not in columns:
            raise EvaluationFailed("labels_no_column", column=column)
    known: set[str] = set()
    films: dict[str, TrueFilm] = {}
    for line, cells in lines:
        film = _film(cells, line)
        known.add(film.split)
        if splits and film.split not in splits:
            continue
        if film.stem in films:
            raise EvaluationFailed("labels_duplicates", line=line)
        films[film.stem] = film
    for split in splits:
        if split not in known:
            raise EvaluationFailed(
                "split_unknown", split=split, known=", ".join(sorted(known - {""}))
            )
    return Truth(films=films, missing=tuple(name for name in OPTIONAL if name not in columns))


Lines = Iterator[tuple[int, dict[str, str]]]


def _lines(file: Path) -> tuple[set[str], Lines]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EvaluationFailed("labels_missing", problem=reason) from None
    except UnicodeDecodeError:
        raise EvaluationFailed("labels_missing", problem="not UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    columns = {name.strip() for name in reader.fieldnames or () if name}
    rows = (
        (line, {str(name).strip(): _text(cell) for name, cell in row.items()})
        for line, row in enumerate(reader, start=2)
    )
    return columns, rows


def _text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _film(cells: dict[str, str], line: int) -> TrueFilm:
    if not cells["image"]:
        raise EvaluationFailed("labels_invalid", column="image", line=line)
    return TrueFilm(
        stem=film_stem(cells["image"]),
        findings=frozenset(_findings(cells["findings"], line)),
        patient=cells.get("patient", ""),
        view=cells.get("view", "").upper(),
        age_years=_age(cells.get("age", ""), line),
        sex=cells.get("sex", "").upper()[:1],
        split=cells.get("split", ""),
        boxes=_boxes(cells, line),
    )


def _findings(cell: str, line: int) -> Iterator[str]:
    for word in cell.split("|"):
        if word.strip().casefold() not in NO_FINDING:
            yield _label(word, line)


def _label(word: str, line: int) -> str:
    label = KNOWN.get(word.strip().casefold().replace("_", " "))
    if label is None:
        raise EvaluationFailed("labels_unknown_finding", label=word.strip()[:40], line=line)
    return label


def _age(cell: str, line: int) -> float | None:
    """Years, as "81", "58.5" or "081Y"."""
    if not cell:
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*[Yy]?", cell)
    if match is None:
        raise EvaluationFailed("labels_invalid", column="age", line=line)
    return float(match[1])


def _boxes(cells: dict[str, str], line: int) -> dict[str, tuple[Box, ...]]:
    boxes: dict[str, tuple[Box, ...]] = {}
    for box in _parsed(cells, "rsna_boxes", line):
        for label in RSNA_LABELS:
            boxes[label] = (*boxes.get(label, ()), _box(box, "rsna_boxes", line))
    for box in _parsed(cells, "nih_boxes", line):
        label = _label(str(box[0]) if box else "", line)
        boxes[label] = (*boxes.get(label, ()), _box(box[1:], "nih_boxes", line))
    return boxes


def _parsed(cells: dict[str, str], column: str, line: int) -> list[list[object]]:
    try:
        boxes = json.loads(cells.get(column) or "[]")
    except json.JSONDecodeError:
        raise EvaluationFailed("labels_invalid", column=column, line=line) from None
    if not isinstance(boxes, list) or not all(isinstance(box, list) for box in boxes):
        raise EvaluationFailed("labels_invalid", column=column, line=line)
    return boxes


def _box(values: list[object], column: str, line: int) -> Box:
    numbers = [float(x) for x in values if isinstance(x, int | float)]
    if len(numbers) != 4 or len(values) != 4 or not all(0 <= x <= 1 for x in numbers):
        raise EvaluationFailed("labels_invalid", column=column, line=line)
    return numbers[0], numbers[1], numbers[2], numbers[3]
