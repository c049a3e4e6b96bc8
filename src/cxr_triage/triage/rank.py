"""Outputs of the model → findings in order, the priority they make, and the study's."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from cxr_triage.domain import (
    F32,
    TIERS,
    Assessment,
    Eligibility,
    FilmDecision,
    Finding,
    Level,
    ModelCard,
    ModelLabel,
    Patient,
    Priority,
    PriorityReason,
    persons,
    read_only,
)
from cxr_triage.model.calibrate import (
    calibrate,
    logit_of_score,
    sigmoid,
)
from cxr_triage.model.engine import Outputs
from cxr_triage.triage.anyway import group_in_study
from cxr_triage.triage.decision import Decision, LabelCuts
from cxr_triage.triage.policy import urgency

Image = TypeVar("Image")

LEVELS: tuple[Level, ...] = ("likely", "possible", "none")


def findings_of(outputs: Outputs, card: ModelCard, decision: Decision) -> tuple[Finding, ...]:
    """Every label's finding: flagged first, the more urgent and rarer at the head, then the rest.

    Without films to be rare among: likely before possible, then the larger margin.
    """
    probabilities = sigmoid(outputs.logits)
    points = np.asarray([label.operating_point for label in card.labels], np.float32)
    scores = calibrate(probabilities, points)
    biases = outputs.logits - outputs.cams.mean((1, 2))
    found = [
        _finding(label, cuts, float(logit_), float(probability), float(score), cam, bias, decision)
        for label, cuts, logit_, probability, score, cam, bias in zip(
            card.labels,
            (decision.labels[label.label] for label in card.labels),
            outputs.logits,
            probabilities,
            scores,
            outputs.cams,
            biases,
            strict=True,
        )
    ]
    return tuple(sorted(found, key=lambda finding: _order(finding, decision)))


def _finding(
    label: ModelLabel,
    cuts: LabelCuts,
    logit_: float,
    probability: float,
    score: float,
    cam: F32,
    bias: float,
    decision: Decision,
) -> Finding:
    scale = decision.scale
    flagged = score >= cuts.threshold
    cut = logit_of_score(cuts.threshold, label.operating_point)
    return Finding(
        label=label.label,
        probability=probability,
        score=score,
        threshold=cuts.threshold,
        likely_threshold=cuts.likely,
        flagged=flagged,
        level=_level(score, flagged=flagged, likely=cuts.likely),
        position=None if scale is None else scale.position(label.label, logit_),
        rarity=None if scale is None else scale.rarity(label.label, logit_),
        trust=None if scale is None else cuts.trust,
        may=None if scale is None else next(tier for tier in TIERS if tier in cuts.cuts),
        cam=cam,
        evidence=read_only((cam + np.float32(bias - cut)).astype(np.float32)),
    )


def _level(score: float, *, flagged: bool, likely: float | None) -> Level:
    if not flagged:
        return "none"
    return "likely" if likely is not None and score >= likely else "possible"


def _order(finding: Finding, decision: Decision) -> tuple[float, ...]:
    tier = decision.labels[finding.label].tier(finding.score) or "none"
    if finding.rarity is None:
        return LEVELS.index(finding.level), urgency(tier), -finding.margin
    return not finding.flagged, urgency(tier), finding.rarity, -finding.margin


def priority_of(
    eligibility: Eligibility, findings: Sequence[Finding], decision: Decision
) -> tuple[Priority, PriorityReason]:
    """How urgent an image is, and the refusal or the first of `findings` that makes it so."""
    if eligibility.status == "refer":
        return "not_assessed", PriorityReason(code="refused", refusal=eligibility.reasons[0])
    ranked = [
        (tier, finding)
        for finding in findings
        if (tier := decision.labels[finding.label].tier(finding.score))
    ]
    if not ranked:
        return "none", PriorityReason(code="none_flagged", rarity=_rarest(findings))
    tier, leading = min(ranked, key=lambda pair: urgency(pair[0]))
    return tier, PriorityReason(
        code="likely" if leading.level == "likely" else "possible",
        label=leading.label,
        score=leading.score,
        threshold=leading.threshold,
        rarity=leading.rarity,
    )


def film_decision(findings: Sequence[Finding], decision: Decision) -> FilmDecision | None:
    """How the film stands among films without findings; None: nothing to stand among."""
    rarity = _rarest(findings)
    if decision.scale is None or rarity is None:
        return None
    return decision.scale.decided(rarity)


def drawn(digest: str, share: float) -> bool:
    """Does the lot fall on this file? Always, or never, for the same one; on `share` of all."""
    lot = hashlib.sha256(f"early reading {digest}".encode()).digest()[:8]
    return int.from_bytes(lot) < share * 2**64


def _rarest(findings: Sequence[Finding]) -> float | None:
    return min((one.rarity for one in findings if one.rarity is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStudy(Generic[Image]):
    """A study in the worklist: its priority, and its images, the leading one first."""

    study_uid: str = field(repr=False)
    priority: Priority
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What places an image among others: less than its result. group: within its study; place:
    among images, the first the most urgent."""

    id: str
    study_uid: str = field(repr=False)
    priority: Priority
    group: int
    place: tuple[int, float, float, str]


def standing_of(assessment: Assessment) -> Standing:
    """The more urgent first, then the rarer, then the larger margin."""
    return Standing(
        id=assessment.id,
        study_uid=assessment.header.study_uid,
        priority=assessment.priority,
        group=group_in_study(assessment.eligibility, assessment.priority),
        place=(urgency(assessment.priority), *assessment.reason.place, assessment.id),
    )


def rank_studies(
    images: Iterable[Image],
    standing: Callable[[Image], Standing],
    *,
    patient_of: Callable[[Image], Patient] = lambda _: Patient(),
) -> list[RankedStudy[Image]]:
    """Studies in the order of the worklist; an image is anything that has a standing.

    A study's priority is the highest among its assessed images; `not_assessed` if none was, or
    where nothing is flagged beside an image that waits for a doctor: see `anyway.waits`.
    An image without a study UID is a study of its own, and so are one UID's images of each
    patient: see `domain.persons`.
    """

    def place_in_study(image: Image) -> tuple[int, tuple[int, float, float, str]]:
        found = standing(image)
        return found.group, found.place

    studies: dict[str, list[Image]] = {}
    for image in images:
        found = standing(image)
        studies.setdefault(found.study_uid or found.id, []).append(image)
    ranked = []
    for members in _of_one_person(studies.values(), patient_of):
        ordered = tuple(sorted(members, key=place_in_study))
        leading = standing(ordered[0])
        ranked.append(
            RankedStudy(study_uid=leading.study_uid, priority=leading.priority, images=ordered)
        )
    return sorted(ranked, key=lambda study: standing(study.images[0]).place)


def _of_one_person(
    studies: Iterable[list[Image]], patient_of: Callable[[Image], Patient]
) -> Iterator[list[Image]]:
    for members in studies:
        for places in persons([patient_of(image) for image in members]):
            yield [members[place] for place in places]
