"""Pictures to grey values, by Pillow and imagecodecs. Runs in the worker processes alone."""

import io
from typing import Any, Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from cxr_triage.errors import UnreadableImage, UnsupportedImage
from cxr_triage.imaging.picture.formats import JPEG2000, PNG, TIFFS
from cxr_triage.imaging.picture.header import BITS, ORIENTATION, PHOTOMETRIC, tiff_pages

Image.MAX_IMAGE_PIXELS = None  # rows × columns was checked against our own limit before
ImageFile.LOAD_TRUNCATED_IMAGES = False

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000")
SIXTEEN_BIT_MODES = {"I;16", "I;16L", "I;16B", "I;16N"}
TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
EXIF_ORIENTATION: Final = 0x0112


def decode(data: bytes, *, deep: bool = False) -> NDArray[Any]:
    """u8 or u16 [H, W], upright, bright = dense as the picture shows it.

    Colour becomes luminance (ITU-R BT.601, as Pillow does), in 8 bits unless `deep`; what is
    transparent is black. Samples of 9 to 15 bits keep their values.
    Raises UnreadableImage if the file is cut off, UnsupportedImage for other pixel types.
    """
    if data.startswith(JPEG2000):
        grey = _grey(np.asarray(imagecodecs.jpeg2k_decode(data, numthreads=1)))
    elif data[:4] in TIFFS and (deep or _is_packed(data)):
        grey = _deep_tiff(data)
    elif deep and data.startswith(PNG):
        grey = _turned(_grey(np.asarray(imagecodecs.png_decode(data))), _orientation(data))
    else:
        grey = _by_pillow(data)
    if grey.size == 0:
        raise UnreadableImage("broken_frame")
    return grey


def _by_pillow(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        image.load()
        return _sixteen_bit(image) if _is_sixteen_bit(image) else _eight_bit(image)


def _is_packed(data: bytes) -> bool:
    """Pillow reads 12 bits of a sample in one of many forms, and no other odd number."""
    return 8 < max(next(tiff_pages(data)).get(BITS, (1,))) < 16


def _deep_tiff(data: bytes) -> NDArray[Any]:
    page = next(tiff_pages(data))
    bits = max(page[BITS])
    grey = _grey(np.asarray(imagecodecs.tiff_decode(data)))
    if page.get(PHOTOMETRIC) == (WHITE_IS_ZERO,):
        grey = np.array((1 << bits) - 1, grey.dtype) - grey
    return _turned(grey, page.get(ORIENTATION, (1,))[0])


def _orientation(data: bytes) -> int:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))


def _turned(grey: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Upright, by the Exif orientation 1 to 8 (TIFF 6.0, Orientation)."""
    flat = grey.T if orientation in {5, 6, 7, 8} else grey
    if orientation in {3, 4, 7, 8}:
        flat = flat[::-1]
    if orientation in {2, 3, 6, 7}:
        flat = flat[:, ::-1]
    return np.ascontiguousarray(flat)


def _grey(samples: NDArray[Any]) -> NDArray[Any]:
    """[H, W] of u8 or u16 [H, W] or [H, W, grey, grey + alpha, RGB or RGBA]."""
    if samples.dtype not in (np.uint8, np.uint16) or samples.ndim not in {2, 3}:
        raise UnsupportedImage("picture_pixel_type", measured=str(samples.dtype))
    if samples.ndim == 2:
        return samples
    count = samples.shape[2]
    wide = samples.astype(np.uint64)
    if count in {1, 2}:
        grey = wide[..., 0]
    elif count in {3, 4}:
        red, green, blue = (wide[..., channel] for channel in range(3))
        grey = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> np.uint64(16)
    else:
        raise UnsupportedImage("picture_pixel_type", measured=count)
    if count in {2, 4}:
        grey = grey * wide[..., -1] // np.uint64(np.iinfo(samples.dtype).max)
    return grey.astype(samples.dtype)


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
