"""How good one label's numbers are: AUC, curves, reliability, and figures at a cut."""

from dataclasses import dataclass

import numpy as np

from cxr_triage.domain import F32
from cxr_triage.errors import MissingExtra
from cxr_triage.evaluation.films import F64, Bools, Ints
from cxr_triage.evaluation.resampling import Estimate, Resamples, bootstrap_interval, proportion

try:
    from scipy.sparse import csr_array
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
    alone = Resamples(counts=np.ones((1, 1), np.uint8))
    return float(resampled_auc(value, positive, np.zeros(len(value), np.int64), alone)[0])


def resampled_auc(value: F64, positive: Bools, patient: Ints, resamples: Resamples) -> F64:
    """AUC [resamples] of films [n]; NaN where a resample has no positive or no negative.

    Mann and Whitney's statistic: the distinct values of the positives part the films into
    places, and each resample's films are counted there, patient by patient.
    """
    if not positive.any():
        return np.full(len(resamples.counts), np.nan)
    cuts = np.unique(value[positive])
    place = np.searchsorted(cuts, value)
    tied = ~positive & (cuts[np.minimum(place, len(cuts) - 1)] == value)
    tables = [
        _places(place[films], patient[films], len(cuts) + 1, resamples)
        for films in (positive, ~positive, tied)
    ]
    parts = [
        _mann_whitney(*(np.asarray(table @ weights) for table in tables))
        for weights in resamples.by_patient(len(cuts) + 1)
    ]
    return np.concatenate(parts)


def _places(place: Ints, patient: Ints, places: int, resamples: Resamples) -> csr_array:
    """How many films each patient has at each place: [places, patients]."""
    shape = (places, resamples.counts.shape[1])
    return csr_array((np.ones(len(place), np.float32), (place, patient)), shape=shape)


def _mann_whitney(above: F32, below: F32, tied: F32) -> F64:
    """AUC [b] of positives, negatives and tied negatives counted at places [p, b]."""
    lower = np.cumsum(below, axis=0, dtype=np.float64) - tied / 2
    wins = np.einsum("pb,pb->b", above, lower)
    pairs = above.sum(0, dtype=np.float64) * below.sum(0, dtype=np.float64)
    values: F64 = np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)
    return values


def auc_interval(value: F64, positive: Bools, patient: Ints, resamples: Resamples) -> Estimate:
    """AUC with its bootstrap interval by patient."""
    measured = auc(value, positive)
    if measured is None:
        return Estimate(value=None)
    return bootstrap_interval(measured, resampled_auc(value, positive, patient, resamples))


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


def roc_points(value: F64, positive: Bools) -> Points:
    """(1 − specificity, sensitivity); nothing without a positive or without a negative."""
    if positive.all() or not positive.any():
        return ()
    false_rate, true_rate, _ = roc_curve(positive, value)
    return _thinned(false_rate, true_rate)


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
