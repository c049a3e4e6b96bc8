"""Intervals that know that films of one patient resemble each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import F32
from cxr_triage.evaluation.films import F64, Bools, Ints

CONFIDENCE = 0.95
Z = 1.959964
"""The normal distribution's 97.5th percentile."""

LEAST_RESAMPLES = 1000
AT_ONCE = 8_000_000
"""Numbers in memory at a time: patients or positives × resamples."""

Counts = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure and its 95 % interval; None where the films do not determine it."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resamples:
    """How often each patient is drawn in each resample: u8 [resamples, patients]."""

    counts: Counts = field(repr=False)

    def by_patient(self, rows: int) -> Iterator[F32]:
        """Weights f32 [patients, some] until all resamples are through.

        rows: how many rows the caller makes of them, so that memory stays bounded. Sums of
        counts are exact in f32 up to 16 million films.
        """
        step = max(1, AT_ONCE // max(rows, self.counts.shape[1]))
        for start in range(0, len(self.counts), step):
            yield np.ascontiguousarray(self.counts[start : start + step].T, np.float32)


def resample(patients: int, *, resamples: int, seed: int) -> Resamples:
    """Draw `patients` of `patients` with replacement, so many times."""
    random = np.random.default_rng(seed)
    counts = np.empty((resamples, patients), np.uint8)
    for row in counts:
        drawn = random.integers(0, patients, patients)
        row[:] = np.bincount(drawn, minlength=patients)
    return Resamples(counts=counts)


def bootstrap_interval(value: float, resampled: F64) -> Estimate:
    """The percentile interval of `resampled` [resamples]; those that are NaN are left out."""
    finite = resampled[np.isfinite(resampled)]
    if len(finite) < len(resampled) / 2:
        return Estimate(value=value)
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(finite, (tail, 100 - tail))
    return Estimate(value=value, low=float(low), high=float(high))


def resampled_mean(values: F64, patient: Ints, resamples: Resamples) -> Estimate:
    """The mean of values [n], resampled by patient."""
    if not len(values):
        return Estimate(value=None)
    patients = resamples.counts.shape[1]
    sums = resamples.counts @ np.bincount(patient, weights=values, minlength=patients)
    films = resamples.counts @ np.bincount(patient, minlength=patients).astype(np.float64)
    means = np.divide(sums, films, out=np.full(len(sums), np.nan), where=films > 0)
    return bootstrap_interval(float(values.mean()), means)


def proportion(hit: Bools, patient: Ints) -> Estimate:
    """The share of films [n] that are hits: a Wilson interval on the effective sample size.

    Films of a patient count as much as their likeness leaves them: the design effect is
    the variance between patients (linearised) over the binomial one, and never below 1.
    Where every film or none is a hit, a patient counts once.
    Sources: Korn and Graubard, Survey Methodology 24 (1998); Wilson, JASA 22 (1927).
    """
    if not len(hit):
        return Estimate(value=None)
    share = float(hit.mean())
    low, high = wilson(share, _effective_size(hit.astype(np.float64), share, patient))
    return Estimate(value=share, low=low, high=high)


def _effective_size(hit: F64, share: float, patient: Ints) -> float:
    _, number = np.unique(patient, return_inverse=True)
    patients, films = int(number.max()) + 1, len(hit)
    if share in {0.0, 1.0} or patients == 1:
        return float(patients)
    totals = np.bincount(number, weights=hit - share)
    variance = float(totals @ totals) * patients / (patients - 1) / films**2
    return min(float(films), share * (1 - share) / variance) if variance > 0 else float(patients)


def wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's score interval of a share of `size` independent observations."""
    centre = (share + Z**2 / (2 * size)) / (1 + Z**2 / size)
    half = Z / (1 + Z**2 / size) * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
