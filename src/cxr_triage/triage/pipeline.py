"""The path of one image, from bytes to an assessment. Every entrance calls it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cxr_triage.domain import PREPROCESSING_VERSION, Assessment, ModelCard, Radiograph
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.limits import Limits
from cxr_triage.model.engine import Engine, Outputs
from cxr_triage.triage.anyway import never_lowered
from cxr_triage.triage.gate import Gate
from cxr_triage.triage.policy import Policy
from cxr_triage.triage.rank import findings_of, priority_of
from cxr_triage.triage.reading import NOTHING, Reader, Reading, timed


class Pipeline:
    """Reads, judges, scores and ranks. Safe to call from several threads."""

    def __init__(
        self, *, engine: Engine, policy: Policy, gate: Gate, decoder: Decoder, limits: Limits
    ) -> None:
        """Raises PolicyInvalid if the policy's thresholds belong to another model."""
        policy.check_model(engine.card)
        self.engine = engine
        self.policy = policy
        self.fingerprint = fingerprint_of(engine.card, policy, gate.version)
        self._reader = Reader(gate=gate, decoder=decoder, limits=limits, marks=policy.warnings)

    def assess(self, data: bytes) -> Assessment:
        """The whole path for one file's bytes. Raises ImageError or ModelError."""
        return self.score([self.read(data)])[0]

    def picture(self, data: bytes, bits: int | None = None) -> Radiograph:
        """The image to look at, whatever the gate says of it. Raises ImageError."""
        return self._reader.picture(data, bits)

    def read(
        self,
        data: bytes,
        bits: int | None = None,
        instead: Mapping[str, Any] = NOTHING,
        *,
        anyway: bool = False,
    ) -> Reading:
        """Read and judge one file's bytes. bits, instead, anyway: see `Reader.read`. Raises
        ImageError."""
        return self._reader.read(data, self.engine.card.input_size, bits, instead, anyway=anyway)

    def score(self, readings: Sequence[Reading]) -> list[Assessment]:
        """Score those that were accepted, in one batch; an assessment for each reading.

        Raises ModelError if the model returns something that is not a number.
        """
        eligible = [reading for reading in readings if reading.prepared is not None]
        timings: dict[str, float] = {}
        with timed(timings, "infer"):
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
        with timed(timings, "rank"):
            findings = (
                () if outputs is None else findings_of(outputs, self.engine.card, self.policy)
            )
            decided = priority_of(reading.eligibility, findings, self.policy)
            priority, reason = never_lowered(reading.eligibility, *decided)
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
            sight=reading.sight,
            model=self.engine.card,
            fingerprint=self.fingerprint,
            policy=f"{self.policy.name} {self.policy.version}",
            created_at=datetime.now(UTC),
            timings_ms=timings,
        )


def fingerprint_of(card: ModelCard, policy: Policy, gate: str) -> str:
    """Changes when the model, its thresholds, the preprocessing, gate or policy change.

    gate: `Gate.version`.
    """
    points = [(x.label, x.operating_point, x.likely_point) for x in card.labels]
    return _short_hash(card.sha256, repr(points), PREPROCESSING_VERSION, gate, policy.digest)


def _short_hash(*parts: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
