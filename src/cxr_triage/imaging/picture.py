"""PNG, JPEG and TIFF to grey values, by Pillow. Runs in the worker processes alone."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from cxr_triage.errors import UnreadableImage, UnsupportedImage

Image.MAX_IMAGE_PIXELS = None  # rows × columns was checked against our own limit before
ImageFile.LOAD_TRUNCATED_IMAGES = False

FORMATS = ("PNG", "JPEG", "TIFF")
SIXTEEN_BIT_MODES = {"I;16", "I;16L", "I;16B", "I;16N"}
TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 262, 0


def decode(data: bytes) -> NDArray[Any]:
    """u8 or u16 [H, W], upright, bright = dense as the picture shows it.

    Colour becomes luminance (ITU-R BT.601, as Pillow does); what is transparent is black.
    Raises UnreadableImage if the file is cut off, UnsupportedImage for other pixel types.
    """
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.load()
        grey = _sixteen_bit(image) if _is_sixteen_bit(image) else _eight_bit(image)
    if grey.size == 0:
        raise UnreadableImage("broken_frame")
    return grey


def _is_sixteen_bit(image: Image.Image) -> bool:
    """A 16-bit PNG opens as mode I in older releases of Pillow."""
    return image.mode in SIXTEEN_BIT_MODES or (image.mode == "I" and image.format == "PNG")


def _sixteen_bit(image: Image.Image) -> NDArray[Any]:
    transposed = ImageOps.exif_transpose(image)
    grey = np.asarray(transposed).astype(np.uint16)
    tags = getattr(image, "tag_v2", None)
    if tags is not None and tags.get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO:
        grey = np.uint16(65535) - grey
    return grey


def _eight_bit(image: Image.Image) -> NDArray[Any]:
    if image.mode in {"I", "F"}:
        raise UnsupportedImage("picture_pixel_type", measured=image.mode)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in {"LA", "La", "RGBA", "RGBa", "PA"} or "transparency" in upright.info:
        coloured = upright.convert("RGBA")
        black = Image.new("RGBA", coloured.size, (0, 0, 0, 255))
        upright = Image.alpha_composite(black, coloured).convert("RGB")
    if upright.mode in {"P", "CMYK", "YCbCr", "LAB", "HSV"}:
        upright = upright.convert("RGB")
    return np.asarray(upright.convert("L"))
