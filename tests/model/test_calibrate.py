import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.model.calibrate import (
    calibrate,
    logit,
    probability_of_score,
    score_of_probability,
    sigmoid,
)

inside = st.floats(min_value=0.001, max_value=0.999)


def test_operating_point_becomes_one_half():
    points = np.float32([0.02, 0.3, 0.9])
    assert calibrate(points, points) == pytest.approx([0.5, 0.5, 0.5])


@given(probability=inside, point=inside)
def test_score_lies_between_0_and_1_on_the_side_of_its_operating_point(probability, point):
    score = score_of_probability(probability, point)
    assert 0 <= score <= 1
    if probability < point * 0.999:
        assert score < 0.5
    if probability > point * 1.001:
        assert score > 0.5


@given(score=inside, point=inside)
def test_probability_of_score_is_the_inverse(score, point):
    probability = probability_of_score(score, point)
    assert score_of_probability(probability, point) == pytest.approx(score, abs=1e-4)


@given(probability=inside)
def test_logit_is_the_inverse_of_sigmoid(probability):
    assert sigmoid(np.float32([logit(probability)]))[0] == pytest.approx(probability, rel=1e-4)


def test_sigmoid_does_not_overflow():
    assert sigmoid(np.float32([-1e4, 0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_another_number_of_labels_is_refused():
    with pytest.raises(ValueError, match="3 probabilities, 2 operating points"):
        calibrate(np.zeros((1, 3), np.float32), np.float32([0.5, 0.5]))


@pytest.mark.parity
def test_calibrate_equals_op_norm_of_torchxrayvision():
    torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
    models = pytest.importorskip("torchxrayvision", reason="make test-parity").models
    random = np.random.default_rng(7)
    probability = random.random((200, 18), np.float32)
    points = random.uniform(0.01, 0.9, 18).astype(np.float32)
    probability[0] = points
    theirs = models.op_norm(torch.from_numpy(probability), torch.from_numpy(points))
    np.testing.assert_allclose(calibrate(probability, points), theirs.numpy(), atol=1e-6)
