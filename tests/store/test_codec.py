"""What is kept comes back as it was, whatever it holds."""

from dataclasses import fields, replace
from datetime import UTC

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_triage.domain import (
    PRIORITIES,
    Assessment,
    CropBox,
    Eligibility,
    Finding,
    PixelPolicy,
    PriorityReason,
    Reason,
)
from cxr_triage.labels import LABELS
from cxr_triage.store.rows.codec import assessment_of, assessment_row, card_of, card_row
from tests.report.films import CARD, HEADER

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)
REASONS = st.builds(
    Reason,
    code=WORDS,
    measured=st.none() | NUMBERS | st.integers(-(2**53), 2**53) | WORDS,
    limit=st.none() | NUMBERS | st.integers(-(2**53), 2**53) | WORDS,
)
MAPS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(0, 8, (7, 5)).astype(np.float32)
)
FINDINGS = st.builds(
    Finding,
    label=st.sampled_from(sorted(LABELS)),
    probability=SHARES,
    score=SHARES,
    threshold=SHARES,
    likely_threshold=st.none() | SHARES,
    flagged=st.booleans(),
    level=st.sampled_from(("none", "possible", "likely")),
    cam=MAPS,
    evidence=MAPS,
)
POLICIES = st.builds(
    PixelPolicy,
    modality=st.sampled_from(("none", "rescale", "lut")),
    window=st.none() | st.tuples(NUMBERS, NUMBERS),
    output_range=st.tuples(NUMBERS, NUMBERS),
    padding=st.none() | st.tuples(st.integers(-(2**31), 2**31), st.integers(-(2**31), 2**31)),
    clipped=st.none() | SHARES,
)
HEADERS = st.builds(
    replace,
    st.just(HEADER),
    study_uid=WORDS,
    accession=WORDS,
    view=WORDS,
    institution=WORDS,
    age_years=st.none() | st.floats(0, 120),
    spacing_mm=st.none() | st.tuples(SHARES, SHARES),
)
ASSESSMENTS = st.builds(
    Assessment,
    id=WORDS,
    digest=WORDS,
    pixel_digest=WORDS,
    header=HEADERS,
    eligibility=st.builds(
        Eligibility,
        status=st.sampled_from(("accept", "refer")),
        reasons=st.lists(REASONS, max_size=3).map(tuple),
        warnings=st.lists(REASONS, max_size=3).map(tuple),
    ),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    priority=st.sampled_from(PRIORITIES),
    reason=st.builds(
        PriorityReason,
        code=st.sampled_from(("likely", "possible", "none_flagged", "refused")),
        label=st.none() | WORDS,
        score=st.none() | SHARES,
        threshold=st.none() | SHARES,
        refusal=st.none() | REASONS,
    ),
    crop=st.none()
    | st.builds(CropBox, top=st.integers(0), left=st.integers(0), side=st.integers(1)),
    pixel_policy=st.none() | POLICIES,
    model=st.just(CARD),
    fingerprint=WORDS,
    created_at=st.datetimes(timezones=st.just(UTC)),
    timings_ms=st.dictionaries(WORDS, SHARES, max_size=3),
)


def plain(assessment: Assessment) -> dict:
    """Every field; arrays as bytes with their shape and type."""
    values = {field.name: getattr(assessment, field.name) for field in fields(assessment)}
    values["findings"] = [
        tuple(
            (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value
            for value in (getattr(finding, field.name) for field in fields(finding))
        )
        for finding in assessment.findings
    ]
    return values


@settings(max_examples=60, deadline=None)
@given(ASSESSMENTS)
def test_an_assessment_comes_back_as_it_was_kept(assessment):
    back = assessment_of(assessment_row(assessment), card_of(card_row(assessment.model)["card"]))
    assert plain(back) == plain(assessment)
    for finding in back.findings:
        assert not finding.cam.flags.writeable
        assert not finding.evidence.flags.writeable


def test_a_card_comes_back_as_it_was_kept():
    assert card_of(card_row(CARD)["card"]) == CARD


def test_another_card_has_another_row():
    assert card_row(CARD)["id"] != card_row(replace(CARD, version="9"))["id"]


def test_a_card_with_a_number_that_is_none_is_not_kept():
    label = replace(CARD.labels[0], operating_point=float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        card_row(replace(CARD, labels=(label,)))
