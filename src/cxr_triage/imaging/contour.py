"""A line around the strongest part of an evidence map, for prints without colour.

On grey paper a bright place of the map and a bright place of the film look alike; a broken
line in black and white does not. It encloses what is over half of the way from the map's
floor to its peak, and like the map it does not outline disease.
"""

from typing import Final

import numpy as np
from PIL import Image

from cxr_triage.domain import CropBox, Finding
from cxr_triage.imaging.heatmap import strength_on

HALF: Final = 128
"""Of a strength of 0 to 255."""

DASH: Final = 8
"""Pixels of the display of a dash, and of the gap after it."""


def contoured(
    picture: Image.Image, finding: Finding, crop: CropBox, shape: tuple[int, int]
) -> Image.Image:
    """The blended display image (RGB) of an image [H, W], with the line on it."""
    inside = strength_on(picture.size, finding, crop, shape) >= HALF
    edge = _edge(inside)
    wide = _widened(edge)
    pixels = np.array(picture)
    rows, columns = np.ogrid[: edge.shape[0], : edge.shape[1]]
    white = (rows + columns) % (2 * DASH) < DASH
    pixels[wide] = 0
    pixels[wide & white] = 255
    return Image.fromarray(pixels)


def _edge(
    inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """The places inside that have a neighbour outside; the picture's border is no edge."""
    padded = np.pad(inside, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~core


def _widened(
    edge: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """The places and their eight neighbours."""
    tall = edge.copy()
    tall[1:] |= edge[:-1]
    tall[:-1] |= edge[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide
