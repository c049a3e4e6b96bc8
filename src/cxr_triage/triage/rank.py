"""Outputs of the model → findings in order, the priority they make, and the study's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from cxr_triage.domain import (
    F32,
    Assessment,
    Eligibility,
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
    logit,
    probability_of_score,
    score_of_probability,
    sigmoid,
)
from cxr_triage.model.engine import Outputs
from cxr_triage.triage.anyway import waits
from cxr_triage.triage.policy import Policy, urgency

Image = TypeVar("Image")

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
    """How urgent an image is, and the refusal or the first of `findings` that makes it so."""
    if eligibility.status == "refer":
        return "not_assessed", PriorityReason(code="refused", refusal=eligibility.reasons[0])
    tiers = [policy.tier(finding.label, finding.level) for finding in findings]
    ranked = [(tier, finding) for tier, finding in zip(tiers, findings, strict=True) if tier]
    if not ranked:
        return "none", PriorityReason(code="none_flagged")
    tier, leading = min(ranked, key=lambda pair: urgency(pair[0]))
    return tier, PriorityReason(
        code="likely" if leading.level == "likely" else "possible",
        label=leading.label,
        score=leading.score,
        threshold=leading.threshold,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStudy(Generic[Image]):
    """A study in the worklist: its priority, and its images, the leading one first."""

    study_uid: str = field(repr=False)
    priority: Priority
    images: tuple[Image, ...]


def rank_studies(
    images: Iterable[Image],
    assessment_of: Callable[[Image], Assessment],
    *,
    patient_of: Callable[[Image], Patient] = lambda _: Patient(),
) -> list[RankedStudy[Image]]:
    """Studies in the order of the worklist; an image is anything that has an assessment.

    A study's priority is the highest among its assessed images; `not_assessed` if none was, or
    where nothing is flagged beside an image that waits for a doctor: see `anyway.waits`.
    An image without a study UID is a study of its own, and so are one UID's images of each
    patient: see `domain.persons`.
    """

    def place_in_study(image: Image) -> tuple[int, int, float, str]:
        assessment = assessment_of(image)
        return _group(assessment), *_place(assessment)

    studies: dict[str, list[Image]] = {}
    for image in images:
        assessment = assessment_of(image)
        studies.setdefault(assessment.header.study_uid or assessment.id, []).append(image)
    ranked = []
    for members in _of_one_person(studies.values(), patient_of):
        ordered = tuple(sorted(members, key=place_in_study))
        leading = assessment_of(ordered[0])
        ranked.append(
            RankedStudy(
                study_uid=leading.header.study_uid, priority=leading.priority, images=ordered
            )
        )
    return sorted(ranked, key=lambda study: _place(assessment_of(study.images[0])))


def _of_one_person(
    studies: Iterable[list[Image]], patient_of: Callable[[Image], Patient]
) -> Iterator[list[Image]]:
    for members in studies:
        for places in persons([patient_of(image) for image in members]):
            yield [members[place] for place in places]


def _group(assessment: Assessment) -> int:
    """Within a study: what is flagged, then what waits for a doctor, then what is not flagged."""
    if assessment.outcome == "assessed":
        return 2 if assessment.priority == "none" else 0
    return 1 if waits(assessment.eligibility) else 3


def _place(assessment: Assessment) -> tuple[int, float, str]:
    """Sorts images: the more urgent first, then the larger margin."""
    reason = assessment.reason
    margin = 0.0
    if reason.score is not None and reason.threshold is not None:
        margin = reason.score - reason.threshold
    return urgency(assessment.priority), -margin, assessment.id
