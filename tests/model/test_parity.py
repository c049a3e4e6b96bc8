"""Our model path beside torch and torchxrayvision, with random but realistic weights."""

import numpy as np
import pytest

from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import Engine
from cxr_triage.triage.decision import decide
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.rank import findings_of

pytestmark = [
    pytest.mark.parity,
    # torch's older exporter, which writes the plainest graph, announces that it will go
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

from .. import peer  # noqa: E402  needs torch


@pytest.fixture(scope="module")
def network():
    return peer.realistic_network()


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    folder = peer.export(network, tmp_path_factory.mktemp("model") / "random", find_model())
    return Engine(folder, threads=2)


@pytest.fixture(scope="module")
def film(pipeline, rg1):
    """A real radiograph, read and prepared by us."""
    return pipeline.read(rg1)


@pytest.fixture(scope="module")
def image(film):
    return torch.from_numpy(film.prepared.tensor.copy())[None]


def test_prepared_tensor_equals_crop_and_resize_of_torchxrayvision(film):
    theirs = peer.crop_and_resize(film.radiograph.pixels).numpy()
    assert np.abs(film.prepared.tensor - theirs).max() < 0.05


def test_logits_equal_those_of_torch(network, exported, film, image):
    ours = exported.run([film.prepared])[0].logits
    with torch.inference_mode():
        theirs = peer.logits(network, image)[0].numpy()
    assert np.ptp(theirs) > 1
    assert (np.abs(ours - theirs) <= 1e-3 + 1e-3 * np.abs(theirs)).all()


def test_cam_of_every_label_is_autograd_grad_cam(network, exported, film, image):
    cams = exported.run([film.prepared])[0].cams
    maps = peer.features(network, image)
    np.testing.assert_allclose(
        peer.grad_cam(network, image, 3), peer.grad_cam_of_maps(network, maps, 3), atol=1e-5
    )
    for label, cam in enumerate(cams):
        theirs = peer.grad_cam_of_maps(network, maps, label)
        assert np.corrcoef(cam.ravel(), theirs.ravel())[0, 1] > 0.9999
        np.testing.assert_allclose(theirs * 49, cam, atol=1e-3 * np.abs(cam).max())


def test_mean_of_cam_plus_bias_is_the_logit(network, exported, film):
    outputs = exported.run([film.prepared])[0]
    bias = network.classifier.bias.detach().numpy()
    np.testing.assert_allclose(outputs.cams.mean((1, 2)) + bias, outputs.logits, atol=1e-4)


def test_scores_equal_torchxrayvision_with_its_op_norm(network, exported, film, image):
    points = torch.tensor([label.operating_point for label in exported.card.labels])
    with torch.inference_mode():
        probability = torch.sigmoid(peer.logits(network, image))
        theirs = peer.torchxrayvision.models.op_norm(probability, points)[0].numpy()
    findings = findings_of(
        exported.run([film.prepared])[0], exported.card, decide(exported.card, read_policy())
    )
    ours = {finding.label: finding.score for finding in findings}
    for label, score in zip(exported.card.labels, theirs, strict=True):
        assert ours[label.label] == pytest.approx(score, abs=1e-3)
