"""A picture of a radiograph as an image: an export, or a photograph of a film."""

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
    StoredValues,
    read_only,
)
from cxr_triage.errors import UnreadableImage
from cxr_triage.imaging.decoding.job import DecodeJob
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.grey.stored import ends_in_fill, look_up, pixel_digest
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.picture.formats import JPEG
from cxr_triage.imaging.picture.header import read_photo_header


class PhotoFile:
    """An opened picture: it says nothing of the patient."""

    def __init__(self, data: bytes, limits: Limits, bits: int | None = None) -> None:
        """Reads the size and checks that the file is whole; no pixel is decoded.

        bits: that the values have, as the sender says: it counts where the file has more.
        Raises UnreadableImage, UnsupportedImage or ImageTooLarge.
        """
        self._data = data
        self._said = bits
        found = read_photo_header(data)
        self._depth = found.bits
        limits.check_pixels(found.rows, found.columns)
        self.header = Header(
            source="picture",
            rows=found.rows,
            columns=found.columns,
            bits_allocated=8 if found.bits == 8 else 16,
            bits_stored=min(found.bits, bits or found.bits),
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
        bits = self.header.bits_stored
        job = DecodeJob(
            codec="picture",
            data=self._data,
            rows=self.header.rows,
            columns=self.header.columns,
            bits_allocated=16 if bits < self._depth else 8,
        )
        stored = read_only(decoder.decode(job))
        if stored.dtype not in (np.uint8, np.uint16):
            raise UnreadableImage("broken_frame")
        table = _table(8 if stored.dtype == np.uint8 else bits)
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
            warnings=(
                *self.warnings,
                *self._unscaled(stored),
                *_doubts(self._data, stored),
                *_photographed(self._data, decoder),
            ),
        )

    def _unscaled(self, stored: StoredValues) -> tuple[Reason, ...]:
        """Do the values leave the upper bits empty, as detectors' values in a wider file do?

        Raises UnreadableImage if they need more bits than the sender says.
        """
        lost = max(0, self._depth - 8) if stored.dtype == np.uint8 else 0
        used = int(stored.max()).bit_length() + lost
        if used > self.header.bits_stored:
            raise UnreadableImage("bits_exceeded", measured=used, limit=self.header.bits_stored)
        if self._said is not None or self._depth < 16 or used == self._depth:
            return ()
        return (Reason(code="bits_doubtful", measured=used, limit=self._depth),)


def _photographed(data: bytes, decoder: Decoder) -> tuple[Reason, ...]:
    """Was it taken with a camera? See `photographed`; what cannot be told is not said."""
    job = DecodeJob(codec="photographed", data=data, rows=1, columns=1)
    try:
        found = bool(decoder.decode(job).any())
    except UnreadableImage:
        return ()
    return (Reason(code="photographed"),) if found else ()


def _doubts(data: bytes, stored: StoredValues) -> tuple[Reason, ...]:
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
