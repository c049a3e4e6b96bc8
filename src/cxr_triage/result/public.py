"""What others read of a result: rows of `results.jsonl` and answers of `/v1` choose from it."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cxr_triage.domain import (
    Assessment,
    CropBox,
    Eligibility,
    FilmDecision,
    ModelCard,
    NextSteps,
    Outcome,
    PixelPolicy,
    Priority,
    Reason,
    Score,
    Sight,
)
from cxr_triage.domain.result import meaning
from cxr_triage.labels import finding_name
from cxr_triage.language import Language, say
from cxr_triage.result.decided import next_step
from cxr_triage.result.pixels import pixel_sentence
from cxr_triage.result.sentences import priority_sentence, reason_sentence

DECIMALS: Final = 6
ROUNDED: Final = ("probability", "score", "threshold", "position", "rarity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublicFinding(Score):
    """One finding. `score` 0.5 is the operating point; a score is not a probability of disease."""

    name: str = field(metadata=meaning("What people read for the label."))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicReason(Reason):
    """Why an image was not assessed, or is doubtful."""

    sentence: str = field(metadata=meaning("The same in words."))


class PublicModel(BaseModel):
    """Which model made a result."""

    name: str
    version: str
    sha256: str
    proof: Literal["proven", "unproven", "demonstration"]


class PublicResult(BaseModel):
    """What is said of one image, in JSON. The defaults are those of a file without a result."""

    model_config = ConfigDict(
        frozen=True, json_schema_serialization_defaults_required=True, defer_build=True
    )

    outcome: Outcome
    priority: Priority | None = None
    next_step: str = Field(default="", description="What to do now, in words.")
    priority_reason: str = ""
    decision: FilmDecision | None = Field(
        default=None,
        description="How the film stands among films without findings; null: not fitted to any.",
    )
    early_reading: bool = Field(
        default=False, description="Drawn by lot where nothing is flagged, to be read early."
    )
    findings: tuple[PublicFinding, ...] = ()
    reasons: tuple[PublicReason, ...] = ()
    warnings: tuple[PublicReason, ...] = ()
    model: PublicModel
    fingerprint: str
    preprocessing: str = Field(
        default="", description="Version of how films are prepared; empty: of before it was said."
    )
    policy: str = Field(default="", description="Name and version; empty: of before it was said.")
    digest: str | None = None
    crop: CropBox | None = Field(
        default=None, description="The square that the model saw, in pixels of the image shown."
    )
    pixels: str | None = Field(default=None, description="What was done to the pixels, in words.")
    pixel_policy: PixelPolicy | None = Field(default=None, description="The same as values.")
    sight: Sight | None = Field(
        default=None, description="None if the pixels were never looked at."
    )
    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    accession: str = ""
    view: str = ""
    age_years: float | None = None
    sex: str = ""
    acquired_at: str = ""
    timings_ms: dict[str, float] = {}
    intended_use: str = ""


class PublicError(BaseModel):
    """What stopped a file from being assessed."""

    code: str
    message: str


class Row(PublicResult):
    """A line of `results.jsonl`: what became of one file.

    reason, eligibility: names of before for `priority_reason`, `reasons` and `warnings`.
    """

    path: str
    reason: str = Field(default="", description="Why that priority, or what stopped it.")
    eligibility: Eligibility | None = None
    error: PublicError | None = None

    @model_validator(mode="before")
    @classmethod
    def _older(cls, row: Any) -> Any:  # noqa: ANN401 (whatever stands in the line)
        """Rows as they were before findings had a likely threshold and reasons a sentence."""
        if not isinstance(row, dict):
            return row
        said = row.get("eligibility")
        said = said if isinstance(said, dict) else {}
        older = {
            "priority_reason": "" if row.get("error") else row.get("reason", ""),
            "reasons": _each(said.get("reasons", []), sentence=""),
            "warnings": _each(said.get("warnings", []), sentence=""),
        }
        findings = _each(row.get("findings", []), likely_threshold=None)
        return older | row | {"findings": findings}


def _each(records: object, **lacking: object) -> object:
    """Records as they were read, with what they may lack."""
    if not isinstance(records, list):
        return records
    return [lacking | one if isinstance(one, dict) else one for one in records]


def public(
    assessment: Assessment, language: Language, steps: NextSteps | None = None
) -> dict[str, Any]:
    """Every field of `PublicResult`, ready for JSON; sentences in `language`.

    steps: what the site says is to be done next.
    """
    found, policy = assessment.eligibility, assessment.pixel_policy
    chosen = _named_alike(assessment.header) | _named_alike(assessment)
    age = assessment.header.age_years
    shaped = {
        "outcome": assessment.outcome,
        "next_step": next_step(assessment.priority, language, steps or {}),
        "priority_reason": priority_sentence(assessment.reason, language, assessment.decision),
        "decision": None if assessment.decision is None else decision_fields(assessment.decision),
        "findings": [finding_fields(one, language) for one in assessment.findings],
        "reasons": [reason_fields(one, language) for one in found.reasons],
        "warnings": [reason_fields(one, language) for one in found.warnings],
        "model": model_fields(assessment.model),
        "crop": None if assessment.crop is None else asdict(assessment.crop),
        "pixels": None if policy is None else pixel_sentence(policy, language),
        "pixel_policy": None if policy is None else asdict(policy),
        "sight": None if assessment.sight is None else sight_fields(assessment.sight),
        "age_years": None if age is None else round(age, 2),
        "timings_ms": {stage: round(ms, 2) for stage, ms in assessment.timings_ms.items()},
        "intended_use": say("intended_use", language),
    }
    values = chosen | shaped
    return {name: values[name] for name in PublicResult.model_fields}


def nothing(outcome: Outcome, card: ModelCard, fingerprint: str) -> dict[str, Any]:
    """The same fields of a file that has no result."""
    model = PublicModel(**model_fields(card))
    return PublicResult(outcome=outcome, model=model, fingerprint=fingerprint).model_dump(
        mode="json"
    )


def finding_fields(found: Score, language: Language) -> dict[str, Any]:
    """Every field of `PublicFinding`."""
    exact = {one.name: getattr(found, one.name) for one in fields(Score)}
    rounded = {name: _rounded(exact[name]) for name in ROUNDED}
    return exact | rounded | {"name": finding_name(found.label, language)}


def decision_fields(decision: FilmDecision) -> dict[str, Any]:
    """How the film stands among films without findings."""
    said = asdict(decision)
    return said | {
        "rarity": _rounded(decision.rarity),
        "missed": _rounded(decision.missed),
        "cuts": {tier: _rounded(at) for tier, at in decision.cuts.items()},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def sight_fields(sight: Sight) -> dict[str, Any]:
    """What the learned gate saw: probabilities."""
    return {
        name: round(value, DECIMALS)
        if isinstance(value, float)
        else [round(share, DECIMALS) for share in value]
        for name, value in asdict(sight).items()
    }


def model_fields(card: ModelCard) -> dict[str, Any]:
    """Which model, by name, version and hash, and whether it is proven."""
    return {name: getattr(card, name) for name in PublicModel.model_fields}


def reason_fields(reason: Reason, language: Language) -> dict[str, Any]:
    """A refusal or a warning: its code, what was measured, the limit, and all that in words."""
    return asdict(reason) | {"sentence": reason_sentence(reason, language)}


def _named_alike(record: Any) -> dict[str, Any]:  # noqa: ANN401 (any dataclass)
    """Its fields that the public shape has under the same name."""
    names = {one.name for one in fields(record)} & PublicResult.model_fields.keys()
    return {name: getattr(record, name) for name in names}
