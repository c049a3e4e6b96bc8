"""The training script on a few invented films: it is reproducible, and goes on where it was."""

import argparse
import importlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.scripts.invented_films import film_row

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
xrv = pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def modules():
    """The script and what it imports, as `python scripts/train_baseline.py` finds them."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("train_baseline", "average_weights", "export_onnx", "baseline_training.films",
                 "baseline_training.augmentation", "baseline_training.objective",
                 "baseline_training.validation", "baseline_training.densenet",
                 "baseline_training.teachers")  # fmt: skip
        found = {name.rsplit(".", 1)[-1]: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(SCRIPTS))
    found["train_baseline"].BATCH = 4
    found["train_baseline"].SIZE = 64
    found["validation"].ENOUGH = 2
    found["densenet"].SHOWN_SIDE = 64
    return argparse.Namespace(**found)


def _run(modules, films_folder, out, **changes):
    settings = {
        "steps": 3,
        "every": 2,
        "rate": 1e-4,
        "pointing": 0.1,
        "seed": 5,
        "ema": 0.997,
        "stop": None,
        "start": None,
        "clip": 5.0,
        "sides": [(0.0, 64)],
        "teachers": [],
        "entropy": 1.0,
        "distillation": 1.0,
        "one_sharpness": False,
        "workers": 0,
        "device": "cpu",
    }
    modules.train_baseline.train(
        argparse.Namespace(data=films_folder, out=out, **(settings | changes))
    )
    return torch.load(out / "checkpoint.pt", weights_only=True)


def test_run_that_was_stopped_ends_where_an_unbroken_run_ends(
    modules, films_folder, tmp_path, capsys
):
    whole = _run(modules, films_folder, tmp_path / "whole")
    _run(modules, films_folder, tmp_path / "parts", stop=2)
    parts = _run(modules, films_folder, tmp_path / "parts")
    assert whole["step"] == parts["step"] == 3
    for name, value in whole["average"].items():
        torch.testing.assert_close(value, parts["average"][name])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    assert {"step", "auc", "any", "chance"} <= set(lines[0])
    assert (tmp_path / "whole" / "best.pt").is_file()


def test_children_are_left_out_and_the_larger_copy_is_read(modules, films_folder):
    films = modules.films.read_films(films_folder, "train")
    assert len(films) == 23
    assert {film.grey.shape[0] for film in films} == {64, 128}


def test_radiologists_correct_the_labels_of_reports(modules):
    labels = modules.films.LABELS
    opacity = modules.films.targets_of(film_row(0, rsna_class="Lung Opacity", findings="Mass"))
    assert opacity[labels.index("Pneumonia")] == 1
    assert opacity[labels.index("Consolidation")] == modules.films.UNKNOWN
    assert opacity[labels.index("Mass")] == 1
    normal = modules.films.targets_of(film_row(0, rsna_class="Normal", findings="Mass"))
    assert normal[labels.index("Mass")] == modules.films.UNKNOWN
    assert normal[modules.films.ANY] == 0
    other = modules.films.targets_of(
        film_row(0, rsna_class="No Lung Opacity / Not Normal", findings="Pneumonia")
    )
    assert other[labels.index("Pneumonia")] == 0
    assert other[modules.films.ANY] == 1


def test_box_follows_the_augmentation(modules, monkeypatch):
    monkeypatch.setattr(modules.augmentation, "hide", lambda image, _: image)
    cells = modules.films.mask([0.25, 0.25, 0.5, 0.5])
    assert cells.mean() == pytest.approx(0.25, abs=0.02)
    film = modules.films.Film("p", (cells * 255).astype(np.uint8), *[np.zeros(15, np.float32)] * 2)
    images, grids = modules.augmentation.augment([film], np.random.default_rng(3))
    moved = modules.objective.to_cells(torch.from_numpy(cells)[None, None], grids, 16)
    seen = torch.nn.functional.adaptive_avg_pool2d(images, 16)
    assert np.corrcoef(moved.flatten(), seen.flatten())[0, 1] > 0.95


def test_augmentation_follows_from_the_seed(modules, films_folder):
    films = modules.films.read_films(films_folder, "train")[:4]
    first, _ = modules.augmentation.augment(films, np.random.default_rng((1, 2)))
    again, _ = modules.augmentation.augment(films, np.random.default_rng((1, 2)))
    assert torch.equal(first, again)
    assert -1024 <= first.min() < first.max() <= 1024


def test_auc_counts_pairs_in_the_right_order(modules):
    score, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert modules.validation.auc(score, positive) == 0.75


def test_mean_of_weights_is_by_shares(modules, films_folder, tmp_path):
    other = {name: value + 1 for name, value in torch.load(films_folder / "warm_start.pt").items()}
    torch.save({"average": other, "network": {}}, tmp_path / "checkpoint.pt")
    average = modules.average_weights
    parts = [
        (share, average.read_weights(file, []))
        for share, file in map(
            average.part_of,
            (f"1={films_folder / 'warm_start.pt'}", f"3={tmp_path / 'checkpoint.pt'}"),
        )
    ]
    mean = average.mean_of(parts)
    name = "classifier.weight"
    torch.testing.assert_close(mean[name], parts[0][1][name] + 0.75)
    assert all(mean[name].dtype == value.dtype for name, value in parts[0][1].items())


def test_run_begins_from_the_weights_that_are_named(modules, films_folder, tmp_path):
    start = torch.load(films_folder / "warm_start.pt")
    start["classifier.bias"] += 7
    torch.save(start, tmp_path / "start.pt")
    end = _run(modules, films_folder, tmp_path / "run", start=tmp_path / "start.pt", stop=1)
    assert torch.allclose(end["average"]["classifier.bias"], start["classifier.bias"], atol=0.1)


def test_large_film_is_drawn_as_sharp_as_a_small_one(modules):
    random = np.random.default_rng(0)
    large = torch.rand(1, 1, 256, 256)
    small = modules.augmentation.as_small(large, random)
    assert small.shape == (1, 1, 128, 128)
    assert torch.isin(small, large).all()
    assert modules.augmentation.as_small(small, random) is small


def test_pneumonia_is_not_among_the_labels_that_choose(modules):
    counted = modules.validation.counted_labels(np.ones((40, 15)))
    assert modules.films.LABELS.index("Pneumonia") not in counted
    assert len(counted) == 13


@pytest.fixture(scope="module")
def exported(modules, films_folder, tmp_path_factory):
    """An ONNX file of fourteen outputs, and the network that it was exported from."""
    network = modules.export_onnx.load_network(films_folder / "warm_start.pt")
    network.train()(torch.rand(2, 1, 64, 64))  # norms that have seen something
    network.eval()
    file = tmp_path_factory.mktemp("exported") / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the exporter that the contract uses
        modules.export_onnx.export(network, outputs=14, size=64, file=file)
    return file, network


def test_network_read_from_an_export_answers_as_the_export_and_has_its_norms(
    modules, films_folder, exported
):
    file, network = exported
    films = modules.films.read_films(films_folder, "train")
    read = modules.densenet.read_network(file, films)
    images = torch.cat([modules.validation.whole(film, 64) for film in films[:3]])
    with torch.no_grad():
        logits, cams = modules.objective.forward(read, images)
        wanted, maps = modules.objective.forward(network, images)
    torch.testing.assert_close(logits[:, :14], wanted[:, :14], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(cams[:, :14], maps[:, :14], atol=1e-4, rtol=1e-4)
    assert logits.shape[1] == 15
    layer = read.features.denseblock1.denselayer1.norm2
    assert layer.running_mean.abs().sum() > 0
    assert not torch.equal(layer.running_var, torch.ones_like(layer.running_var))


def test_student_learns_from_the_labels_and_from_a_teacher(
    modules, films_folder, exported, tmp_path
):
    file, _ = exported
    start = films_folder / "warm_start.pt"
    end = _run(
        modules, films_folder, tmp_path, start=start, teachers=[f"64={file}"], steps=1, every=1
    )
    assert end["step"] == 1
    assert (tmp_path / "best.pt").is_file()


def test_distillation_is_nothing_where_the_student_says_what_the_teachers_say(modules):
    distillation, wanted = modules.teachers.distillation, torch.tensor([[0.0, 1.0]])
    assert distillation(wanted, wanted) == pytest.approx(0, abs=1e-6)
    assert distillation(wanted + 1, wanted) > distillation(wanted + 0.5, wanted)


def test_teachers_are_asked_about_the_same_films_at_their_own_sides(modules):
    sides = []

    class Teacher(torch.nn.Module):
        classifier = torch.nn.Linear(1, 15)

        def features(self, images):
            sides.append(images.shape[-1])
            return images

    images = torch.rand(2, 1, 64, 64)
    answers = modules.teachers.mean_logits([(64, Teacher()), (32, Teacher())], images)
    assert answers.shape == (2, 15)
    assert sides == [64, 32]
