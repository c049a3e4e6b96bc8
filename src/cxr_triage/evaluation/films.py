"""The films that are measured: results and true labels side by side, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import read_only
from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.results import FilmOutcome, Results
from cxr_triage.evaluation.truth import TrueFilm, Truth
from cxr_triage.labels import is_true

Bools = NDArray[np.bool_]
F64 = NDArray[np.float64]
Ints = NDArray[np.int64]

Grouping = Literal["sex", "age", "view"]
AGE_GROUPS = ((40, "15-39"), (65, "40-64"), (1000, "65+"))
GROUPS: dict[Grouping, tuple[str, ...]] = {
    "sex": ("F", "M", "O"),
    "age": ("under-15", "15-39", "40-64", "65+"),
    "view": ("PA", "AP", "other"),
}
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One label over the films [n]. `probability` is the model's, before any threshold."""

    label: str
    probability: F64 = field(repr=False)
    score: F64 = field(repr=False)
    flagged: Bools = field(repr=False)
    likely: Bools = field(repr=False)
    positive: Bools = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Films:
    """The assessed films [n] that have labels.

    patient: number of each film's patient, 0…patients−1. groups: of each film, by grouping;
    a grouping whose column the labels lack is left out.
    """

    columns: tuple[Column, ...]
    patient: Ints = field(repr=False)
    groups: Mapping[Grouping, tuple[str, ...]] = field(repr=False)

    @property
    def patients(self) -> int:
        return int(self.patient.max()) + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """Pairs of row and label, and how many there are of each outcome."""

    pairs: tuple[tuple[FilmOutcome, TrueFilm], ...] = field(repr=False)
    counts: Mapping[str, int]

    @property
    def assessed(self) -> list[tuple[FilmOutcome, TrueFilm]]:
        return [(row, film) for row, film in self.pairs if row.outcome == "assessed"]


def join(results: Results, truth: Truth) -> Joined:
    """Rows and labels that share a stem. Raises EvaluationFailed `nothing_in_common`."""
    pairs = tuple(
        (row, truth.films[stem])
        for stem, row in sorted(results.rows.items())
        if stem in truth.films
    )
    outcomes = [row.outcome for row, _ in pairs]
    if "assessed" not in outcomes:
        raise EvaluationFailed(
            "nothing_in_common", results=len(results.rows), labels=len(truth.films)
        )
    return Joined(
        pairs=pairs,
        counts={
            "assessed": outcomes.count("assessed"),
            "referred": outcomes.count("referred"),
            "failed": outcomes.count("failed"),
            "without_labels": len(results.rows) - len(pairs),
            "without_results": len(truth.films) - len(pairs),
        },
    )


def films_of(results: Results, truth: Truth, joined: Joined) -> Films:
    """The assessed films as arrays."""
    films = [film for _, film in joined.assessed]
    return Films(
        columns=tuple(_column(label, joined) for label in results.labels),
        patient=patient_numbers(films),
        groups={
            grouping: tuple(group_of(grouping, film) for film in films)
            for grouping in GROUPS
            if grouping not in truth.missing
        },
    )


def _column(label: str, joined: Joined) -> Column:
    found = [row.findings[label] for row, _ in joined.assessed]
    true = [is_true(label, film.findings) for _, film in joined.assessed]
    return Column(
        label=label,
        probability=read_only(np.array([x.probability for x in found], np.float64)),
        score=read_only(np.array([x.score for x in found], np.float64)),
        flagged=read_only(np.array([x.flagged for x in found], np.bool_)),
        likely=read_only(np.array([x.level == "likely" for x in found], np.bool_)),
        positive=read_only(np.array(true, np.bool_)),
    )


def patient_numbers(films: list[TrueFilm]) -> Ints:
    """A number for each film's patient; a film without one is a patient of its own."""
    numbers: dict[str, int] = {}
    keys = (film.patient or f"film {i}" for i, film in enumerate(films))
    return read_only(np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64))


def group_of(grouping: Grouping, film: TrueFilm) -> str:
    """Which group of a grouping a film is in."""
    if grouping == "age":
        return _age_group(film.age_years)
    value = film.sex if grouping == "sex" else film.view
    if not value:
        return UNKNOWN
    return value if value in GROUPS[grouping] else GROUPS[grouping][-1]


def _age_group(age_years: float | None) -> str:
    if age_years is None:
        return UNKNOWN
    if age_years < 15:
        return "under-15"
    return next(name for limit, name in AGE_GROUPS if age_years < limit)
