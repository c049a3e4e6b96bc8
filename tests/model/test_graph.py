"""The graph that we write ourselves runs on ONNX Runtime and keeps its promises."""

import numpy as np
import onnxruntime
import pytest

from cxr_triage.errors import ModelError
from cxr_triage.model.conversion.graph import densenet121

from . import checkpoints as made


@pytest.fixture(scope="module")
def weights():
    return made.realistic_weights()


def run(content, images):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(("logits", "cams", "embedding"), {"image": images})


@pytest.fixture(scope="module")
def images():
    noise = np.random.RandomState(2).standard_normal((2, 1, 28, 28)) * 400
    return np.kron(noise.clip(-1024, 1024), np.ones((8, 8))).astype(np.float32)


def test_logits_are_means_of_cams_and_cams_are_the_classifier_on_each_place(weights, images):
    logits, cams, embedding = run(densenet121(weights, outputs=range(18), size=224), images)
    assert cams.shape == (2, 18, 7, 7)
    assert embedding.shape == (2, 1024)
    bias = weights["classifier.bias"]
    np.testing.assert_allclose(cams.mean((2, 3)) + bias, logits, atol=1e-4)
    np.testing.assert_allclose(embedding @ weights["classifier.weight"].T + bias, logits, atol=1e-3)
    assert np.ptp(logits) > 1


def test_only_the_rows_that_are_kept_have_outputs(weights, images):
    whole = run(densenet121(weights, outputs=range(18), size=224), images)
    kept = run(densenet121(weights, outputs=[8, 16], size=224), images)
    np.testing.assert_allclose(kept[0], whole[0][:, [8, 16]], atol=1e-4)
    np.testing.assert_allclose(kept[1], whole[1][:, [8, 16]], atol=1e-4)


def test_same_weights_give_the_same_bytes(weights):
    first = densenet121(weights, outputs=range(18), size=224)
    assert first == densenet121(dict(reversed(weights.items())), outputs=range(18), size=224)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"features.conv0.weight": None}, "checkpoint_unexpected"),
        ({"features.norm0.bias": np.zeros((2, 2), np.float32)}, "checkpoint_unexpected"),
        ({"features.norm0.bias": np.zeros(64, np.int64)}, "checkpoint_unexpected"),
        ({"features.norm0.bias": np.full(64, np.nan, np.float32)}, "checkpoint_not_finite"),
        ({"classifier.bias": np.zeros(3, np.float32)}, "checkpoint_unexpected"),
    ],
)
def test_other_arrays_are_refused(weights, change, code):
    changed = {name: array for name, array in (weights | change).items() if array is not None}
    with pytest.raises(ModelError) as caught:
        densenet121(changed, outputs=range(18), size=224)
    assert caught.value.code == code
