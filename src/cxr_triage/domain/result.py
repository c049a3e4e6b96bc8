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
Trust = Literal["reliable", "not_reliable", "not_measured"]
Priority = Literal["critical", "urgent", "not_assessed", "routine", "none"]

PRIORITIES: tuple[Priority, ...] = ("critical", "urgent", "not_assessed", "routine", "none")
"""In the order of the worklist."""

Step = Priority | Literal["signed"]
"""What something is to be done about: a priority, or what a doctor has read."""
NextSteps = Mapping[Step, Mapping[str, str]]
"""What to do next, by priority and language, where a policy says so."""

Tier = Literal["critical", "urgent", "routine"]
TIERS: tuple[Tier, ...] = ("critical", "urgent", "routine")
"""What a finding may cause, the most urgent first."""

CORRECTED = ("corrected_left", "corrected_down", "corrected_right", "corrected_inverted")
"""Codes of the warnings of an image that was turned or inverted before it was scored."""

READ_ANYWAY = "read_anyway"
"""Code of the warning that a film bears which a person had scored although it was refused."""
BESIDE_PICTURE = (
    *CORRECTED, "border_cut", "contrast_stretched", "whole_picture_counts", "photographed",
    "cut_apex", "cut_base", "cut_left", "cut_right", "mirrored",
)  # fmt: skip
"""Codes of the warnings without which a picture of the film, or its sides, would mislead."""

OPERATING = 0.5
"""The score at a label's operating point."""

EARLY_BAND = -1
"""Before the bands of rarity: drawn by lot to be read early."""

MIDDLE_BAND = 1
"""Of what no rarity is known of."""

RESEARCH = "research_policy"
"""Code of the warning that every image bears which a research policy let in."""


