"""An assessment as JSON: what `results.jsonl` holds and other programs read."""

from dataclasses import asdict
from typing import Any

from cxr_triage.domain import Assessment, Finding, ModelCard, Reason, Sight
from cxr_triage.labels import finding_name
from cxr_triage.language import Language
from cxr_triage.report.sentences import priority_sentence

DECIMALS = 6


def assessment_fields(assessment: Assessment, language: Language) -> dict[str, Any]:
    """Everything about one image but its path; `reason` is a sentence in `language`."""
    header = assessment.header
    policy = assessment.pixel_policy
    return {
        "outcome": assessment.outcome,
        "priority": assessment.priority,
        "reason": priority_sentence(assessment.reason, language),
        "findings": [_finding(finding, language) for finding in assessment.findings],
        "eligibility": {
            "status": assessment.eligibility.status,
            "reasons": [reason_fields(reason) for reason in assessment.eligibility.reasons],
            "warnings": [reason_fields(warning) for warning in assessment.eligibility.warnings],
        },
        "error": None,
        "model": model_fields(assessment.model),
        "fingerprint": assessment.fingerprint,
        "digest": assessment.digest,
        "pixel_policy": None if policy is None else asdict(policy),
        "sight": None if assessment.sight is None else sight_fields(assessment.sight),
        "accession": header.accession,
        "study_uid": header.study_uid,
        "series_uid": header.series_uid,
        "sop_uid": header.sop_uid,
        "timings_ms": {stage: round(ms, 2) for stage, ms in assessment.timings_ms.items()},
    }


def sight_fields(sight: Sight) -> dict[str, Any]:
    """What the learned gate saw: probabilities."""
    return {
        "chest": round(sight.chest, DECIMALS),
        "turn": [round(share, DECIMALS) for share in sight.turn],
        "inverted": round(sight.inverted, DECIMALS),
        "mirrored": round(sight.mirrored, DECIMALS),
        "field": [round(share, DECIMALS) for share in sight.field],
    }


def model_fields(card: ModelCard) -> dict[str, str]:
    """Which model, by name, version and hash, and whether it is proven."""
    return {
        "name": card.name,
        "version": card.version,
        "sha256": card.sha256,
        "proof": card.proof,
    }


def _finding(finding: Finding, language: Language) -> dict[str, Any]:
    return {
        "label": finding.label,
        "name": finding_name(finding.label, language),
        "probability": round(finding.probability, DECIMALS),
        "score": round(finding.score, DECIMALS),
        "threshold": round(finding.threshold, DECIMALS),
        "flagged": finding.flagged,
        "level": finding.level,
    }


def reason_fields(reason: Reason) -> dict[str, Any]:
    """A refusal or a warning: its code, what was measured, and its limit."""
    return {"code": reason.code, "measured": reason.measured, "limit": reason.limit}
