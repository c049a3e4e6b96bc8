"""A film in a larger picture is scored alone and with it; the more urgent result counts."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cxr_triage.domain import PRIORITIES
from cxr_triage.triage.pipeline import Pipeline
from tests.api.films import film, picture


def png(grey: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture(0))))


def scores(assessment) -> dict[str, float]:
    return {finding.label: finding.score for finding in assessment.findings}


def codes(assessment) -> list[str]:
    return [warning.code for warning in assessment.eligibility.warnings]


def test_a_film_that_fills_its_picture_is_scored_once_and_as_before(pipeline, grey):
    image = pipeline.read(png(grey))
    assert image.inputs == (image.prepared,)
    assert image.radiograph.pixel_policy.film is None
    assert not {"border_cut", "contrast_stretched"} & set(codes(pipeline.score([image])[0]))


@pytest.mark.parametrize("grey_around", [0, 128, 255])
def test_a_border_changes_no_score(pipeline, grey, grey_around):
    plain = pipeline.assess(png(grey))
    framed = pipeline.assess(png(np.pad(grey, 67, constant_values=grey_around)))
    assert PRIORITIES.index(framed.priority) <= PRIORITIES.index(plain.priority)
    assert "border_cut" in codes(framed)
    if "whole_picture_counts" not in codes(framed):
        assert (framed.crop.top, framed.crop.left) == pytest.approx((67, 67), abs=5)
        for label, score in scores(plain).items():
            assert scores(framed)[label] == pytest.approx(score, abs=0.03)


def test_a_flat_copy_has_the_scores_of_its_film(pipeline, grey):
    plain = pipeline.assess(png(grey))
    flat = pipeline.assess(png(np.round(grey * 0.33 + 85).astype(np.uint8)))
    assert "contrast_stretched" in codes(flat)
    for label, score in scores(plain).items():
        assert scores(flat)[label] == pytest.approx(score, abs=0.1)


@pytest.mark.parametrize("urgent_is_whole", [True, False])
def test_the_more_urgent_of_film_and_picture_counts(pipeline, grey, monkeypatch, urgent_is_whole):
    image = pipeline.read(png(np.pad(grey, 67, constant_values=255)))
    assert len(image.inputs) == 2
    real, ranked = (
        Pipeline._scored,
        iter(["none", "urgent"] if urgent_is_whole else ["urgent", "none"]),
    )
    monkeypatch.setattr(
        Pipeline, "_scored", lambda *given: replace(real(*given), priority=next(ranked))
    )
    assessment = pipeline.score([image])[0]
    held = image.whole if urgent_is_whole else image.prepared
    assert (assessment.priority, assessment.crop) == ("urgent", held.crop)
    assert ("whole_picture_counts" in codes(assessment)) == urgent_is_whole


def test_results_of_a_batch_stay_with_their_images(pipeline, grey):
    framed = pipeline.read(png(np.pad(grey, 67, constant_values=255)))
    plain = pipeline.read(film(1))
    for many in ([framed, plain], [plain, framed, plain]):
        for image, together in zip(many, pipeline.score(many), strict=True):
            alone = pipeline.score([image])[0]
            assert together.digest == image.digest
            assert scores(together) == pytest.approx(scores(alone), abs=1e-4)


def test_an_adult_can_be_vouched_for(pipeline, grey):
    said = pipeline.score([pipeline.read(png(grey), adult=True)])[0]
    assert "adult_said" in codes(said)
    assert "no_header" not in codes(said)
    nobody = pipeline.read(film(1, PatientAge=None, PatientBirthDate=None), adult=True)
    assert "adult_said" in [one.code for one in nobody.eligibility.warnings]
    known = pipeline.read(film(1), adult=True)
    assert "adult_said" not in [one.code for one in known.eligibility.warnings]
    child = pipeline.read(film(1, PatientAge="009Y"), adult=True)
    assert [one.code for one in child.eligibility.reasons] == ["age"]


@pytest.mark.parametrize(
    ("header", "youngest", "oldest"),
    [
        ({"PatientAge": "000Y", "PatientBirthDate": "19600101"}, 0.0, 60.0),
        ({"PatientAge": "045Y", "PatientBirthDate": "20200105"}, 0.0, 45.0),
        ({"PatientAge": "012Y", "PatientBirthDate": "19600101"}, 12.0, 60.0),
    ],
)
def test_ages_that_contradict_are_shown_and_the_youngest_counts(pipeline, header, youngest, oldest):
    image = pipeline.read(film(1, StudyDate="20200105", **header))
    assert [one.code for one in image.eligibility.reasons] == ["age"]
    doubt = next(one for one in image.eligibility.warnings if one.code == "ages_contradict")
    assert (doubt.measured, doubt.limit) == (youngest, oldest)


def test_an_age_and_a_birth_date_that_agree_are_not_doubted(pipeline):
    for born in ("19650105", "19640101", "19660101"):
        image = pipeline.read(film(1, StudyDate="20200105", PatientBirthDate=born))
        assert "ages_contradict" not in [one.code for one in image.eligibility.warnings]
