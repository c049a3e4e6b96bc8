"""The path of one image, from bytes to an assessment. Every entrance calls it."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cxr_triage.domain import (
    PREPROCESSING_VERSION,
    Assessment,
    Eligibility,
    Header,
    ModelCard,
    Patient,
    Prepared,
    Radiograph,
    Reason,
)
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.prepare import prepare
from cxr_triage.imaging.source import open_image
from cxr_triage.imaging.worker import Decoder
from cxr_triage.model.engine import Engine, Outputs
from cxr_triage.triage.gate import GATE_VERSION, check_header, check_pixels
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.rank import findings_of, priority_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """An image that was read and judged, and is ready to be scored if it may be.

    radiograph: None if the header alone decided. prepared: None unless accepted.
    """

    digest: str = field(repr=False)
    header: Header
    patient: Patient
    eligibility: Eligibility
    radiograph: Radiograph | None = None
    prepared: Prepared | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


class Pipeline:
    """Reads, judges, scores and ranks. Safe to call from several threads."""

    def __init__(self, *, engine: Engine, policy: Policy, decoder: Decoder, limits: Limits) -> None:
        """Raises PolicyInvalid if the policy's thresholds belong to another model."""
        policy.check_model(engine.card)
        self.engine = engine
        self.policy = policy
        self.fingerprint = fingerprint_of(engine.card, policy)
        self._decoder = decoder
        self._limits = limits

    def assess(self, data: bytes) -> Assessment:
        """The whole path for one file's bytes. Raises ImageError or ModelError."""
        return self.score([self.read(data)])[0]

    def picture(self, data: bytes) -> Radiograph:
        """The image to look at, whatever the gate says of it. Raises ImageError."""
        return open_image(data, self._limits).decode(self._decoder)

    def read(self, data: bytes) -> Reading:
        """Read and judge one file's bytes. Raises ImageError."""
        timings: dict[str, float] = {}
        with _timed(timings, "read"):
            image = open_image(data, self._limits)
        with _timed(timings, "gate"):
            verdict = check_header(image.header, self.policy.gate)
        reading = Reading(
            digest=image.digest,
            header=image.header,
            patient=image.patient,
            eligibility=_merged(verdict, self._first_warnings(image.warnings)),
            timings_ms=timings,
        )
        if verdict.status == "refer":
            return reading
        with _timed(timings, "read"):
            radiograph = image.decode(self._decoder)
        return self._judge(reading, radiograph)

    def _first_warnings(self, warnings: tuple[Reason, ...]) -> Eligibility:
        """What the policy marks every image with, then what the file's reading warned of."""
        return Eligibility(status="accept", warnings=(*self.policy.warnings, *warnings))

    def _judge(self, reading: Reading, radiograph: Radiograph) -> Reading:
        timings = reading.timings_ms
        with _timed(timings, "gate"):
            pixels = check_pixels(radiograph, self.policy.gate)
            eligibility = _merged(reading.eligibility, pixels)
        prepared = None
        if eligibility.status == "accept":
            with _timed(timings, "prepare"):
                prepared = prepare(radiograph.pixels, self.engine.card.input_size)
        return Reading(
            digest=reading.digest,
            header=reading.header,
            patient=reading.patient,
            eligibility=eligibility,
            radiograph=radiograph,
            prepared=prepared,
            timings_ms=timings,
        )

    def score(self, readings: Sequence[Reading]) -> list[Assessment]:
        """Score those that were accepted, in one batch; an assessment for each reading.

        Raises ModelError if the model returns something that is not a number.
        """
        eligible = [reading for reading in readings if reading.prepared is not None]
        timings: dict[str, float] = {}
        with _timed(timings, "infer"):
            outputs = self.engine.run([r.prepared for r in eligible if r.prepared is not None])
        infer_ms = timings["infer"] / max(1, len(eligible))
        by_reading = {
            id(reading): result for reading, result in zip(eligible, outputs, strict=True)
        }
        return [
            self._ranked(reading, by_reading.get(id(reading)), infer_ms) for reading in readings
        ]

    def _ranked(self, reading: Reading, outputs: Outputs | None, infer_ms: float) -> Assessment:
        timings = dict(reading.timings_ms)
        if outputs is not None:
            timings["infer"] = infer_ms
        with _timed(timings, "rank"):
            findings = (
                () if outputs is None else findings_of(outputs, self.engine.card, self.policy)
            )
            priority, reason = priority_of(reading.eligibility, findings, self.policy)
        return Assessment(
            id=_short_hash(reading.digest, self.fingerprint),
            digest=reading.digest,
            pixel_digest=reading.radiograph.pixel_digest if reading.radiograph else "",
            header=reading.header,
            eligibility=reading.eligibility,
            findings=findings,
            priority=priority,
            reason=reason,
            crop=reading.prepared.crop if reading.prepared else None,
            pixel_policy=reading.radiograph.pixel_policy if reading.radiograph else None,
            model=self.engine.card,
            fingerprint=self.fingerprint,
            created_at=datetime.now(UTC),
            timings_ms=timings,
        )


def _merged(first: Eligibility, second: Eligibility) -> Eligibility:
    reasons = (*first.reasons, *second.reasons)
    warnings = tuple(dict.fromkeys((*first.warnings, *second.warnings)))
    return Eligibility(status="refer" if reasons else "accept", reasons=reasons, warnings=warnings)


def fingerprint_of(card: ModelCard, policy: Policy) -> str:
    """Changes when the model, its thresholds, the preprocessing, gate or policy change."""
    points = [(x.label, x.operating_point, x.likely_point) for x in card.labels]
    return _short_hash(
        card.sha256, repr(points), PREPROCESSING_VERSION, GATE_VERSION, policy.digest
    )


def _short_hash(*parts: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Add the milliseconds spent inside to `timings[stage]`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        timings[stage] = timings.get(stage, 0.0) + (time.perf_counter() - start) * 1000
