"""Films of a report: small, made up, and like real ones in every field."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from cxr_triage.domain import (
    Assessment,
    CropBox,
    Eligibility,
    FilmDecision,
    Finding,
    Header,
    ModelCard,
    ModelLabel,
    PixelPolicy,
    PriorityReason,
    Reason,
)
from cxr_triage.report.film.film import Film, film_of
from cxr_triage.report.film.html import render

CREATED_AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)

CARD = ModelCard(
    name="densenet-test",
    version="1.2",
    labels=(
        ModelLabel(
            label="Pneumothorax",
            operating_point=0.03,
            likely_point=0.3,
            evidence={"NIH": 0.75, "VinDr": 0.93},
        ),
        ModelLabel(label="Effusion", operating_point=0.06, evidence={"NIH": 0.85}),
        ModelLabel(label="Nodule", operating_point=0.05),
    ),
    likely_rule="ppv80",
    input_size=224,
    file="model.onnx",
    bytes=1,
    sha256="abcdef0123456789" * 4,
    precision="fp32",
    proof="proven",
    licence="Apache-2.0",
    source="A release page",
    citation="Somebody, somewhere.",
    intended_use={"en": "Prioritises films.", "vi": "Xếp thứ tự phim."},
    limits={"en": ("No tuberculosis output.",), "vi": ("Không có đầu ra cho bệnh lao.",)},
)

DEMONSTRATION = replace(CARD, proof="demonstration")

HEADER = Header(
    source="dicom",
    accession="ACC-417",
    view="PA",
    age_years=62.0,
    sex="F",
    acquired_at="2026-11-23T08:14:00",
)


def finding(label: str, score: float, *, level: str = "possible", evidence=None) -> Finding:
    cells = np.zeros((7, 7), np.float32) if evidence is None else np.asarray(evidence, np.float32)
    if evidence is None:
        cells[2, 4] = 5.0 if level != "none" else -1.0
    return Finding(
        label=label,
        probability=score / 4,
        score=score,
        threshold=0.5,
        likely_threshold=0.7,
        flagged=level != "none",
        level=level,
        cam=cells,
        evidence=cells,
    )


DECISION = FilmDecision(
    rarity=0.04,
    band=1,
    cuts={"routine": 0.3, "urgent": 0.1},
    films="Test films",
    population="well",
    number=400,
    missed=0.41,
    missed_films="Other test films",
)

FINDINGS = (
    finding("Pneumothorax", 0.81, level="likely"),
    finding("Effusion", 0.55),
    finding("Nodule", 0.21, level="none"),
)


def rare(finding: Finding, rarity: float, *, trust="reliable", may="urgent") -> Finding:
    """The finding of a model that is fitted to films."""
    return replace(
        finding, position=1 - rarity / 3, rarity=rarity, trust=trust, may=may, likely_threshold=None
    )


def decided(
    *found: Finding, decision: FilmDecision = DECISION, priority="urgent", **values
) -> Assessment:
    """The result of a model that is fitted to films; the first finding makes the priority."""
    findings = found or (
        rare(FINDINGS[0], 0.04),
        rare(FINDINGS[1], 0.2, may="routine"),
        rare(FINDINGS[2], 0.7, trust="not_reliable", may="routine"),
    )
    leading = findings[0]
    reason = PriorityReason(code="none_flagged", rarity=leading.rarity)
    if leading.flagged:
        reason = PriorityReason(
            code="possible",
            label=leading.label,
            score=leading.score,
            threshold=leading.threshold,
            rarity=leading.rarity,
        )
    base = assessed(findings=findings, priority=priority, **values)
    return replace(base, reason=reason, decision=decision, policy="default 2")


def nothing_flagged(**values) -> Assessment:
    """Of such a model: no film is flagged less."""
    found = [rare(finding(name, 0.2, level="none"), 0.6) for name in ("Pneumothorax", "Effusion")]
    return decided(*found, priority="none", **values)


def assessed(
    name: str = "a",
    *,
    findings=FINDINGS,
    header: Header = HEADER,
    card: ModelCard = CARD,
    priority: str = "critical",
    warnings=(),
) -> Assessment:
    leading = findings[0]
    return Assessment(
        id=name,
        digest=name,
        header=header,
        eligibility=Eligibility(status="accept", warnings=warnings),
        findings=findings,
        priority=priority,
        reason=PriorityReason(
            code="likely", label=leading.label, score=leading.score, threshold=leading.threshold
        ),
        crop=CropBox(top=10, left=0, side=80),
        pixel_policy=PixelPolicy(
            voi="linear",
            window=(2048.0, 4096.0),
            output_range=(0, 4095),
            inverted=True,
            padded=0.03,
            clipped=0.25,
        ),
        model=card,
        fingerprint="0123456789abcdef" * 2,
        created_at=CREATED_AT,
    )


def refused(
    *reasons: Reason, name: str = "r", header: Header = HEADER, card: ModelCard = CARD
) -> Assessment:
    return replace(
        assessed(name, header=header, card=card),
        eligibility=Eligibility(status="refer", reasons=reasons),
        findings=(),
        priority="not_assessed",
        reason=PriorityReason(code="refused", refusal=reasons[0]),
        crop=None,
    )


def film(assessment: Assessment, path: str = "ward/film.dcm") -> Film:
    pixels = np.random.default_rng(0).uniform(-1024, 1024, (100, 80)).astype(np.float32)
    return film_of(path, assessment, pixels)


def page(studies, unread=(), *, language="en", card: ModelCard = CARD) -> str:
    parts = render(
        studies, unread, language=language, created_at=CREATED_AT, model=card, policy="default 1"
    )
    return "".join(parts)
