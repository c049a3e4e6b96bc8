"""Where to cut: thresholds chosen on these films, or taken from an evaluation of others."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.films import F64, Bools, Column

FORMAT = "cxr-triage evaluation 1"
SPECIFICITY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A threshold in the model's raw probability and in score units: flagged at or over it.

    It lies midway between two films, so that rounding cannot move a film across it.
    """

    probability: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Those that a label's films suggest; None without a positive or a negative.

    youden: largest sensitivity + specificity. specificity95: the lowest with so much
    specificity. sensitivity: the highest that still has the wanted sensitivity.
    """

    youden: Cut | None = None
    specificity95: Cut | None = None
    sensitivity: Cut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrowed:
    """Thresholds that another run chose: by label, for which sensitivity, on which films."""

    cuts: Mapping[str, Cut]
    sensitivity: float
    splits: tuple[str, ...]
    films: int
    fingerprint: str


def choose(column: Column, wanted_sensitivity: float) -> Cuts:
    """Thresholds that these films suggest for one label."""
    positive = column.positive
    if positive.all() or not positive.any():
        return Cuts()
    values = np.unique(column.probability)
    sensitive = _share_at_or_over(column.probability[positive], values)
    specific = 1 - _share_at_or_over(column.probability[~positive], values)
    return Cuts(
        # Rounded, so that of equally good cuts the most sensitive one is taken.
        youden=_cut(column, values, int(np.argmax((sensitive + specific).round(12)))),
        specificity95=_first(column, values, specific >= SPECIFICITY, min),
        sensitivity=_first(column, values, sensitive >= wanted_sensitivity, max),
    )


def _share_at_or_over(probability: F64, cuts: F64) -> F64:
    """Which share of probability [n] lies at or over each of cuts [c]."""
    return 1 - np.searchsorted(np.sort(probability), cuts, side="left") / len(probability)


def _first(
    column: Column, values: F64, fits: Bools, pick: Callable[[list[int]], int]
) -> Cut | None:
    places = np.flatnonzero(fits).tolist()
    return _cut(column, values, pick(places)) if places else None


def _cut(column: Column, values: F64, place: int) -> Cut:
    """The threshold that flags values[place] and all above it."""
    lower = max(0, place - 1)
    scores = [float(column.score[column.probability == values[i]].max()) for i in (lower, place)]
    return Cut(probability=float((values[lower] + values[place]) / 2), score=float(np.mean(scores)))


def read_thresholds(file: Path, sha256: str) -> Borrowed:
    """The thresholds for a wanted sensitivity in another run's `evaluation.json`.

    Raises EvaluationFailed: `thresholds_missing`, `thresholds_invalid`,
    `thresholds_of_another_run`.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise EvaluationFailed("thresholds_invalid")
        borrowed = _borrowed(content)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EvaluationFailed("thresholds_missing", problem=reason) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EvaluationFailed("thresholds_invalid") from None
    if content["model"]["sha256"] != sha256:
        raise EvaluationFailed("thresholds_of_another_run")
    return borrowed


def _borrowed(content: Any) -> Borrowed:  # noqa: ANN401 - JSON, whatever it holds
    cuts = {
        label["label"]: Cut(**label["cuts"]["sensitivity"])
        for label in content["labels"]
        if label["cuts"]["sensitivity"] is not None
    }
    return Borrowed(
        cuts=cuts,
        sensitivity=float(content["wanted_sensitivity"]),
        splits=tuple(content["splits"]),
        films=int(content["films"]["assessed"]),
        fingerprint=str(content["fingerprint"]),
    )
