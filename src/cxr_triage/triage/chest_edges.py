"""At which edge of a picture is the chest cut off? One linear rule a side.

`chest_edges.npz` holds their weights; `scripts/fit_chest_edges.py` made it. A picture that is
longer one way than any plate says by its shape alone that something may be missing there.
"""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from cxr_triage.domain import F32, Reason, read_only

WEIGHTS: Final = Path(__file__).with_name("chest_edges.npz")
SIDES: Final = ("apex", "right", "base", "left")
"""What lies at the top, right, bottom and left of an upright film, as the picture shows it."""
LIMITS: Final = {"apex": 1.3, "right": 1.95, "base": 1.75, "left": 1.95}
"""Log-odds from which on a side counts as cut off: 1 in 100 whole films of the val patients."""
LIMIT_BY_SHAPE: Final = 0.3
LONGEST_PLATE: Final = 1.27
"""Longer side over shorter: 35 × 43 cm and a little."""
CELLS: Final = 24


def check_edges(pixels: F32) -> tuple[Reason, ...]:
    """Which edges of an upright film [H, W] in ±1024 cut the chest off."""
    rows, columns = pixels.shape
    seen = standardised(pixels)
    scores = {name: _score(seen, name) for name in SIDES}
    limits = dict(LIMITS)
    if columns > LONGEST_PLATE * rows:
        limits[max(("apex", "base"), key=scores.__getitem__)] = LIMIT_BY_SHAPE
    if rows > LONGEST_PLATE * columns:
        limits[max(("left", "right"), key=scores.__getitem__)] = LIMIT_BY_SHAPE
    return tuple(
        Reason(
            code=f"cut_{name}", measured=_certainty(scores[name]), limit=_certainty(limits[name])
        )
        for name in SIDES
        if scores[name] > limits[name]
    )


def score(pixels: F32, name: str) -> float:
    """Log-odds that the chest is cut off at that side."""
    return _score(standardised(pixels), name)


def _score(seen: F32, name: str) -> float:
    rule = _rules()[name]
    return float(rule[:-1] @ np.rot90(seen, SIDES.index(name)).ravel() + rule[-1])


def features(pixels: F32, side: int) -> F32:
    """f32 [CELLS²]: the film, that side on top, reduced and standardised."""
    return np.rot90(standardised(pixels), side).ravel()


def standardised(pixels: F32) -> F32:
    """f32 [CELLS, CELLS]: the film reduced, with a mean of 0 and a deviation of 1. It takes as long
    as all the rest of a rule, so the four of them share it."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    small: F32 = np.asarray(image.resize((CELLS, CELLS), Image.Resampling.BOX))
    standard: F32 = (small - small.mean()) / (small.std() + np.float32(1e-3))
    return standard


def _certainty(log_odds: float) -> float:
    return round(float(1 / (1 + np.exp(-log_odds))), 3)


@cache
def _rules() -> dict[str, F32]:
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        return {name: read_only(stored[name]) for name in SIDES}
