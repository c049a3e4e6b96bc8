"""What happens to films on their way: exposure, sharpness, how the plate lay, what was cut off."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

PixelArray = NDArray[Any]
"""Stored values, u16 [rows, columns]."""

Guise = Callable[[PixelArray], PixelArray]


def as_taken(stored: PixelArray) -> PixelArray:
    return stored


def exposed(gamma: float) -> Guise:
    """Darker or brighter in the middle of the scale."""

    def change(stored: PixelArray) -> PixelArray:
        top = int(stored.max()) or 1
        return (top * (stored / top) ** gamma).astype(np.uint16)

    return change


def flat(contrast: float, brightness: float) -> Guise:
    """Less contrast; both as a share of the scale."""

    def change(stored: PixelArray) -> PixelArray:
        top = int(stored.max())
        return np.clip(stored * contrast + brightness * top, 0, top).astype(np.uint16)

    return change


def blurred(radius: float) -> Guise:
    """The patient moved."""

    def change(stored: PixelArray) -> PixelArray:
        picture = Image.fromarray((stored >> 7).astype(np.uint8))
        return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius))).astype(np.uint16) << 7

    return change


def closer(share: float) -> Guise:
    """Collimated tighter: so much of each side is left."""

    def change(stored: PixelArray) -> PixelArray:
        rows, columns = stored.shape
        top, left = int(rows * (1 - share) / 2), int(columns * (1 - share) / 2)
        return stored[top : rows - top, left : columns - left]

    return change


def low(stored: PixelArray) -> PixelArray:
    """The plate lay low: the apices are cut."""
    return stored[len(stored) // 8 :]


def turned(stored: PixelArray) -> PixelArray:
    """The plate lay across."""
    return np.rot90(stored)


def mirrored(stored: PixelArray) -> PixelArray:
    """The plate was read from behind."""
    return stored[:, ::-1]


def negative(stored: PixelArray) -> PixelArray:
    """Dark and bright changed places."""
    return np.asarray(stored.max() - stored)


def upper_half(stored: PixelArray) -> PixelArray:
    """The lower half is missing."""
    return stored[: len(stored) // 2]
