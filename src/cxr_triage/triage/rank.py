"""Outputs of the model → findings in order, the priority they make, and the study's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cxr_triage.domain import (
    F32,
    Assessment,
    Eligibility,
    Finding,
    Level,
    ModelCard,
    ModelLabel,
    Priority,
    PriorityReason,
    read_only,
)
from cxr_triage.model.calibrate import (
    calibrate,
    logit,
    probability_of_score,
    score_of_probability,
    sigmoid,
)
from cxr_triage.model.engine import Outputs
from cxr_triage.triage.policy import Policy, urgency

LEVELS: tuple[Level, ...] = ("likely", "possible", "none")


def findings_of(outputs: Outputs, card: ModelCard, policy: Policy) -> tuple[Finding, ...]:
    """Every label's finding: likely first, then possible, then the rest.

    Within a level the more urgent tier comes first, then the larger margin.
    """
    probabilities = sigmoid(outputs.logits)
    points = np.asarray([label.operating_point for label in card.labels], np.float32)
    scores = calibrate(probabilities, points)
    found = [
        _finding(label, float(probability), float(score), cam, bias, policy)
        for label, probability, score, cam, bias in zip(
            card.labels,
            probabilities,
            scores,
            outputs.cams,
            outputs.logits - outputs.cams.mean((1, 2)),
            strict=True,
        )
    ]
    return tuple(sorted(found, key=lambda finding: _order(finding, policy)))


def _finding(
    label: ModelLabel, probability: float, score: float, cam: F32, bias: float, policy: Policy
) -> Finding:
    threshold = policy.threshold(label.label)
    likely = (
        None
        if label.likely_point is None
        else score_of_probability(label.likely_point, label.operating_point)
    )
    flagged = score >= threshold
    cut = logit(probability_of_score(threshold, label.operating_point))
    return Finding(
        label=label.label,
        probability=probability,
        score=score,
        threshold=threshold,
        likely_threshold=likely,
        flagged=flagged,
        level=_level(score, flagged=flagged, likely=likely),
        cam=cam,
        evidence=read_only((cam + np.float32(bias - cut)).astype(np.float32)),
    )


def _level(score: float, *, flagged: bool, likely: float | None) -> Level:
    if not flagged:
        return "none"
    return "likely" if likely is not None and score >= likely else "possible"


def _order(finding: Finding, policy: Policy) -> tuple[int, int, float]:
    tier = policy.tier(finding.label, finding.level)
    return LEVELS.index(finding.level), urgency(tier or "none"), -finding.margin


def priority_of(
    eligibility: Eligibility, findings: Sequence[Finding], policy: Policy
) -> tuple[Priority, PriorityReason]:
    """How urgent an image is, and the finding or refusal that makes it so."""
    if eligibility.status == "refer":
        return "not_assessed", PriorityReason(code="refused", refusal=eligibility.reasons[0])
    flagged = [(policy.tier(finding.label, finding.level), finding) for finding in findings]
    ranked = [(tier, finding) for tier, finding in flagged if tier is not None]
    if not ranked:
        return "none", PriorityReason(code="none_flagged")
    tier, leading = min(ranked, key=lambda pair: (urgency(pair[0]), -pair[1].margin))
    return tier, PriorityReason(
        code="likely" if leading.level == "likely" else "possible",
        label=leading.label,
        score=leading.score,
        threshold=leading.threshold,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStudy:
    """A study in the worklist: its priority, and its images, the leading one first."""

    study_uid: str
    priority: Priority
    images: tuple[Assessment, ...]


def rank_studies(assessments: Iterable[Assessment]) -> list[RankedStudy]:
    """Studies in the order of the worklist.

    A study's priority is the highest among its assessed images; `not_assessed` only if
    none was. An image without a study UID is a study of its own.
    """
    studies: dict[str, list[Assessment]] = {}
    for assessment in assessments:
        key = assessment.header.study_uid or assessment.id
        studies.setdefault(key, []).append(assessment)
    ranked = [_study(images) for images in studies.values()]
    return sorted(ranked, key=lambda study: _image_order(study.images[0]))


def _study(images: list[Assessment]) -> RankedStudy:
    ordered = tuple(sorted(images, key=lambda image: (not _assessed(image), *_image_order(image))))
    leading = ordered[0]
    return RankedStudy(
        study_uid=leading.header.study_uid, priority=leading.priority, images=ordered
    )


def _assessed(image: Assessment) -> bool:
    return image.outcome == "assessed"


def _image_order(image: Assessment) -> tuple[int, float, str]:
    score, threshold = image.reason.score, image.reason.threshold
    margin = 0.0 if score is None or threshold is None else score - threshold
    return urgency(image.priority), -margin, image.id
