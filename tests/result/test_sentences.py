"""Reasons, scores and the names of data sets as people read them."""

import math
from dataclasses import replace

import pytest

from cxr_triage.domain import PriorityReason, Reason
from cxr_triage.result.sentences import (
    data_set_name,
    priority_sentence,
    reason_sentence,
    score_text,
    threshold_text,
)
from tests.report.films import finding

POSSIBLE = PriorityReason(code="possible", label="Mass", score=0.619, threshold=0.5)
SEEN = (
    "not_chest", "turned_left", "turned_right", "turned_down", "inverted", "cut_off", "tiny",
    "mirrored", "cut_base", "cut_apex", "cut_left", "cut_right", "constant", "saturated",
    "stale_window", "crop_loss", "border_cut", "contrast_stretched",
)  # fmt: skip
NODULE = finding("Nodule", 0.496, level="none")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Mass suspected: score 0.62, threshold 0.50"),
        ("vi", "Khối ở phổi: nghi ngờ, điểm 0,62, ngưỡng 0,50"),
    ],
)
def test_a_model_that_was_not_measured_gives_score_and_threshold(language, sentence):
    assert priority_sentence(POSSIBLE, language) == sentence


def test_nothing_flagged_does_not_exclude_disease_fitted_or_not():
    unfitted = PriorityReason(code="none_flagged")
    assert priority_sentence(unfitted, "en") == (
        "No score reached its threshold; this does not exclude disease"
    )
    assert priority_sentence(replace(unfitted, rarity=0.4), "en") == (
        "No finding was unusual enough to be flagged; this does not mean that the film is normal"
    )


def test_only_a_likely_finding_is_called_strongly_suspected():
    rare = replace(POSSIBLE, rarity=0.04)
    assert priority_sentence(rare, "en").startswith("Mass: such a finding")
    likely = priority_sentence(replace(rare, code="likely"), "en")
    assert likely.startswith("Mass, strongly suspected: such a finding")


def test_a_refusal_says_what_was_measured_and_its_limit():
    small = Reason(code="too_small", measured=180, limit=224)
    sentence = "The shorter side has 180 pixels; at least 224 are needed."
    assert reason_sentence(small, "en") == sentence
    assert priority_sentence(PriorityReason(code="refused", refusal=small), "en") == sentence
    assert "180" in reason_sentence(small, "vi") != sentence


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("code", SEEN)
def test_what_was_seen_is_said_in_words(code, language):
    """A nurse does not know what a certainty of 0.987 over a limit of 0.9 asks of her."""
    sentence = reason_sentence(Reason(code=code, measured=0.987, limit=0.9), language)
    assert not any(number in sentence for number in ("0.9", "0,9"))


def test_a_collection_keeps_its_name_and_its_split_is_translated():
    for language, test, val in (
        ("en", "NIH test split, 12,345 films", "NIH validation split, 811 films"),
        ("vi", "NIH, tập kiểm tra, 12.345 phim", "NIH, tập thẩm định, 811 phim"),
    ):
        assert data_set_name("NIH test split, 12345 films", language) == test
        for split in ("val", "validation"):
            assert data_set_name(f"NIH, {split} split, 811 films", language) == val
    assert data_set_name("VinDr", "vi") == "VinDr"


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.4949, "0.49"), (0.496, "0.4960"), (0.49996, "0.5000"), (0.5049, "0.5049"), (0.51, "0.51")],
)
def test_a_score_that_misses_its_threshold_never_looks_like_it(score, text):
    assert score_text(replace(NODULE, score=score), "en") == text
    assert score_text(replace(NODULE, score=score), "vi") == text.replace(".", ",")


def test_a_score_that_reaches_its_threshold_has_two_decimals():
    assert score_text(finding("Nodule", 0.5), "en") == "0.50"


def test_a_threshold_that_no_score_reaches_is_never():
    never = replace(NODULE, threshold=math.nextafter(1, 2))
    assert threshold_text(never, "en") == "never"
    assert threshold_text(replace(NODULE, threshold=1.0), "en") == "1.00"
    assert threshold_text(NODULE, "vi") == "0,50"
