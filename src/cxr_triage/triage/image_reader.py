"""From a file's bytes to an image that was judged and is ready to be scored if it may be."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cxr_triage.domain import (
    F32,
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
from cxr_triage.imaging.decoding.pool import INTERRUPTED, Decoder
from cxr_triage.imaging.dicom.ages import AGES_CONTRADICT
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.own_film import on_picture, own_film
from cxr_triage.imaging.prepare import AS_IT_IS, prepare
from cxr_triage.imaging.source import ImageFile, open_image
from cxr_triage.triage.ages import adult_said
from cxr_triage.triage.anyway import overruled
from cxr_triage.triage.gate import Gate, GateDecision

NOTHING: Final[Mapping[str, Any]] = {}
"""Nobody knows better than the header."""
Begin = Callable[[F32], "Future[Prepared]"]
UNFINISHED: Final = frozenset(f"decoder_{why}" for why in INTERRUPTED)
"""Codes of errors, and of the reasons for which an image is refused that met them too often."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GatedImage:
    """An image that was read and judged.

    radiograph, sight: None if the header alone decided. prepared: None unless accepted. whole: of
    a picture whose film alone is in `prepared`, the picture as it came, if it may be scored too.
    """

    digest: str = field(repr=False)
    header: Header
    patient: Patient
    eligibility: Eligibility
    radiograph: Radiograph | None = None
    sight: Sight | None = None
    prepared: Prepared | None = None
    whole: Prepared | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[Prepared, ...]:
        """What is scored; the most urgent result counts, the first of those that are equal."""
        if self.prepared is None:
            return ()
        return (self.prepared,) if self.whole is None else (self.prepared, self.whole)


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
        *,
        anyway: bool = False,
        adult: bool = False,
        unfinished: str = "",
    ) -> GatedImage:
        """Read and judge one file's bytes, for a model of `size`. Raises ImageError.

        bits: that a picture's values have, where its sender says so. instead: fields of a DICOM
        header that somebody knows better, and what they are. anyway: somebody who looked at the
        film wants it read if it is refused for its looks alone.
        adult: somebody says that whoever is shown without an age is 15 years old or older.
        unfinished: why nobody could finish reading the pixels (a code of UNFINISHED): they are
        not tried again, and the image is refused for it.
        """
        image, gated = self._open(data, bits, instead)
        if gated.eligibility.status == "refer":
            return gated
        if unfinished:
            refusal = Eligibility(status="refer", reasons=(Reason(code=unfinished),))
            return replace(gated, eligibility=_merged(gated.eligibility, refusal))
        if adult:
            gated = replace(gated, eligibility=adult_said(gated.eligibility, gated.header))
        with ThreadPoolExecutor(1) as aside:  # Pillow leaves the interpreter lock to the gate
            gated, seen = self._judged(gated, image, lambda one: aside.submit(prepare, one, size))
            if anyway:
                gated = replace(gated, eligibility=overruled(gated.eligibility))
            if gated.eligibility.status == "refer":
                return gated
            with timed(gated.timings_ms, "prepare"):
                return _prepared(gated, seen, size)

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
        same_age = header.age_years == image.header.age_years
        with timed(timings, "gate"):
            decision = self._gate.check_header(header)
        warnings = [one for one in image.warnings if one.code != AGES_CONTRADICT or same_age]
        first = Eligibility(status="accept", warnings=(*self._marks, *warnings))
        return image, GatedImage(
            digest=image.digest,
            header=header,
            patient=image.patient,
            eligibility=_merged(decision, first),
            timings_ms=timings,
        )

    def _judged(
        self, gated: GatedImage, image: ImageFile, begin: Begin | None = None
    ) -> tuple[GatedImage, "_Seen"]:
        """begin: starts to prepare the picture as it came, which nearly every one is scored as."""
        with timed(gated.timings_ms, "read"):
            radiograph = image.decode(self._decoder)
        straight = None if begin is None else begin(radiograph.pixels)
        with timed(gated.timings_ms, "gate"):
            film = own_film(radiograph)
            whole = self._gate.judge(radiograph)
            decision = whole if film is None else self._gate.judge(film)
        if film is not None and _refused(decision) and not _refused(whole):
            film, decision = None, whole
        shown = radiograph if film is None else replace(film, pixels=radiograph.pixels)
        judged = replace(
            gated,
            eligibility=_merged(gated.eligibility, decision.eligibility),
            radiograph=shown,
            sight=decision.sight,
        )
        return judged, _Seen(radiograph, film, decision, whole, straight)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture, its film where that is not all of it, and the verdicts of what is scored and of
    the picture as it came. straight: the picture prepared as it is, once that is done."""

    picture: Radiograph
    film: Radiograph | None
    decision: GateDecision
    whole: GateDecision
    straight: "Future[Prepared] | None"

    def prepared(self, size: int, correction: PixelCorrection) -> Prepared:
        """The picture, put right."""
        if self.straight is not None and correction == AS_IT_IS:
            return self.straight.result()
        return prepare(self.picture.pixels, size, correction)


def _prepared(gated: GatedImage, seen: _Seen, size: int) -> GatedImage:
    film = seen.film
    if film is None:
        return replace(gated, prepared=seen.prepared(size, seen.decision.correction))
    alone = prepare(film.pixels, size, seen.decision.correction)
    alone = replace(alone, crop=on_picture(alone.crop, film.pixel_policy.film))
    if _refused(seen.whole):
        return replace(gated, prepared=alone)
    whole = seen.prepared(size, seen.whole.correction)
    return replace(gated, prepared=alone, whole=whole)


def _refused(decision: GateDecision) -> bool:
    return decision.eligibility.status == "refer"


def _merged(first: Eligibility, second: Eligibility) -> Eligibility:
    reasons = (*first.reasons, *second.reasons)
    warnings = tuple(dict.fromkeys((*first.warnings, *second.warnings)))
    return Eligibility(status="refer" if reasons else "accept", reasons=reasons, warnings=warnings)


def unfinished(eligibility: Eligibility) -> str:
    """The code of UNFINISHED for which it was refused; empty: it was not."""
    codes = (reason.code for reason in eligibility.reasons)
    return next((code for code in codes if code in UNFINISHED), "")


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Add the milliseconds spent inside to `timings[stage]`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        timings[stage] = timings.get(stage, 0.0) + (time.perf_counter() - start) * 1000
