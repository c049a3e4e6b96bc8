"""Small domain values for tests of rules."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from cxr_triage.domain import (
    Assessment,
    Eligibility,
    Header,
    ModelCard,
    ModelLabel,
    Patient,
    PixelPolicy,
    PriorityReason,
    Radiograph,
    Reason,
)

LABELS = ("Pneumothorax", "Effusion", "Nodule")

CHEST_PA = Header(
    source="dicom",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
    modality="DX",
    view="PA",
    body_part="CHEST",
    patient_orientation="L\\F",
    presentation_intent="FOR PRESENTATION",
    photometric_interpretation="MONOCHROME2",
    rows=2000,
    columns=2000,
    bits_allocated=16,
    bits_stored=12,
    age_years=60.0,
)


def card(*labels: str, point: float = 0.2, likely: float | None = 0.6) -> ModelCard:
    """A card whose labels share an operating point and a likely point."""
    return ModelCard(
        name="test",
        version="1",
        labels=tuple(
            ModelLabel(label=label, operating_point=point, likely_point=likely)
            for label in labels or LABELS
        ),
        likely_rule="specificity95",
        input_size=224,
        file="model.onnx",
        bytes=1,
        sha256="0" * 64,
        precision="fp32",
        proof="demonstration",
        licence="",
        source="",
        citation="",
        intended_use={"en": "", "vi": ""},
        limits={"en": (), "vi": ()},
    )


def radiograph(unit: np.ndarray, *, warnings=(), **policy) -> Radiograph:
    """A decoded image from grey values in 0..1."""
    pixels = (unit * 2048 - 1024).astype(np.float32)
    return Radiograph(
        stored=(unit * 4095).astype(np.uint16),
        table=np.linspace(-1024, 1024, 4096, dtype=np.float32),
        table_first=0,
        pixels=pixels,
        header=CHEST_PA,
        patient=Patient(),
        pixel_policy=PixelPolicy(output_range=(0, 4095), **policy),
        digest="d",
        pixel_digest="p",
        warnings=warnings,
    )


def assessment(
    name: str, priority: str, *, margin: float = 0.0, study: str = "", refused: str | bool = False
) -> Assessment:
    """An assessment with a given place in the worklist. refused: why, or True for its view."""
    refusal = Reason(code="view" if refused is True else str(refused), measured="LL")
    reason = (
        PriorityReason(code="refused", refusal=refusal)
        if refused
        else PriorityReason(code="possible", label="Mass", score=0.5 + margin, threshold=0.5)
    )
    return Assessment(
        id=name,
        digest=name,
        header=replace(CHEST_PA, study_uid=study),
        eligibility=Eligibility(
            status="refer" if refused else "accept", reasons=(refusal,) if refused else ()
        ),
        findings=(),
        priority=priority,
        reason=reason,
        crop=None,
        pixel_policy=None,
        model=card(),
        fingerprint="f",
        created_at=datetime.now(UTC),
    )
