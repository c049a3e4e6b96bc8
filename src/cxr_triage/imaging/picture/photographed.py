"""Was a picture taken with a camera? Runs in the worker processes alone.

A telephone that photographs a film on a screen or a light box leaves its settings in the file
(Exif), or, where a messenger took them out, a tint over the whole picture: an export of a
radiograph is grey. A photograph that was made grey and lost its Exif is not told.
"""

import io
from typing import Final

import numpy as np
from PIL import Image

from cxr_triage.imaging.picture.pixels import FORMATS

EXIF: Final = 0x8769
MAKE, MODEL = 0x010F, 0x0110
EXPOSURE: Final = frozenset({0x829A, 0x829D, 0x8827, 0x9201, 0x9202, 0x9209, 0x920A})
"""Exposure time, F number, sensitivity, shutter speed, aperture, flash, focal length."""
LENS: Final = frozenset({0xA432, 0xA433, 0xA434})

SIDE: Final = 512
DARK: Final = 40
"""In what is darker a tint does not show."""
TINT: Final = 12
TINTED_SHARE: Final = 0.5
"""Coloured marks on an export are far less."""


def was_photographed(data: bytes) -> bool:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        return _by_camera(image) or _tinted(image)


def _by_camera(image: Image.Image) -> bool:
    """A TIFF with a maker alone is more often a scanner's."""
    exif = image.getexif()
    settings = set(exif.get_ifd(EXIF)) | set(exif)
    named = bool(exif.get(MAKE) and exif.get(MODEL)) and image.format != "TIFF"
    return named or bool(settings & (EXPOSURE | LENS))


def _tinted(image: Image.Image) -> bool:
    if image.mode not in {"RGB", "RGBA", "P", "YCbCr", "CMYK"}:
        return False
    image.draft("RGB", (SIDE, SIDE))
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    pixels = np.asarray(image.convert("RGB")).astype(np.int16)
    lit = pixels[pixels.max(axis=2) > DARK]
    return bool(lit.size) and float(np.mean(np.ptp(lit, axis=1) > TINT)) > TINTED_SHARE