def meaning(text: str) -> dict[str, str]:
    """What a field means and its unit, for those who read it as JSON: see `result.document`."""
    return {"description": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One label's result in numbers: what every shape of a finding chooses from."""

    label: str = field(metadata=meaning("What was looked for, as models name it."))
    probability: float = field(metadata=meaning("Sigmoid of the logit, 0..1."))
    score: float = field(metadata=meaning("After op_norm, 0..1; 0.5 is the operating point."))
    threshold: float = field(metadata=meaning("From which score on it is flagged, 0..1."))
    likely_threshold: float | None = field(
        metadata=meaning("From which score on it is likely, 0..1; null: no film is.")
    )
    flagged: bool = field(metadata=meaning("Is the score at the threshold or over it?"))
    level: Level = field(metadata=meaning("none: not flagged; else how sure."))
    position: float | None = field(
        default=None,
        metadata=meaning(
            "Share of films without findings whose score for it lies lower, 0..1; null: not fitted."
        ),
    )
    rarity: float | None = field(
        default=None,
        metadata=meaning(
            "Share of films without findings that show some finding at least this unusual, 0..1; "
            "null: not fitted."
        ),
    )
    trust: Trust | None = field(
        default=None,
        metadata=meaning("Does the model tell this finding apart, as measured; null: not fitted."),
    )
    may: Priority | None = field(
        default=None,
        metadata=meaning("The highest priority that it may cause; null: not fitted."),
    )

    @property
    def margin(self) -> float:
        return self.score - self.threshold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding(Score):
    """A score and where it comes from.

    cam: f32 [h, w], signed; mean(cam) + bias is the logit.
    evidence: f32 [h, w], cam + bias − logit(threshold): its mean is the margin over the
    threshold in log-odds.
    """

    __eq__, __hash__ = object.__eq__, object.__hash__  # arrays are not compared

    cam: F32 = field(repr=False)
    evidence: F32 = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmDecision:
    """How a film stands among films without findings: shares of them, 0..1, one scale for all.

    A film without one was decided by each finding's own threshold, fitted to no films.
    """

    rarity: float = field(
        metadata=meaning("Share of those films that show some finding at least this unusual.")
    )
    band: int = field(metadata=meaning("Among films of its priority: 0 for the rarest band, to 2."))
    cuts: Mapping[Priority, float] = field(
        metadata=meaning("By priority, the rarity from which on a finding may cause it.")
    )
    films: str = field(metadata=meaning("The films that it was fitted to."))
    population: Literal["well", "all"] = field(
        metadata=meaning("Are they films without findings, or all that came?")
    )
    number: int = field(metadata=meaning("How many they are."))
    optimistic: bool = field(
        default=False, metadata=meaning("May the model have learned from them?")
    )
    missed: float | None = field(
        default=None,
        metadata=meaning("Of films with findings: the share that nothing is flagged on."),
    )
    missed_films: str = field(default="", metadata=meaning("The films that it was measured on."))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityReason:
    """What made the priority: a code, and the finding that did it where there is one.

    The sentence is `result.sentences.priority_sentence`.
    """

    code: Literal["likely", "possible", "none_flagged", "refused"]
    label: str | None = None
    score: float | None = None
    threshold: float | None = None
    rarity: float | None = None
    refusal: Reason | None = None

    @property
    def margin(self) -> float:
        """score − threshold of that finding; 0 where none did."""
        if self.score is None or self.threshold is None:
            return 0.0
        return self.score - self.threshold

    @property
    def place(self) -> tuple[float, float]:
        """Sorts images of one priority: the rarer first, then the larger margin."""
        return 1.0 if self.rarity is None else self.rarity, -self.margin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What is said of one image, whoever says it. `(digest, fingerprint)` is its identity.

    A field that comes later has a default: what was kept before lacks it.
    """

    id: str = field(metadata=meaning("Of this result, our own."))
    digest: str = field(repr=False, metadata=meaning("SHA-256 of the file's bytes."))
    pixel_digest: str = field(
        default="", repr=False, metadata=meaning("SHA-256 of the decoded stored values.")
    )
    header: Header = field(metadata=meaning("What the file says of itself."))
    eligibility: Eligibility = field(metadata=meaning("May the image be scored, and why not."))
    priority: Priority = field(metadata=meaning("How urgent, as the worklist has it."))
    reason: PriorityReason = field(metadata=meaning("What made the priority."))
    crop: CropBox | None = field(
        metadata=meaning("The square that the model saw, in pixels of the image shown.")
    )
    pixel_policy: PixelPolicy | None = field(
        metadata=meaning("What was done to the stored values; null: they were not decoded.")
    )
    sight: Sight | None = field(
        default=None, metadata=meaning("What the gate's network saw; null: it never looked.")
    )
    fingerprint: str = field(
        metadata=meaning("Of model, thresholds, preprocessing, gate and policy.")
    )
    preprocessing: str = field(
        default="",
        metadata=meaning("Version of how films are prepared; empty: kept before it was."),
    )
    policy: str = field(
        default="", metadata=meaning("Name and version of the policy; empty: kept before it was.")
    )
    decision: FilmDecision | None = field(
        default=None,
        metadata=meaning("How the film stands among films without findings; null: not fitted."),
    )
    early_reading: bool = field(
        default=False,
        metadata=meaning("Drawn by lot among films where nothing is flagged, to be read early."),
    )
    created_at: datetime = field(metadata=meaning("When it was made, with its time zone."))
    timings_ms: Mapping[str, float] = field(
        default_factory=dict,
        metadata=meaning("Milliseconds of the stages read, gate, prepare, infer, rank."),
    )

    @property
    def outcome(self) -> Outcome:
        return "assessed" if self.eligibility.status == "accept" else "referred"

    @property
    def fitted(self) -> bool:
        """Do films without findings say what is unusual? Refused films need none."""
        return self.decision is not None or self.outcome != "assessed"

    @property
    def band(self) -> int:
        """Its place among films of its priority: those drawn by lot first, then the rarest."""
        if self.early_reading:
            return EARLY_BAND
        return MIDDLE_BAND if self.decision is None else self.decision.band

    @property
    def for_research(self) -> bool:
        """Was it made under a research policy? Every output says so."""
        return any(warning.code == RESEARCH for warning in self.eligibility.warnings)

    @property
    def notices(self) -> tuple[Reason, ...]:
        """What must be known of the image wherever it is shown. Every output says so."""
        return tuple(w for w in self.eligibility.warnings if w.code in BESIDE_PICTURE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment(Result):
    """One image's result with its maps and the model that made it.

    findings: flagged first, the most urgent and rarest at the head, then the rest; empty if
    refused.
    """

    findings: tuple[Finding, ...]
    model: ModelCard = field(repr=False)

    @property
    def own_thresholds(self) -> bool:
        """Did a site set thresholds of its own, where nothing was fitted?"""
        return self.decision is None and any(one.threshold != OPERATING for one in self.findings)
