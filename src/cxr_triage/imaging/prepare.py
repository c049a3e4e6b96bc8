"""From a radiograph to the model's input, and to what people see."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_triage.domain import F32, CropBox, Prepared, read_only

SQUARE_TOLERANCE = 0.01


def prepare(pixels: F32, size: int) -> Prepared:
    """The centre square of pixels [H, W], resized to f32 [1, size, size].

    Antialiased bilinear, as torch's interpolate does it (measured: within 0.013 on ±1024).
    """
    crop = crop_box(pixels.shape)
    square = pixels[crop.top : crop.top + crop.side, crop.left : crop.left + crop.side]
    resized = resize(square, (size, size))
    return Prepared(tensor=read_only(resized[np.newaxis]), crop=crop)


def crop_box(shape: tuple[int, ...]) -> CropBox:
    """The centre square of an image [rows, columns].

    Source: torchxrayvision.datasets.XRayCenterCrop, the same integer arithmetic.
    """
    rows, columns = shape
    side = min(rows, columns)
    return CropBox(top=rows // 2 - side // 2, left=columns // 2 - side // 2, side=side)


def resize(pixels: F32, shape: tuple[int, int]) -> F32:
    """pixels [H, W] as f32 [rows, columns].

    Cropping comes before, not by Pillow's `box`: its filter would look outside the box.
    """
    rows, columns = shape
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(image.resize((columns, rows), Image.Resampling.BILINEAR), np.float32)


def make_square(pixels: F32, height_over_width: float) -> F32 | None:
    """pixels [H, W] with square pixels; None if they are square already, to 1 %.

    The finer axis is reduced to the coarser, antialiased: nothing is invented, and no
    header can make the image grow.
    """
    if abs(height_over_width - 1) <= SQUARE_TOLERANCE:
        return None
    rows, columns = pixels.shape
    if height_over_width < 1:
        rows = max(1, round(rows * height_over_width))
    else:
        columns = max(1, round(columns / height_over_width))
    return resize(pixels, (rows, columns))


def display(pixels: F32) -> NDArray[np.uint8]:
    """pixels in ±1024 as u8, for people."""
    grey: NDArray[np.uint8] = np.clip((pixels + 1024) * (255 / 2048) + 0.5, 0, 255).astype("u1")
    return grey
