"""What came of an image: findings, priority, and the reason for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cxr_triage.domain.arrays import F32
from cxr_triage.domain.image import CropBox, Eligibility, Header, PixelPolicy, Reason, Sight
from cxr_triage.domain.model import ModelCard

Outcome = Literal["assessed", "referred", "failed", "skipped"]
Level = Literal["none", "possible", "likely"]
Priority = Literal["critical", "urgent", "not_assessed", "routine", "none"]

PRIORITIES: tuple[Priority, ...] = ("critical", "urgent", "not_assessed", "routine", "none")
"""In the order of the worklist."""

CORRECTED = ("corrected_left", "corrected_down", "corrected_right", "corrected_inverted")
"""Codes of the warnings of an image that was turned or inverted before it was scored."""

RESEARCH = "research_policy"
"""Code of the warning that every image bears which a research policy let in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One label's result.

    probability: sigmoid of the logit. score: after op_norm, 0.5 = operating point.
    threshold: what `flagged` compares the score with. margin: score − threshold.
    cam: f32 [h, w], signed; mean(cam) + bias is the logit.
    evidence: f32 [h, w], cam + bias − logit(threshold): its mean is the margin over the
    threshold in log-odds.
    """

    label: str
    probability: float
    score: float
    threshold: float
    likely_threshold: float | None
    flagged: bool
    level: Level
    cam: F32 = field(repr=False)
    evidence: F32 = field(repr=False)

    @property
    def margin(self) -> float:
        return self.score - self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityReason:
    """What made the priority: a code, and the finding that did it where there is one.

    The sentence is `language.say(f"priority_reason.{code}", …)`.
    """

    code: Literal["likely", "possible", "none_flagged", "refused"]
    label: str | None = None
    score: float | None = None
    threshold: float | None = None
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """One image's result. `(digest, fingerprint)` is its identity.

    findings: flagged first by level and margin, then the rest; empty if refused.
    sight: None if the pixels were never looked at. timings_ms: read, gate, prepare, infer, rank.
    """

    id: str
    digest: str = field(repr=False)
    pixel_digest: str = field(default="", repr=False)
    header: Header
    eligibility: Eligibility
    findings: tuple[Finding, ...]
    priority: Priority
    reason: PriorityReason
    crop: CropBox | None
    pixel_policy: PixelPolicy | None
    sight: Sight | None = None
    model: ModelCard = field(repr=False)
    fingerprint: str
    created_at: datetime
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        return "assessed" if self.eligibility.status == "accept" else "referred"

    @property
    def for_research(self) -> bool:
        """Was it made under a research policy? Every output says so."""
        return any(warning.code == RESEARCH for warning in self.eligibility.warnings)

    @property
    def corrections(self) -> tuple[Reason, ...]:
        """What was done to the image before it was scored. Every output says so."""
        return tuple(w for w in self.eligibility.warnings if w.code in CORRECTED)
