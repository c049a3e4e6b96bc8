"""From a file's bytes to an image that was judged and is ready to be scored if it may be."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cxr_triage.domain import (
    Eligibility,
    Header,
    Patient,
    PixelCorrection,
    Prepared,
    Radiograph,
    Reason,
    Sight,
)
from cxr_triage.errors import ImageError
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.prepare import prepare
from cxr_triage.imaging.source import ImageFile, open_image
from cxr_triage.triage.gate import Gate

NOTHING: Final[Mapping[str, Any]] = {}
"""Nobody knows better than the header."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GatedImage:
    """An image that was read and judged.

    radiograph, sight: None if the header alone decided. prepared: None unless accepted.
    """

    digest: str = field(repr=False)
    header: Header
    patient: Patient
    eligibility: Eligibility
    radiograph: Radiograph | None = None
    sight: Sight | None = None
    prepared: Prepared | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


class ImageReader:
    """Reads and judges. Safe to call from several threads."""

    def __init__(
        self, *, gate: Gate, decoder: Decoder, limits: Limits, marks: tuple[Reason, ...] = ()
    ) -> None:
        """marks: warnings that every image bears."""
        self._gate = gate
        self._decoder = decoder
        self._limits = limits
        self._marks = marks

    def read(
        self,
        data: bytes,
        size: int,
        bits: int | None = None,
        instead: Mapping[str, Any] = NOTHING,
    ) -> GatedImage:
        """Read and judge one file's bytes, for a model of `size`. Raises ImageError.

        bits: that a picture's values have, where its sender says so. instead: fields of a DICOM
        header that somebody knows better, and what they are.
        """
        image, gated = self._open(data, bits, instead)
        if gated.eligibility.status == "refer":
            return gated
        gated, correction = self._judged(gated, image)
        if gated.eligibility.status == "refer" or gated.radiograph is None:
            return gated
        with timed(gated.timings_ms, "prepare"):
            prepared = prepare(gated.radiograph.pixels, size, correction)
        return replace(gated, prepared=prepared)

    def picture(self, data: bytes, bits: int | None = None) -> Radiograph:
        """The image to look at, whatever the gate says of it. Raises ImageError."""
        return open_image(data, self._limits, bits).decode(self._decoder)

    def inspect(self, data: bytes, bits: int | None = None) -> GatedImage:
        """Read and judge; what the header refuses is looked at too, where it can be decoded.

        Raises ImageError.
        """
        image, gated = self._open(data, bits)
        try:
            return self._judged(gated, image)[0]
        except ImageError:
            if gated.eligibility.status == "accept":
                raise
            return gated

    def _open(
        self, data: bytes, bits: int | None, instead: Mapping[str, Any] = NOTHING
    ) -> tuple[ImageFile, GatedImage]:
        timings: dict[str, float] = {}
        with timed(timings, "read"):
            image = open_image(data, self._limits, bits)
        header = image.header
        if header.source == "dicom" and instead:
            header = replace(header, **instead)
        with timed(timings, "gate"):
            decision = self._gate.check_header(header)
        first = Eligibility(status="accept", warnings=(*self._marks, *image.warnings))
        return image, GatedImage(
            digest=image.digest,
            header=header,
            patient=image.patient,
            eligibility=_merged(decision, first),
            timings_ms=timings,
        )

    def _judged(self, gated: GatedImage, image: ImageFile) -> tuple[GatedImage, PixelCorrection]:
        with timed(gated.timings_ms, "read"):
            radiograph = image.decode(self._decoder)
        with timed(gated.timings_ms, "gate"):
            decision = self._gate.judge(radiograph)
        judged = replace(
            gated,
            eligibility=_merged(gated.eligibility, decision.eligibility),
            radiograph=radiograph,
            sight=decision.sight,
        )
        return judged, decision.correction


def _merged(first: Eligibility, second: Eligibility) -> Eligibility:
    reasons = (*first.reasons, *second.reasons)
    warnings = tuple(dict.fromkeys((*first.warnings, *second.warnings)))
    return Eligibility(status="refer" if reasons else "accept", reasons=reasons, warnings=warnings)


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Add the milliseconds spent inside to `timings[stage]`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        timings[stage] = timings.get(stage, 0.0) + (time.perf_counter() - start) * 1000
