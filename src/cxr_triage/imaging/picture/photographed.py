"""Was a picture taken with a camera? Runs in the worker processes alone.

A telephone that photographs a film on a screen or a light box leaves its settings in the file
(Exif), or, where a messenger took them out, a tint over the whole picture: an export of a
radiograph is grey. One that was made grey and lost its Exif is told by the bars that the camera's
and the screen's rasters make together (moiré), where there are any.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_triage.imaging.picture.pixels import FORMATS

F64 = NDArray[np.float64]

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

CYCLES: Final = (0.08, 0.48)
"""Bars a pixel, from coarser than which anatomy has its own."""
AXIS: Final = 0.012
"""Bars along the picture's sides are of grids, of fields that read lines, and of JPEG."""
FEW: Final = 20
RING: Final = 0.01
"""Width of the rings of the spectrum within which a bar stands out."""
BARRED: Final = 5.5
"""Deviations of its ring: of 1,618 radiographs as they were exported none reaches so far; of those
with bars of 4 % of their brightness 9 in 10 do."""


def was_photographed(data: bytes) -> bool:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        return _by_camera(image) or _tinted(image) or _barred(image)


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


def _barred(image: Image.Image) -> bool:
    """Does one wave run all over the picture, askew, that stands out of its spectrum?"""
    if image.mode.startswith(("I", "F")):  # no camera's
        return False
    image.draft("L", (SIDE, SIDE))
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(image.convert("L"), np.float32)
    edges = np.outer(*(np.hanning(side) for side in grey.shape))
    spectrum = np.log(np.abs(np.fft.rfft2((grey - grey.mean()) * edges)) + 1e-3)
    down = np.abs(np.fft.fftfreq(grey.shape[0]))[:, None]
    across = np.fft.rfftfreq(grey.shape[1])[None]
    cycles = np.hypot(down, across)
    told = (np.minimum(down, across) > AXIS) & (cycles > CYCLES[0]) & (cycles < CYCLES[1])
    values, rings = spectrum[told], (cycles[told] / RING).astype(int)
    return any(_stands_out(values[rings == ring]) for ring in np.unique(rings))


def _stands_out(values: F64) -> bool:
    middle = np.median(values)
    deviation = 1.4826 * np.median(np.abs(values - middle))
    return values.size > FEW and bool(values.max() - middle > BARRED * deviation > 0)
