"""An assessment as JSON: what `results.jsonl` holds and other programs read."""

from dataclasses import asdict
from typing import Any

from cxr_triage.domain import Assessment, Finding, ModelCard, Reason
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
            "reasons": [_reason(reason) for reason in assessment.eligibility.reasons],
            "warnings": [_reason(warning) for warning in assessment.eligibility.warnings],
        },
        "error": None,
        "model": model_fields(assessment.model),
        "fingerprint": assessment.fingerprint,
        "digest": assessment.digest,
        "pixel_policy": None if policy is None else asdict(policy),
        "accession": header.accession,
        "study_uid": header.study_uid,
        "series_uid": header.series_uid,
        "sop_uid": header.sop_uid,
        "timings_ms": {stage: round(ms, 2) for stage, ms in assessment.timings_ms.items()},
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


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "measured": reason.measured}
