"""How good one label's numbers are: AUC, curves, reliability, and figures at a cut."""

from dataclasses import dataclass

import numpy as np

from cxr_triage.errors import MissingExtra
from cxr_triage.evaluation.films import F64, Bools, Ints
from cxr_triage.evaluation.resampling import Estimate, Resamples, bootstrap_interval, proportion

try:
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve
except ImportError:
    raise MissingExtra("scikit-learn", extra="evaluate") from None

FEW = 20
"""Fewer positives or negatives than this are marked: their figures say little."""

MOST_POINTS = 400
BINS = 10

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One point of the reliability plot: films with about the same probability."""

    predicted: float
    observed: Estimate
    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """roc: (1 − specificity, sensitivity). precision_recall: (sensitivity, PPV).
    reliability: bins with as many films each."""

    roc: Points
    precision_recall: Points
    average_precision: float
    reliability: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCut:
    """What a cut makes of the films: each figure with its interval."""

    flagged: int
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate


def is_small(positive: Bools) -> bool:
    """Are there too few positives or negatives to say much?"""
    positives = int(positive.sum())
    return min(positives, len(positive) - positives) < FEW


def auc(value: F64, positive: Bools) -> float | None:
    """How often a positive lies above a negative (ties count half); None without either."""
    if positive.all() or not positive.any():
        return None
    return float(_weighted_auc(value, positive, np.ones((1, len(value))))[0])


def resampled_auc(value: F64, positive: Bools, patient: Ints, resamples: Resamples) -> F64:
    """AUC [resamples]; NaN where a resample has no positive or no negative."""
    order = np.argsort(value, kind="stable")
    value, positive, patient = value[order], positive[order], patient[order]
    parts = [_weighted_auc(value, positive, w, ordered=True) for w in resamples.weights(patient)]
    return np.concatenate(parts)


def auc_interval(value: F64, positive: Bools, patient: Ints, resamples: Resamples) -> Estimate:
    """AUC with its bootstrap interval by patient."""
    measured = auc(value, positive)
    if measured is None:
        return Estimate(value=None)
    return bootstrap_interval(measured, resampled_auc(value, positive, patient, resamples))


def _weighted_auc(value: F64, positive: Bools, weights: F64, *, ordered: bool = False) -> F64:
    """AUC [b] of films [n] under each row of weights [b, n]: Mann and Whitney's, by one sum."""
    if not ordered:
        order = np.argsort(value, kind="stable")
        value, positive, weights = value[order], positive[order], weights[:, order]
    starts = np.flatnonzero(np.r_[True, np.diff(value) > 0])
    above = np.add.reduceat(weights * positive, starts, axis=1)
    below = np.add.reduceat(weights * ~positive, starts, axis=1)
    wins = np.einsum("bg,bg->b", above, np.cumsum(below, axis=1) - below / 2)
    pairs = above.sum(1) * below.sum(1)
    values: F64 = np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)
    return values


def brier(probability: F64, positive: Bools) -> float:
    """Mean squared distance of the probability from what was true: 0 is best."""
    return float(np.mean((probability - positive) ** 2))


def curves(probability: F64, positive: Bools, patient: Ints) -> Curves | None:
    """The curves of one label; None without a positive or without a negative."""
    if positive.all() or not positive.any():
        return None
    false_rate, true_rate, _ = roc_curve(positive, probability)
    precision, recall, _ = precision_recall_curve(positive, probability, drop_intermediate=True)
    return Curves(
        roc=_thinned(false_rate, true_rate),
        precision_recall=_thinned(recall, precision),
        average_precision=float(average_precision_score(positive, probability)),
        reliability=reliability(probability, positive, patient),
    )


def _thinned(x: F64, y: F64) -> Points:
    """At most `MOST_POINTS` of the points, the first and the last among them."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return tuple((round(float(x[i]), 5), round(float(y[i]), 5)) for i in kept)


def reliability(probability: F64, positive: Bools, patient: Ints) -> tuple[Bin, ...]:
    """Films in bins of about equal number, from the lowest probability to the highest."""
    parts = np.array_split(np.argsort(probability, kind="stable"), BINS)
    return tuple(
        Bin(
            predicted=float(probability[part].mean()),
            observed=proportion(positive[part], patient[part]),
            films=len(part),
        )
        for part in parts
        if len(part)
    )


def at_cut(flagged: Bools, positive: Bools, patient: Ints) -> AtCut:
    """Sensitivity, specificity and positive predictive value of a cut, with intervals."""
    return AtCut(
        flagged=int(flagged.sum()),
        sensitivity=proportion(flagged[positive], patient[positive]),
        specificity=proportion(~flagged[~positive], patient[~positive]),
        ppv=proportion(positive[flagged], patient[flagged]),
    )
