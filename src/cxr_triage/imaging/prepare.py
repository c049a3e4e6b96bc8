"""From a radiograph to the model's input, and to what people see."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_triage.domain import F32, CropBox, PixelCorrection, Prepared, read_only

SQUARE_TOLERANCE = 0.01
BLACK = -1024.0
AS_IT_IS = PixelCorrection()


def prepare(pixels: F32, size: int, correction: PixelCorrection = AS_IT_IS) -> Prepared:
    """The centre square of pixels [H, W], put right, resized to f32 [1, size, size].

    Antialiased bilinear, as torch's interpolate does it (measured: within 0.013 on ±1024).
    """
    upright = corrected(pixels, correction)
    crop = crop_box(upright.shape)
    square = upright[crop.top : crop.top + crop.side, crop.left : crop.left + crop.side]
    resized = resize(square, (size, size))
    return Prepared(
        tensor=read_only(resized[np.newaxis]),
        crop=turned_box(crop, upright.shape, correction.quarter_turns),
        quarter_turns=correction.quarter_turns,
    )


def corrected(pixels: F32, correction: PixelCorrection) -> F32:
    """pixels [H, W] in ±1024 turned upright, bright = dense; padding stays black.

    A quarter turn swaps H and W.
    """
    upright = np.rot90(pixels, -correction.quarter_turns)
    if not correction.inverted:
        return upright
    return np.where(upright == BLACK, BLACK, -upright) if correction.padded else -upright


def turned_box(crop: CropBox, shape: tuple[int, ...], quarter_turns: int) -> CropBox:
    """Where `crop` of an image [rows, columns] lies once the image is turned so many quarters
    counter-clockwise, as numpy.rot90 does it."""
    (rows, columns), top, left, side = shape, crop.top, crop.left, crop.side
    places = (
        (top, left),
        (columns - left - side, top),
        (rows - top - side, columns - left - side),
        (left, rows - top - side),
    )
    top, left = places[quarter_turns % 4]
    return CropBox(top=top, left=left, side=side)


def letterbox(pixels: F32, size: int) -> F32:
    """The whole of pixels [H, W], centred on black, as f32 [1, size, size].

    Large images are reduced by averaging boxes first, to twice the size: quick, and enough
    where nothing small is looked for.
    """
    height, width = pixels.shape
    scale = size / max(height, width)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    small = image.resize(inner, Image.Resampling.BILINEAR, reducing_gap=2.0)
    box = np.full((1, size, size), BLACK, np.float32)
    top, left = (size - inner[1]) // 2, (size - inner[0]) // 2
    box[0, top : top + inner[1], left : left + inner[0]] = np.asarray(small)
    return box


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
