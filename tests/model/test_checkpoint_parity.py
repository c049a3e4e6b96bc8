"""Checkpoints and graphs beside torch: real files of the real class, and torch's own exporter."""

import hashlib
import io
import json

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import Catalog, find_model, shipped_models
from cxr_triage.model.conversion.checkpoint import read_checkpoint
from cxr_triage.model.conversion.graph import densenet121
from cxr_triage.triage.provision import Watcher, Wishes, provide

from . import checkpoints as made
from . import published

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

from .. import peer  # noqa: E402  needs torch


@pytest.fixture(scope="module")
def network():
    return peer.realistic_network(outputs=18)


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def legacy(network):
    """What the release files are: the whole module, in the legacy format."""
    return saved(network, _use_new_zipfile_serialization=False)


def assert_same(arrays, network):
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    assert set(arrays) == set(state)
    for name, array in state.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_module_in_the_legacy_format(network, legacy):
    assert_same(read_checkpoint(legacy), network)


def test_state_dict_in_both_formats(network):
    for zipped in (False, True):
        content = saved(network.state_dict(), _use_new_zipfile_serialization=zipped)
        assert_same(read_checkpoint(content), network)


def test_wrapped_module_in_both_formats(network):
    for zipped in (False, True):
        content = saved(torch.nn.DataParallel(network), _use_new_zipfile_serialization=zipped)
        assert_same(read_checkpoint(content), network)


def test_attributes_of_other_kinds_do_not_matter(network):
    network.pathologies = np.array(["Mass", "Nodule"])
    network.labels, network.op_threshs_list = ["Mass"], np.float64(0.5)
    network.points, network.counts = torch.ones(18), torch.zeros(3, dtype=torch.int16)
    try:
        content = saved(network, _use_new_zipfile_serialization=False)
        assert_same(read_checkpoint(content), network)
    finally:
        for name in ("pathologies", "labels", "op_threshs_list", "points", "counts"):
            delattr(network, name)


@pytest.mark.filterwarnings("ignore:source code of class")
def test_torch_loads_what_our_tests_write():
    weights = made.realistic_weights()
    file = io.BytesIO(made.legacy_checkpoint(weights))
    loaded = torch.load(file, weights_only=False)
    assert isinstance(loaded, peer.torchxrayvision.models.DenseNet)
    assert_same(weights, loaded)


def test_graph_equals_the_one_exported_through_torch(network, legacy, pipeline, rg1, tmp_path):
    exported = peer.export(network, tmp_path / "oracle", find_model())
    rows = range(len(json.loads((exported / "card.json").read_text("utf-8"))["labels"]))
    ours = densenet121(read_checkpoint(legacy), outputs=rows, size=224)
    prepared = [pipeline.read(rg1).prepared.tensor]
    prepared.append(-prepared[0])
    for images in (np.stack(prepared[:1]), np.stack(prepared)):
        theirs = _run(str(exported / "model.onnx"), images)
        for mine, other in zip(_run(ours, images), theirs, strict=True):
            assert mine.shape == other.shape
            assert (np.abs(mine - other) <= 1e-3 + 1e-3 * np.abs(other)).all()


def test_graph_is_valid_onnx(legacy):
    import onnx  # noqa: PLC0415

    model = onnx.load_from_string(densenet121(read_checkpoint(legacy), outputs=[8, 16], size=224))
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def _run(model, images):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(("logits", "cams", "embedding"), {"image": images})


def real_network():
    """The published model of our tests as an object of the real class."""
    network = peer.torchxrayvision.models.DenseNet(num_classes=18)
    weights = made.realistic_weights()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return network.eval()


def theirs(name):
    """Scores that torchxrayvision gives for a published image, from file to op_norm."""
    xrv = peer.torchxrayvision
    if name == published.FILM:
        pixels = xrv.utils.read_xray_dcm(io.BytesIO(published.files()[name]), voi_lut=True)
    else:
        picture = np.array(Image.open(io.BytesIO(published.files()[name])))
        pixels = xrv.datasets.normalize(picture, 255)
    settings = xrv.models.model_urls["all"]
    network = real_network()
    network.op_threshs, network.input_resolution = torch.tensor(settings["op_threshs"]), 224
    image = xrv.datasets.XRayCenterCrop()(pixels[None])
    with torch.inference_mode():
        scores = network(torch.from_numpy(image.copy())[None].float())[0].numpy()
    return dict(zip(settings["labels"], map(float, scores), strict=True))


@pytest.mark.filterwarnings("ignore::UserWarning")  # of a file with no name to read it by
@pytest.mark.parametrize("name", [published.FILM, published.PICTURE])
def test_golden_scores_are_those_of_torchxrayvision(name):
    scores = theirs(name)
    assert published.golden()[name] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("name", ["all", "pc", "rsna", "mimic_ch", "nih", "chex", "mimic_nb"])
def test_cards_hold_the_labels_and_points_of_torchxrayvision(name):
    card = read_card(shipped_models()[f"densenet121-res224-{name}"])
    settings = peer.torchxrayvision.models.model_urls[name]
    points = zip(settings["labels"], settings["op_threshs"], strict=True)
    trained = {
        row: (label, point)
        for row, (label, point) in enumerate(points)
        if label and not np.isnan(point)
    }
    assert {x.output: (x.label, x.operating_point) for x in card.labels} == trained
    likely = settings.get("ppv80_thres", [None] * 18)
    assert [x.likely_point for x in card.labels] == [likely[x.output] for x in card.labels]
    assert card.checkpoint.sources[0] == settings["weights_url"]


def test_file_of_the_real_class_is_installed_and_proven(tmp_path):
    """From `torch.save` of torchxrayvision's class to reproduced scores, without torch."""
    content = saved(real_network(), _use_new_zipfile_serialization=False)
    (tmp_path / "real.pt").write_bytes(content)
    for name in published.golden():
        (tmp_path / name).write_bytes(published.files()[name])
    sha256 = hashlib.sha256(content).hexdigest()
    cards = published.catalogue(
        tmp_path / "cards", "http://127.0.0.1:9", bytes=len(content), sha256=sha256
    )
    catalog = Catalog(data=tmp_path / "data", cards=cards)
    result = provide(
        published.NAME, catalog, tmp_path / "data", Wishes(file=tmp_path / "real.pt"), Watcher()
    )
    assert result.card.proof == "proven"
    assert max(result.proof.deviations.values()) < 0.001
