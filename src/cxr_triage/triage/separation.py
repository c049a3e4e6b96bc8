"""How well a score tells two kinds of films apart, with its interval, without resampling."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class AucInterval:
    """Area under the ROC curve, 0..1, and its 95 % interval."""

    value: float
    low: float
    high: float


def auc_interval(score: F64, positive: NDArray[np.bool_]) -> AucInterval | None:
    """None without a film of each kind.

    Source: DeLong, DeLong, Clarke-Pearson, Biometrics 1988; 44: 837-845.
    """
    sick, well = score[positive], score[~positive]
    if not len(sick) or not len(well):
        return None
    over_well = _mean_over(np.sort(well), sick)
    over_sick = _mean_over(np.sort(sick), well)
    value = float(over_well.mean())
    variance = _variance_of_mean(over_well) + _variance_of_mean(over_sick)
    margin = Z95 * math.sqrt(variance)
    return AucInterval(value=value, low=max(value - margin, 0.0), high=min(value + margin, 1.0))


def _mean_over(ordered: F64, values: F64) -> F64:
    """Of each value: the share of `ordered` under it, ties counted by half."""
    under = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return under / (2 * len(ordered))


def _variance_of_mean(parts: F64) -> float:
    """Of one film alone: the most that a share can vary."""
    return float(parts.var(ddof=1) / len(parts)) if len(parts) > 1 else 0.25
