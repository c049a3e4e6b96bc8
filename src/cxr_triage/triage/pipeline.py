"""The path of one image, from bytes to an assessment. Every entrance calls it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from cxr_triage.domain import (
    PREPROCESSING_VERSION,
    Assessment,
    CropBox,
    Finding,
    ModelCard,
    Prepared,
    Priority,
    PriorityReason,
    Reason,
)
from cxr_triage.imaging.decoding.pool import Decoder
from cxr_triage.imaging.limits import Limits
from cxr_triage.model.engine import Engine, Outputs
from cxr_triage.triage.anyway import never_lowered
from cxr_triage.triage.decision import Decision, decide
from cxr_triage.triage.gate import Gate
from cxr_triage.triage.image_reader import NOTHING, GatedImage, ImageReader, timed
from cxr_triage.triage.policy import Policy, urgency
from cxr_triage.triage.rank import drawn, film_decision, findings_of, priority_of


class Pipeline:
    """Reads, judges, scores and ranks. Safe to call from several threads."""

    def __init__(
        self,
        *,
        engine: Engine,
        policy: Policy,
        gate: Gate,
        decoder: Decoder,
        limits: Limits,
        decision: Decision | None = None,
    ) -> None:
        """decision: None to decide without films that the model was measured on.

        Raises PolicyInvalid if the policy's thresholds belong to another model.
        """
        self.engine = engine
        self.policy = policy
        self.decision = decision or decide(engine.card, policy)
        self.fingerprint = fingerprint_of(engine.card, policy, gate.version, self.decision)
        self._reader = ImageReader(gate=gate, decoder=decoder, limits=limits, marks=policy.warnings)

    def assess(self, data: bytes) -> Assessment:
        """The whole path for one file's bytes. Raises ImageError or ModelError."""
        return self.score([self.read(data)])[0]

    def read(
        self,
        data: bytes,
        bits: int | None = None,
        instead: Mapping[str, Any] = NOTHING,
        *,
        anyway: bool = False,
        adult: bool = False,
        unfinished: str = "",
    ) -> GatedImage:
        """Read and judge a file's bytes; arguments as of `ImageReader.read`. Raises ImageError."""
        return self._reader.read(
            data,
            self.engine.card.input_size,
            bits,
            instead,
            anyway=anyway,
            adult=adult,
            unfinished=unfinished,
        )

    def score(self, images: Sequence[GatedImage]) -> list[Assessment]:
        """Score those that were accepted, in one batch; an assessment for each image.

        Raises ModelError if the model returns something that is not a number.
        """
        return [assessment for assessment, _ in self._scored_all(images)]

    def scored(self, image: GatedImage) -> tuple[Assessment, Outputs | None]:
        """As `score`, of one image, with what the model said of the input that counts."""
        return self._scored_all([image])[0]

    def _scored_all(self, images: Sequence[GatedImage]) -> list[tuple[Assessment, Outputs | None]]:
        inputs = [prepared for image in images for prepared in image.inputs]
        timings: dict[str, float] = {}
        with timed(timings, "infer"):
            outputs = iter(self.engine.run(inputs))
        infer_ms = timings["infer"] / max(1, len(inputs))
        return [
            self._ranked(image, list(islice(outputs, len(image.inputs))), infer_ms)
            for image in images
        ]

    def _ranked(
        self, image: GatedImage, outputs: list[Outputs], infer_ms: float
    ) -> tuple[Assessment, Outputs | None]:
        timings = dict(image.timings_ms)
        if outputs:
            timings["infer"] = infer_ms * len(outputs)
        with timed(timings, "rank"):
            scored = [
                self._scored(image, one, prepared)
                for one, prepared in zip(outputs, image.inputs, strict=True)
            ] or [self._scored(image, None, None)]
            held = min(scored, key=lambda one: urgency(one.priority))
        eligibility = image.eligibility
        if held is not scored[0]:
            warnings = (*eligibility.warnings, Reason(code="whole_picture_counts"))
            eligibility = replace(eligibility, warnings=warnings)
        assessment = Assessment(
            id=_short_hash(image.digest, self.fingerprint),
            digest=image.digest,
            pixel_digest=image.radiograph.pixel_digest if image.radiograph else "",
            header=image.header,
            eligibility=eligibility,
            findings=held.findings,
            priority=held.priority,
            reason=held.reason,
            crop=held.crop,
            pixel_policy=image.radiograph.pixel_policy if image.radiograph else None,
            sight=image.sight,
            model=self.engine.card,
            fingerprint=self.fingerprint,
            preprocessing=PREPROCESSING_VERSION,
            policy=f"{self.policy.name} {self.policy.version}",
            decision=film_decision(held.findings, self.decision),
            early_reading=held.priority == "none"
            and drawn(image.digest, self.policy.decision.early_reading),
            created_at=datetime.now(UTC),
            timings_ms=timings,
        )
        return assessment, held.outputs

    def _scored(
        self, image: GatedImage, outputs: Outputs | None, prepared: Prepared | None
    ) -> "_Scored":
        findings = () if outputs is None else findings_of(outputs, self.engine.card, self.decision)
        decided = priority_of(image.eligibility, findings, self.decision)
        priority, reason = never_lowered(image.eligibility, *decided)
        crop = None if prepared is None else prepared.crop
        return _Scored(
            outputs=outputs, findings=findings, priority=priority, reason=reason, crop=crop
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """What one input of a reading came to."""

    outputs: Outputs | None
    findings: tuple[Finding, ...]
    priority: Priority
    reason: PriorityReason
    crop: CropBox | None


def fingerprint_of(card: ModelCard, policy: Policy, gate: str, decision: Decision) -> str:
    """Changes when the model, its thresholds, the films that it is fitted to, the preprocessing,
    gate or policy change.

    gate: `Gate.version`.
    """
    points = [(x.label, x.operating_point, x.likely_point) for x in card.labels]
    return _short_hash(
        card.sha256, repr(points), PREPROCESSING_VERSION, gate, policy.digest, decision.digest
    )


def _short_hash(*parts: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
