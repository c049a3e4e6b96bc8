"""Where the evidence of a finding is, as a closed line on the film; no outline of disease."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cxr_triage.domain import CropBox, Finding
from cxr_triage.imaging.heatmap import shown, upsample

GRID: Final = 64
RAYS: Final = 32
HALF: Final = 0.5
"""Of the way from the map's floor to its peak, as on paper."""

Polyline = NDArray[np.float64]
"""[n, 2] of column and row, the first again at the end."""


def region(finding: Finding, crop: CropBox, rows: int, columns: int) -> Polyline | None:
    """Around the peak, as far as the map is over half of it; None where it shows nothing."""
    seen = shown(finding)
    if seen.blank:
        return None
    strength = upsample(seen.strength, GRID)
    peak_row, peak_column = np.unravel_index(int(np.argmax(strength)), strength.shape)
    limit = HALF * float(strength[peak_row, peak_column])
    points = [
        _edge(strength, float(peak_row), float(peak_column), 2 * math.pi * ray / RAYS, limit)
        for ray in range(RAYS)
    ]
    scale = crop.side / GRID
    placed = [
        (
            min(max(crop.left + (column + 0.5) * scale, 0.0), float(columns)),
            min(max(crop.top + (row + 0.5) * scale, 0.0), float(rows)),
        )
        for row, column in points
    ]
    return np.array([*placed, placed[0]], np.float64)


def _edge(
    strength: NDArray[np.float32], row: float, column: float, angle: float, limit: float
) -> tuple[float, float]:
    """The last place along a ray that is over the limit; a cell away at the least."""
    step_row, step_column = math.sin(angle), math.cos(angle)
    length = 1.0
    while length < 2 * GRID:
        at_row, at_column = row + length * step_row, column + length * step_column
        inside = 0 <= round(at_row) < GRID and 0 <= round(at_column) < GRID
        if not inside or strength[round(at_row), round(at_column)] < limit:
            break
        length += 0.5
    return row + length * step_row, column + length * step_column
