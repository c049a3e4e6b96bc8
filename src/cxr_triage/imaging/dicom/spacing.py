"""How large a pixel is, and whether it is square."""

from typing import Final

from cxr_triage.domain import Reason
from cxr_triage.imaging.dicom.dataset import DataSet
from cxr_triage.imaging.dicom.numbers import read_numbers

SPACINGS: Final = (0x00280030, 0x00181164, 0x00182010)
"""Pixel, Imager Pixel and Nominal Scanned Pixel Spacing: between rows, between columns."""
ASPECT_RATIO: Final = 0x00280034


def spacing_mm(ds: DataSet, warnings: list[Reason]) -> tuple[float, float] | None:
    """(rows, columns) of the first spacing that says something; 0 is unknown.

    Raises UnreadableImage if one before it is there but cannot be read.
    """
    for tag in SPACINGS:
        values = read_numbers(ds, tag, 2, warnings, unit="MM")
        if values and min(values) > 0:
            return values[0], values[1]
    return None


def pixel_height_over_width(ds: DataSet, warnings: list[Reason]) -> float:
    """How much taller than wide a pixel is; 1 where nothing says so. Raises UnreadableImage."""
    spacing = spacing_mm(ds, warnings)
    if spacing is None:
        aspect = read_numbers(ds, ASPECT_RATIO, 2, warnings)
        spacing = (aspect[0], aspect[1]) if aspect and min(aspect) > 0 else (1.0, 1.0)
    return spacing[0] / spacing[1]
