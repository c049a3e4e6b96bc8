"""DICOM files for tests: real pixels, and whatever header a test is about."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from cxr_triage.domain import Radiograph
from cxr_triage.imaging.source import Limits, open_image

LITTLE, IMPLICIT = ExplicitVRLittleEndian, ImplicitVRLittleEndian
BIG, DEFLATED, RLE = ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless
BASELINE, EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
LOSSLESS, LOSSLESS_SV1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEGLS, JPEGLS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS, J2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS, JPEGXL_LOSSLESS = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110"
ENCAPSULATED_RAW = "1.2.840.10008.1.2.1.98"
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"


def real_file(name: str) -> bytes:
    """A file of pydicom's or pydicom-data's test sets."""
    return Path(get_testdata_file(name)).read_bytes()


@cache
def chest(bits: int = 15, rows: int = 160, columns: int = 130) -> np.ndarray:
    """A piece of a real chest radiograph (lung, ribs, heart) in `bits` bits."""
    whole = pixel_array(get_testdata_file("RG1_UNCR.dcm"))
    piece = whole[600 : 600 + 4 * rows : 4, 800 : 800 + 4 * columns : 4]
    piece = piece >> (15 - bits) if bits <= 15 else piece * 2
    return np.ascontiguousarray(piece.astype(np.uint8 if bits <= 8 else np.uint16))


def dataset(pixels: np.ndarray, bits: int | None = None, **attributes: Any) -> Dataset:
    """A CR data set of `pixels`; attributes of value None are left out."""
    size = pixels.dtype.itemsize * 8
    ds = Dataset()
    defaults = {
        "SOPClassUID": COMPUTED_RADIOGRAPHY,
        "SOPInstanceUID": "1.2.3",
        "Modality": "CR",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": size,
        "BitsStored": bits or size,
        "HighBit": (bits or size) - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }
    for name, value in (defaults | attributes).items():
        if value is not None:
            setattr(ds, name, value)
    return ds


def dicom(
    pixels: np.ndarray,
    bits: int | None = None,
    *,
    syntax: str = LITTLE,
    frame: bytes | None = None,
    preamble: bool = True,
    **attributes: Any,
) -> bytes:
    """A DICOM file; `frame` is the compressed frame of an encapsulated syntax."""
    ds = dataset(pixels, bits, **attributes)
    if frame is not None:
        ds.PixelData = encapsulate([frame], has_bot=False)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    else:
        order = ">" if syntax == BIG else "<"
        raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        ds.PixelData = raw + b"\0" * (len(raw) % 2)
        ds["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    return written(ds, syntax, preamble=preamble)


def written(ds: Dataset, syntax: str = LITTLE, *, preamble: bool = True) -> bytes:
    if syntax == JPEGXL_LOSSLESS:  # pydicom does not know it
        known = written(ds, HTJ2K_LOSSLESS)
        return known.replace(HTJ2K_LOSSLESS.encode(), syntax.encode())
    buffer = io.BytesIO()
    encoding = {"implicit_vr": syntax == IMPLICIT, "little_endian": syntax != BIG}
    if not preamble:
        dcmwrite(buffer, ds, **encoding)
        return buffer.getvalue()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", "1.2")
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
    dcmwrite(buffer, ds, enforce_file_format=True, **encoding)
    return buffer.getvalue()


def rle(pixels: np.ndarray, bits: int) -> bytes:
    ds = dataset(pixels, bits)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = LITTLE
    ds.PixelData = pixels.tobytes()
    ds.compress(RLE, encoding_plugin="pydicom", generate_instance_uid=False)
    return written(ds, RLE)


def lut_item(first: int, bits: int, data: bytes | list[int], count: int | None = None) -> Dataset:
    """An item of a Modality or VOI LUT Sequence."""
    item = Dataset()
    entries = len(data) if count is None else count
    item.add_new(0x00283002, "SS" if first < 0 else "US", [entries % 65536, first, bits])
    if isinstance(data, bytes):
        item.add_new(0x00283006, "OW", data)
    else:
        item.add_new(0x00283006, "US", data)
    return item


class NoDecoder:
    """Fails the test if an uncompressed image asks for native code."""

    def decode(self, job: object) -> np.ndarray:
        raise AssertionError("no decoder is needed for this image")


def read(data: bytes, decoder: Any = None, limits: Limits | None = None) -> Radiograph:
    return open_image(data, limits or Limits()).decode(decoder or NoDecoder())


def codes(film: Radiograph) -> list[str]:
    return [warning.code for warning in film.warnings]


def jpeg(pixels: np.ndarray, bits: int, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(pixels, bitspersample=bits, **options))


def jpeg2000(pixels: np.ndarray, bits: int, level: int = 0, **options: Any) -> bytes:
    options = {"codecformat": "j2k", "reversible": level == 0} | options
    return bytes(imagecodecs.jpeg2k_encode(pixels, level=level, bitspersample=bits, **options))
