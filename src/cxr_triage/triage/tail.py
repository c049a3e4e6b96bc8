"""How unusual a number is among the films of a population, also where few films lie."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

TAIL_SHARE: Final = 0.1
"""The highest tenth is smoothed."""

TAIL_FILMS: Final = 10
"""Fewer films over the ninth tenth tell no shape: the shares are counted as they are."""

MAX_SHAPE: Final = 0.5
LEAST: Final = 1e-12
STEP: Final = 1e-4
"""The resolution of the values: logits with four decimals."""
ROUNDING: Final = 1e-9
"""Of a film: 0.29 of a hundred films are 29 and not 28."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tail:
    """The values [n] of a population, n ≥ 1, and what lies over them.

    Up to `begins`, the share of films at least as high is counted. Over it a generalised Pareto
    distribution goes on, its shape and scale from probability-weighted moments (Hosking and
    Wallis, Technometrics 1987; 29: 339-349), the shape kept within 0..0.5, so that no value is
    beyond every end. Never rises with the value.
    """

    values: F64
    begins: float = math.inf
    share: float = 0.0
    shape: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, values: Sequence[float] | F64) -> "Tail":
        """Raises ValueError if there is no value, or one that is not finite."""
        ordered = np.sort(np.asarray(values, np.float64))
        if not len(ordered) or not np.isfinite(ordered).all():
            raise ValueError("a population has finite values")
        begins = float(ordered[len(ordered) - 1 - int(TAIL_SHARE * len(ordered))])
        excess = ordered[ordered > begins] - begins
        if len(excess) < TAIL_FILMS:
            return cls(values=ordered)
        shape, scale = _pareto(excess)
        share = len(excess) / len(ordered)
        return cls(values=ordered, begins=begins, share=share, shape=shape, scale=scale)

    def above(self, value: float) -> float:
        """Share of the population at least as high as `value`, 0 exclusive to 1."""
        return float(self.above_each(np.float64(value)))

    def above_each(self, values: F64 | np.float64) -> F64:
        """`above` of many values [n]."""
        at_least = len(self.values) - np.searchsorted(self.values, values, "left")
        counted = np.maximum(at_least, 0.5) / len(self.values)
        excess = np.maximum(values - self.begins, 0.0) / self.scale
        survival = (
            np.exp(-excess) if self.shape == 0 else (1 + self.shape * excess) ** (-1 / self.shape)
        )
        smoothed = np.maximum(self.share * survival, LEAST)
        return np.where(values > self.begins, smoothed, counted)

    def below(self, value: float) -> float:
        """Share of the population that is lower, 0..1: a value's position."""
        if value > self.begins:
            return 1 - self.above(value)
        return int(np.searchsorted(self.values, value, "left")) / len(self.values)

    def value_at(self, share: float) -> float:
        """A value that at most `share` of the population reaches; infinite where none does."""
        reached = share * len(self.values) + ROUNDING
        if reached >= len(self.values):
            return -math.inf
        if share <= 0:
            return math.inf
        under = float(self.values[len(self.values) - 1 - int(reached)])
        if under >= self.begins:
            return max(self.begins + self._excess(share / self.share), self._just_over(self.begins))
        over = self.values[np.searchsorted(self.values, under, "right") :]
        return (under + float(over[0])) / 2 if len(over) else self._just_over(under)

    def _just_over(self, value: float) -> float:
        """Far enough for scores in single precision, and not so far as the next film."""
        over = self.values[np.searchsorted(self.values, value, "right") :]
        return min(value + STEP, (value + float(over[0])) / 2) if len(over) else value + STEP

    def _excess(self, survival: float) -> float:
        if self.shape == 0:
            return -self.scale * math.log(survival)
        return float(self.scale * (survival**-self.shape - 1) / self.shape)


def _pareto(excess: F64) -> tuple[float, float]:
    """Shape and scale of what lies over a limit, in ascending order."""
    mean = float(excess.mean())
    weights = 1 - (np.arange(len(excess)) + 0.65) / len(excess)
    weighted = float((weights * excess).mean())
    shape = min(max(2 - mean / (mean - 2 * weighted), 0.0), MAX_SHAPE)
    return shape, mean * (1 - shape)
