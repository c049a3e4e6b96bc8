"""A radiograph as a person wants to see it: windowed by hand instead of by its header."""

import numpy as np

from cxr_triage.domain import F32, Radiograph
from cxr_triage.imaging.grey.lut import Window
from cxr_triage.imaging.grey.stored import look_up
from cxr_triage.imaging.prepare import resize


def windowed(radiograph: Radiograph, window: Window) -> F32:
    """Pixels [H, W] in ±1024 with the window laid over the stored values.

    Which end is dark and padding stay as the header has them; so do square pixels.
    """
    first = radiograph.table_first
    values = np.arange(first, first + len(radiograph.table), dtype=np.float64)
    measured = np.ones(len(values), bool)
    padding = radiograph.pixel_policy.padding
    if padding is not None:
        measured[padding[0] - first : padding[1] - first + 1] = False
    shown = radiograph.table[measured]
    falling = bool(shown.size and shown[0] > shown[-1])  # MONOCHROME1, a negative slope …
    unit = window.apply(values)
    table = ((1 - unit if falling else unit) * 2048 - 1024).astype(np.float32)
    table[~measured] = -1024
    indices = radiograph.stored.astype(np.int32) - first
    pixels = look_up(table, indices)
    same = pixels.shape == radiograph.pixels.shape
    return pixels if same else resize(pixels, radiograph.pixels.shape[:2])
