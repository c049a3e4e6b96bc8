"""Chest films of which every one is another: other pixels, other UIDs, one real radiograph."""

import io
from functools import cache

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.pixels import pixel_array

from ..conftest import real_image
from ..imaging.films import dicom

ROOT = "1.2.826.0.1.3680043.10.1488"
SIDE = 560


@cache
def _pixels() -> np.ndarray:
    """The real radiograph, u16 [560, 560], small enough to be fast and large enough to pass."""
    whole = pixel_array(dcmread(real_image("RG1_UNCR")))
    square = whole[57 : 57 + 3 * SIDE : 3, 80 : 80 + 3 * SIDE : 3]
    return np.ascontiguousarray(square.astype(np.uint16))


def film(number: int, *, study: int | None = None, mark: int = 0, **attributes) -> bytes:
    """A DICOM chest film whose pixels and UIDs are those of `number`, of the patient of `study`;
    `mark` changes pixels."""
    pixels = _pixels().copy()
    pixels[0, :4] = [number % 30000, number // 30000, mark, 7]
    study = number if study is None else study
    defaults = {
        "PhotometricInterpretation": "MONOCHROME1",
        "StudyInstanceUID": f"{ROOT}.1.{study}",
        "SeriesInstanceUID": f"{ROOT}.2.{number}",
        "SOPInstanceUID": f"{ROOT}.3.{number}",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "PatientAge": "055Y",
        "PatientID": f"P{study}",
        "PatientName": f"NGUYEN^VAN {study}",
        "PatientBirthDate": "19710203",
        "PatientSex": "F",
        "AccessionNumber": f"A{number}",
        "WindowCenter": "11000",
        "WindowWidth": "22000",
    }
    return dicom(pixels, 15, **(defaults | attributes))


def picture(number: int, kind: str = "PNG") -> bytes:
    """The same film as an exported picture."""
    grey = (255 - (_pixels() >> 7)).astype(np.uint8)
    grey[0, :3] = [number % 251, number // 251, 9]
    if kind == "JPEG":  # which loses three values, but not the grey of its blocks
        for place in range(4):
            grey[:8, 8 * place : 8 * place + 8] = 16 * (number >> 4 * place & 15)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, kind)
    return buffer.getvalue()
