"""The training script on a few invented films: it is reproducible, and goes on where it was."""

import argparse
import csv
import importlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
xrv = pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

SCRIPTS = Path(__file__).parents[2] / "scripts"
COLUMNS = ("image", "patient", "findings", "view", "age", "sex", "rsna_class", "split",
           "rsna_boxes", "nih_boxes")  # fmt: skip


@pytest.fixture(scope="module")
def modules():
    """The script and what it imports, as `python scripts/train_baseline.py` finds them."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("train_baseline", "average_weights", "baseline_training.films",
                 "baseline_training.augmentation", "baseline_training.objective",
                 "baseline_training.validation")  # fmt: skip
        found = {name.rsplit(".", 1)[-1]: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(SCRIPTS))
    found["train_baseline"].BATCH = 4
    found["validation"].SIZE = 64
    return argparse.Namespace(**found)


def _row(number, **fields):
    findings = ("", "Mass", "Effusion|Mass", "Hernia")[number % 4]
    defaults = {"image": f"f{number}", "patient": str(number), "findings": findings, "age": "50"}
    return (
        dict.fromkeys(COLUMNS, "")
        | {"split": ("train", "val")[number // 4 % 2]}
        | defaults
        | fields
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """48 films, one of a child, some with boxes, and a beginning with random weights."""
    folder = tmp_path_factory.mktemp("data")
    rows = [_row(number) for number in range(48)]
    rows[2] |= {"rsna_class": "Lung Opacity", "rsna_boxes": "[[0.1, 0.2, 0.3, 0.4]]"}
    rows[3] |= {"nih_boxes": '[["Mass", 0.5, 0.5, 0.2, 0.2]]'}
    rows[5] |= {"nih_boxes": '[["Mass", 0.1, 0.1, 0.2, 0.2]]'}
    rows[8] |= {"age": "14"}
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    random = np.random.default_rng(0)
    for name, side, members in (("images_128", 64, rows), ("images_256", 128, rows[:3])):
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            for row in members:
                image = Image.fromarray(random.integers(0, 255, (side, side), np.uint8))
                content = io.BytesIO()
                image.save(content, "JPEG")
                info = tarfile.TarInfo(f"{row['image']}.jpg")
                info.size = content.tell()
                archive.addfile(info, io.BytesIO(content.getvalue()))
    torch.manual_seed(0)
    torch.save(xrv.models.DenseNet(num_classes=15).state_dict(), folder / "warm_start.pt")
    return folder


def _run(modules, data, out, **changes):
    settings = {
        "steps": 3,
        "every": 2,
        "rate": 1e-4,
        "pointing": 0.1,
        "seed": 5,
        "ema": 0.997,
        "stop": None,
        "start": None,
    }
    modules.train_baseline.train(argparse.Namespace(data=data, out=out, **(settings | changes)))
    return torch.load(out / "checkpoint.pt", weights_only=True)


def test_run_that_was_stopped_ends_where_an_unbroken_run_ends(modules, data, tmp_path, capsys):
    whole = _run(modules, data, tmp_path / "whole")
    _run(modules, data, tmp_path / "parts", stop=2)
    parts = _run(modules, data, tmp_path / "parts")
    assert whole["step"] == parts["step"] == 3
    for name, value in whole["average"].items():
        torch.testing.assert_close(value, parts["average"][name])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    assert {"step", "auc", "any", "chance"} <= set(lines[0])
    assert (tmp_path / "whole" / "best.pt").is_file()


def test_children_are_left_out_and_the_larger_copy_is_read(modules, data):
    films = modules.films.read_films(data, "train")
    assert len(films) == 23
    assert {film.grey.shape[0] for film in films} == {64, 128}


def test_radiologists_correct_the_labels_of_reports(modules):
    labels = modules.films.LABELS
    opacity = modules.films.targets_of(_row(0, rsna_class="Lung Opacity", findings="Mass"))
    assert opacity[labels.index("Pneumonia")] == 1
    assert opacity[labels.index("Consolidation")] == modules.films.UNKNOWN
    assert opacity[labels.index("Mass")] == 1
    normal = modules.films.targets_of(_row(0, rsna_class="Normal", findings="Mass"))
    assert normal[labels.index("Mass")] == modules.films.UNKNOWN
    assert normal[modules.films.ANY] == 0
    other = modules.films.targets_of(
        _row(0, rsna_class="No Lung Opacity / Not Normal", findings="Pneumonia")
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


def test_augmentation_follows_from_the_seed(modules, data):
    films = modules.films.read_films(data, "train")[:4]
    first, _ = modules.augmentation.augment(films, np.random.default_rng((1, 2)))
    again, _ = modules.augmentation.augment(films, np.random.default_rng((1, 2)))
    assert torch.equal(first, again)
    assert -1024 <= first.min() < first.max() <= 1024


def test_auc_counts_pairs_in_the_right_order(modules):
    score, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert modules.validation.auc(score, positive) == 0.75


def test_mean_of_weights_is_by_shares(modules, data, tmp_path):
    other = {name: value + 1 for name, value in torch.load(data / "warm_start.pt").items()}
    torch.save({"average": other, "network": {}}, tmp_path / "checkpoint.pt")
    average = modules.average_weights
    parts = [
        average.part_of(f"1={data / 'warm_start.pt'}"),
        average.part_of(f"3={tmp_path / 'checkpoint.pt'}"),
    ]
    mean = average.mean_of(parts)
    name = "classifier.weight"
    torch.testing.assert_close(mean[name], parts[0][1][name] + 0.75)
    assert all(mean[name].dtype == value.dtype for name, value in parts[0][1].items())


def test_run_begins_from_the_weights_that_are_named(modules, data, tmp_path):
    start = torch.load(data / "warm_start.pt")
    start["classifier.bias"] += 7
    torch.save(start, tmp_path / "start.pt")
    end = _run(modules, data, tmp_path / "run", start=tmp_path / "start.pt", stop=1)
    assert torch.allclose(end["average"]["classifier.bias"], start["classifier.bias"], atol=0.1)
