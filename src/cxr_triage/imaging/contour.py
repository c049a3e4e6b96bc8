"""A line around the strongest part of an evidence map, for prints without colour.

On grey paper a bright place of the map and a bright place of the film look alike; a broken
line in black and white does not. It encloses what is over half of the way from the map's
floor to its peak, and like the map it does not outline disease.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HALF: Final = 128
"""Of a strength of 0 to 255."""

DASH: Final = 8
"""Pixels of the display of a dash, and of the gap after it."""

BoolMask = NDArray[np.bool_]


def contoured(picture: Image.Image, strength: NDArray[np.uint8]) -> Image.Image:
    """The display image (RGB) with the line, by how strongly the map shows, u8 [H, W]."""
    rows, columns = np.nonzero(_widened(_edge(strength >= HALF)))
    white = (rows + columns) % (2 * DASH) < DASH
    pixels = np.array(picture)
    pixels[rows, columns] = np.where(white, 255, 0)[:, None]
    return Image.fromarray(pixels)


def _edge(inside: BoolMask) -> BoolMask:
    """The places inside that have a neighbour outside; the picture's border is no edge."""
    padded = np.pad(inside, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core


def _widened(edge: BoolMask) -> BoolMask:
    """The places and their eight neighbours."""
    tall = edge.copy()
    tall[1:] |= edge[:-1]
    tall[:-1] |= edge[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide
