"""A PNG, JPEG or TIFF export of a radiograph as an image."""

import hashlib
from functools import cached_property

import numpy as np

from cxr_triage.domain import (
    F32,
    Header,
    Patient,
    PixelPolicy,
    Radiograph,
    Reason,
    Stored,
    read_only,
)
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.job import DecodeJob
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.photo_header import JPEG, looks_like_picture, read_photo_header
from cxr_triage.imaging.stored import ends_in_fill, look_up, pixel_digest
from cxr_triage.imaging.worker import Decoder

__all__ = ["PhotoFile", "looks_like_picture"]


class PhotoFile:
    """An opened picture: it says nothing of the patient."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Reads the size and checks that the file is whole; no pixel is decoded.

        Raises UnreadableImage or ImageTooLarge.
        """
        self._data = data
        found = read_photo_header(data)
        limits.check_pixels(found.rows, found.columns)
        self.header = Header(
            source="picture",
            rows=found.rows,
            columns=found.columns,
            bits_allocated=found.bits,
            bits_stored=found.bits,
            frames=found.pages,
        )
        self.patient = Patient()
        self.warnings: tuple[Reason, ...] = ()
        if found.pages > 1:
            self.warnings = (Reason(code="first_page_only", measured=found.pages),)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes."""
        return hashlib.sha256(self._data).hexdigest()

    def decode(self, decoder: Decoder) -> Radiograph:
        """The first page, upright, in ±1024; `decoder` does all of it.

        Raises UnreadableImage, UnsupportedImage or DecodingFailed.
        """
        job = DecodeJob(
            codec="picture",
            data=self._data,
            rows=self.header.rows,
            columns=self.header.columns,
        )
        stored = read_only(decoder.decode(job))
        if stored.dtype not in (np.uint8, np.uint16):
            raise UnreadableImage("broken_frame")
        table = _table(stored.dtype.itemsize * 8)
        return Radiograph(
            stored=stored,
            table=table,
            table_first=0,
            pixels=look_up(table, stored),
            header=self.header,
            patient=self.patient,
            pixel_policy=PixelPolicy(output_range=(0.0, float(len(table) - 1))),
            digest=self.digest,
            pixel_digest=pixel_digest(stored),
            warnings=(*self.warnings, *_doubts(self._data, stored)),
        )


def _doubts(data: bytes, stored: Stored) -> tuple[Reason, ...]:
    """A JPEG may be turned: what was decoded last can be at any corner."""
    turned = (stored, stored[::-1], stored[:, ::-1], stored[::-1, ::-1])
    if data.startswith(JPEG) and any(ends_in_fill(way, 8) for way in turned):
        return (Reason(code="may_be_unfinished"),)
    return ()


def _table(bits: int) -> F32:
    """Stored 0 … 2^bits − 1 as −1024 … 1024, with torchxrayvision's own arithmetic."""
    highest = (1 << bits) - 1
    values = np.arange(highest + 1, dtype=np.float32)
    return read_only((2 * (values / np.float32(highest)) - 1) * np.float32(1024))
