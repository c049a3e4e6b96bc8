"""Native decoders behind one name. This module runs in the worker processes alone.

imagecodecs reads every compression of DICOM that is in use here, Pillow the pictures.
It imports nothing heavy, so that a worker starts fast.
"""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from cxr_triage.errors import ImageError, UnreadableImage
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.picture import photographed
from cxr_triage.imaging.picture import pixels as picture

Decoded = NDArray[Any]


def decode_frame(job: DecodeJob) -> Decoded:
    """The frame's stored values, [rows, columns] or [rows, columns, samples], as decoded.

    Raises UnreadableImage or UnsupportedImage; MemoryError if memory runs out.
    """
    try:
        array = CODECS[job.codec](job)
    except (ImageError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 (each codec has its own kinds of error)
        raise UnreadableImage("broken_frame") from None
    if job.codec == "picture" and array.shape == (job.columns, job.rows):
        return np.ascontiguousarray(array)
    shape = (job.rows, job.columns) if job.samples == 1 else (job.rows, job.columns, job.samples)
    if array.shape != shape:
        raise UnreadableImage(
            "size_mismatch",
            rows=job.rows,
            columns=job.columns,
            found=" × ".join(str(side) for side in array.shape),
        )
    return np.ascontiguousarray(array)


def _rle(job: DecodeJob) -> Decoded:
    """PS3.5 Annex G: one segment for each byte of a sample, most significant first."""
    size = job.bits_allocated // 8
    raw = imagecodecs.dicomrle_decode(bytes(job.data), f"<u{size}")
    planes = np.frombuffer(raw, f"<u{size}")
    expected = job.samples * job.rows * job.columns
    if planes.size < expected:
        raise UnreadableImage("truncated_pixels", measured=planes.nbytes, expected=expected * size)
    planes = planes[:expected]
    if job.samples == 1:
        return planes.reshape(job.rows, job.columns)
    return planes.reshape(job.samples, job.rows, job.columns).transpose(1, 2, 0)


def _jpeg(job: DecodeJob) -> Decoded:
    """Baseline, extended (8 and 12 bits), progressive and lossless, 2 to 16 bits.

    Not `ljpeg_decode`: it crashes on damaged frames.
    """
    return np.asarray(imagecodecs.jpeg8_decode(bytes(job.data)))


def _jpegls(job: DecodeJob) -> Decoded:
    return np.asarray(imagecodecs.jpegls_decode(bytes(job.data)))


def _jpeg2000(job: DecodeJob) -> Decoded:
    """Also high-throughput JPEG 2000: OpenJPEG reads both."""
    return np.asarray(imagecodecs.jpeg2k_decode(bytes(job.data), numthreads=1))


def _jpegxl(job: DecodeJob) -> Decoded:
    return np.asarray(imagecodecs.jpegxl_decode(bytes(job.data), numthreads=1))


def _picture(job: DecodeJob) -> Decoded:
    return picture.decode(bytes(job.data), deep=job.bits_allocated > 8)


def _photographed(job: DecodeJob) -> Decoded:
    return np.full((1, 1), photographed.was_photographed(bytes(job.data)), np.uint8)


CODECS: dict[str, Callable[[DecodeJob], Decoded]] = {
    "rle": _rle,
    "jpeg": _jpeg,
    "jpegls": _jpegls,
    "jpeg2000": _jpeg2000,
    "jpegxl": _jpegxl,
    "picture": _picture,
    "photographed": _photographed,
}
