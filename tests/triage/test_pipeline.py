from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from cxr_triage.imaging.heatmap import display_image
from cxr_triage.triage.policy import SiteThresholds, read_policy

from ..conftest import make_pipeline, real_image


def _scores(pipeline, stem) -> dict[str, float]:
    assessment = pipeline.assess(real_image(stem).read_bytes())
    assert assessment.outcome == "assessed"
    return {finding.label: finding.score for finding in assessment.findings}


@pytest.mark.parametrize(("stem", "other"), [("RG1_UNCR", "RG1_J2KR"), ("RG1_UNCR", "RG1_UNCR")])
def test_lossless_encodings_give_equal_scores(pipeline, stem, other):
    ours, theirs = _scores(pipeline, stem), _scores(pipeline, other)
    for label, score in ours.items():
        assert theirs[label] == pytest.approx(score, abs=1e-6)


def test_lossy_encoding_stays_within_002(pipeline):
    ours, theirs = _scores(pipeline, "RG1_UNCI"), _scores(pipeline, "RG1_J2KI")
    lossless = _scores(pipeline, "RG1_UNCR")
    for label, score in ours.items():
        assert theirs[label] == pytest.approx(score, abs=0.02)
        assert lossless[label] == pytest.approx(score, abs=0.02)


@pytest.mark.parametrize(
    ("stem", "code"),
    [
        ("RG3_UNCR", "body_part"), ("RG3_J2KR", "body_part"), ("693_UNCR", "sop_class"),
        ("MR2_UNCR", "sop_class"), ("US1_UNCR", "sop_class"), ("SC_rgb.dcm",
         "photometric_interpretation"),
    ],
)  # fmt: skip
def test_other_images_are_referred_by_their_header_and_never_decoded(pipeline, stem, code):
    image = pipeline.read(real_image(stem).read_bytes())
    assert image.radiograph is None
    assert code in [reason.code for reason in image.eligibility.reasons]
    assessment = pipeline.score([image])[0]
    assert (assessment.priority, assessment.findings) == ("not_assessed", ())


def test_lungs_are_dark_and_the_spine_is_bright(pipeline, rg1):
    pixels = pipeline.read(rg1).radiograph.pixels
    height, width = pixels.shape
    lungs = pixels[height // 3 : height // 2, width // 5 : width // 3]
    spine = pixels[height // 2 : 3 * height // 4, 9 * width // 20 : 11 * width // 20]
    assert np.median(lungs) + 200 < np.median(spine)


def test_same_bytes_have_the_same_identity_and_scores(pipeline, rg1):
    first, second = pipeline.assess(rg1), pipeline.assess(rg1)
    assert first.id == second.id
    assert [f.score for f in first.findings] == [f.score for f in second.findings]


def test_batch_gives_the_scores_of_single_images(pipeline, rg1):
    leg = pipeline.read(real_image("RG3_UNCR").read_bytes())
    film = pipeline.read(rg1)
    first, refused, second = pipeline.score([film, leg, film])
    assert refused.outcome == "referred"
    for one, other in zip(first.findings, second.findings, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)


def test_policy_is_part_of_the_fingerprint(pipeline, engine, decoder):
    site = SiteThresholds(
        model=engine.card.name, version=engine.card.version, scores={"Effusion": 0.6}
    )
    policy = read_policy().model_copy(update={"thresholds": site})
    other = make_pipeline(engine, decoder, policy)
    assert other.fingerprint != pipeline.fingerprint


def test_no_identifier_is_in_the_repr_of_what_the_pipeline_returns(pipeline, rg1):
    image = pipeline.read(rg1)
    assert image.patient.name
    text = repr(image) + repr(pipeline.score([image])[0])
    for secret in (image.patient.name, image.patient.id, image.header.accession,
                   image.header.sop_uid, image.header.institution):  # fmt: skip
        assert secret
        assert secret not in text


def _as_png(pixels) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def correcting(engine, decoder):
    """A pipeline whose policy puts films right that lie the wrong way."""
    policy = read_policy()
    sight = policy.sight.model_copy(update={"correct": True})
    return make_pipeline(engine, decoder, policy.model_copy(update={"sight": sight}))


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("inverted", [False, True])
def test_film_that_is_put_right_has_the_scores_of_the_upright_film_and_maps_on_what_was_sent(
    correcting, rg1, turns, inverted
):
    film = np.asarray(display_image(correcting.read(rg1).radiograph.pixels, 1000))
    upright = correcting.assess(_as_png(film))
    sent = correcting.assess(_as_png(np.rot90(255 - film if inverted else film, turns)))
    codes = [correction.code for correction in sent.corrections]
    assert codes == [f"corrected_{('left', 'down', 'right')[turns - 1]}"] + (
        ["corrected_inverted"] if inverted else []
    )
    assert not upright.corrections
    for one, other in zip(upright.findings, sent.findings, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert np.allclose(np.rot90(one.evidence, turns), other.evidence, atol=1e-3)
    height, width = film.shape if turns == 2 else film.shape[::-1]
    box = sent.crop
    assert (box.side, box.top + box.side <= height, box.left + box.side <= width) == (
        upright.crop.side, True, True
    )  # fmt: skip


def test_leg_is_refused_from_its_pixels_alone(pipeline):
    dataset = dcmread(real_image("RG3_UNCR"))
    for keyword in ("BodyPartExamined", "ViewPosition", "PatientOrientation", "StudyDescription",
                    "SeriesDescription", "ProtocolName", "PatientAge",
                    "PatientBirthDate"):  # fmt: skip
        if keyword in dataset:
            delattr(dataset, keyword)
    buffer = BytesIO()
    dataset.save_as(buffer)
    eligibility = pipeline.read(buffer.getvalue()).eligibility
    assert [reason.code for reason in eligibility.reasons] == ["not_chest"]


def test_gate_is_part_of_the_fingerprint(pipeline, correcting):
    assert pipeline.fingerprint != correcting.fingerprint
