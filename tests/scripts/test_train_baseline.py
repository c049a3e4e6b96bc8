"""The training script on a few invented films: it is reproducible, and goes on where it was."""

import argparse
import csv
import importlib.util
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
xrv = pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_baseline.py"
COLUMNS = ("image", "patient", "findings", "view", "age", "sex", "rsna_class", "split",
           "rsna_boxes", "nih_boxes")  # fmt: skip


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_baseline", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SIZE, module.BATCH = 64, 4
    return module


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


def _run(script, data, out, **changes):
    settings = {
        "steps": 3,
        "every": 2,
        "rate": 1e-4,
        "pointing": 0.1,
        "seed": 5,
        "ema": 0.997,
        "stop": None,
    }
    script.train(argparse.Namespace(data=data, out=out, **(settings | changes)))
    return torch.load(out / "checkpoint.pt", weights_only=True)


def test_run_that_was_stopped_ends_where_an_unbroken_run_ends(script, data, tmp_path, capsys):
    whole = _run(script, data, tmp_path / "whole")
    _run(script, data, tmp_path / "parts", stop=2)
    parts = _run(script, data, tmp_path / "parts")
    assert whole["step"] == parts["step"] == 3
    for name, value in whole["average"].items():
        torch.testing.assert_close(value, parts["average"][name])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    assert {"step", "auc", "any", "chance"} <= set(lines[0])
    assert (tmp_path / "whole" / "best.pt").is_file()


def test_children_are_left_out_and_the_larger_copy_is_read(script, data):
    films = script.read_films(data, "train")
    assert len(films) == 23
    assert {film.grey.shape[0] for film in films} == {64, 128}


def test_radiologists_correct_the_labels_of_reports(script):
    labels = script.LABELS
    opacity = script.targets_of(_row(0, rsna_class="Lung Opacity", findings="Mass"))
    assert opacity[labels.index("Pneumonia")] == 1
    assert opacity[labels.index("Consolidation")] == script.UNKNOWN
    assert opacity[labels.index("Mass")] == 1
    normal = script.targets_of(_row(0, rsna_class="Normal", findings="Mass"))
    assert normal[labels.index("Mass")] == script.UNKNOWN
    assert normal[script.ANY] == 0
    other = script.targets_of(
        _row(0, rsna_class="No Lung Opacity / Not Normal", findings="Pneumonia")
    )
    assert other[labels.index("Pneumonia")] == 0
    assert other[script.ANY] == 1


def test_box_follows_the_augmentation(script, monkeypatch):
    monkeypatch.setattr(script, "hide", lambda image, _: image)
    cells = script.mask([0.25, 0.25, 0.5, 0.5])
    assert cells.mean() == pytest.approx(0.25, abs=0.02)
    film = script.Film("p", (cells * 255).astype(np.uint8), *[np.zeros(15, np.float32)] * 2)
    images, grids = script.augment([film], np.random.default_rng(3))
    moved = script.to_cells(torch.from_numpy(cells)[None, None], grids, 16)
    seen = torch.nn.functional.adaptive_avg_pool2d(images, 16)
    assert np.corrcoef(moved.flatten(), seen.flatten())[0, 1] > 0.95


def test_augmentation_follows_from_the_seed(script, data):
    films = script.read_films(data, "train")[:4]
    first, _ = script.augment(films, np.random.default_rng((1, 2)))
    again, _ = script.augment(films, np.random.default_rng((1, 2)))
    assert torch.equal(first, again)
    assert -1024 <= first.min() < first.max() <= 1024


def test_auc_counts_pairs_in_the_right_order(script):
    score, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert script.auc(score, positive) == 0.75
