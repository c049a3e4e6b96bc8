"""An assessment as JSON and one array, and back: what crosses a pipe or lies in a store.

The model card travels apart: it is the same for every result of a model.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from cxr_triage.domain import (
    F32,
    Assessment,
    CropBox,
    Eligibility,
    Finding,
    Header,
    Level,
    ModelCard,
    PixelPolicy,
    Priority,
    PriorityReason,
    Sight,
    read_only,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Score:
    """A finding without its maps."""

    label: str
    probability: float
    score: float
    threshold: float
    likely_threshold: float | None
    flagged: bool
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Document:
    """An assessment without its card and its maps."""

    id: str
    digest: str
    pixel_digest: str
    header: Header
    eligibility: Eligibility
    findings: tuple[_Score, ...]
    priority: Priority
    reason: PriorityReason
    crop: CropBox | None
    pixel_policy: PixelPolicy | None
    sight: Sight | None
    fingerprint: str
    created_at: datetime
    timings_ms: dict[str, float]


_DOCUMENT = TypeAdapter(_Document)
SCORE_FIELDS = tuple(_Score.__dataclass_fields__)
OWN_FIELDS = tuple(
    name for name in _Document.__dataclass_fields__ if name not in {"findings", "timings_ms"}
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packed:
    """document: JSON. maps: f32 [2, L, h, w], each finding's cam, then each one's evidence."""

    document: bytes = field(repr=False)
    maps: F32 = field(repr=False)


def pack(assessment: Assessment) -> Packed:
    """Everything but the model card."""
    flat = _Document(
        findings=tuple(_Score(**_fields(found, SCORE_FIELDS)) for found in assessment.findings),
        timings_ms=dict(assessment.timings_ms),
        **_fields(assessment, OWN_FIELDS),
    )
    return Packed(document=_DOCUMENT.dump_json(flat), maps=_maps(assessment.findings))


def unpack(packed: Packed, model: ModelCard) -> Assessment:
    """What was packed. Raises ValueError if it is no assessment, or its maps do not fit."""
    flat = _DOCUMENT.validate_json(packed.document)
    if packed.maps.ndim != 4 or packed.maps.shape[:2] != (2, len(flat.findings)):
        raise ValueError("the maps are not those of the findings")
    cams, evidence = read_only(packed.maps)
    findings = tuple(
        Finding(**_fields(found, SCORE_FIELDS), cam=cam, evidence=map_)
        for found, cam, map_ in zip(flat.findings, cams, evidence, strict=True)
    )
    return Assessment(
        findings=findings,
        model=model,
        timings_ms=flat.timings_ms,
        **_fields(flat, OWN_FIELDS),
    )


def _maps(findings: tuple[Finding, ...]) -> F32:
    if not findings:
        return np.zeros((2, 0, 1, 1), np.float32)
    return np.stack([[found.cam for found in findings], [found.evidence for found in findings]])


def _fields(record: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}
