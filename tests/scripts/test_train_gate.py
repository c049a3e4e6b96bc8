"""The gate's training on a few invented films: geometry, held-out sources, reproducibility."""

import argparse
import csv
import importlib
import io
import json
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def modules():
    """The script and what it imports, as `python scripts/train_gate.py` finds them."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("train_gate", "gate_training.batches", "gate_training.pictures",
                 "gate_training.phantoms", "gate_training.network", "gate_training.disease",
                 "gate_training.start", "gate_films")  # fmt: skip
        found = {name.rsplit(".", 1)[-1]: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(SCRIPTS))
    found["train_gate"].BATCH = 8
    return argparse.Namespace(**found)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Twelve films, one of a child, and two sources of which one is held out."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows = [
        {"image": f"f{n}", "patient": n, "age": 14 if n == 0 else 50,
         "split": ("train", "val")[n % 2], "findings": "No Finding"}
        for n in range(12)
    ]  # fmt: skip
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for name, side, members in (("images_128", 128, rows), ("images_256", 256, rows[:2])):
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            for row in members:
                content = io.BytesIO()
                Image.fromarray(random.integers(0, 255, (side, side), np.uint8)).save(
                    content, "JPEG"
                )
                info = tarfile.TarInfo(f"{row['image']}.jpg")
                info.size = content.tell()
                archive.addfile(info, io.BytesIO(content.getvalue()))
    for source in ("matplotlib", "scikit-image"):
        (folder / "negatives" / source).mkdir(parents=True)
        for n in range(3):
            Image.fromarray(random.integers(0, 255, (60, 90), np.uint8)).save(
                folder / "negatives" / source / f"{n}.png"
            )
    return folder


def _train(modules, data, out, **changes):
    settings = {
        "steps": 3,
        "every": 2,
        "rate": 1e-3,
        "seed": 5,
        "stop": None,
        "start": None,
        "mix": 1.0,
    }
    return modules.train_gate.train(
        argparse.Namespace(data=data, negatives=data / "negatives", out=out, **(settings | changes))
    )


def test_run_that_was_stopped_ends_where_an_unbroken_run_ends(modules, data, tmp_path):
    torch.manual_seed(1)
    whole = _train(modules, data, tmp_path / "whole")
    torch.manual_seed(1)
    _train(modules, data, tmp_path / "parts", stop=2)
    parts = _train(modules, data, tmp_path / "parts")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, parts.state_dict()[name])


def test_held_out_sources_are_never_trained_on(modules, data):
    assert set(modules.pictures.read_negatives(data / "negatives")) == {"matplotlib"}


def test_children_and_other_splits_are_left_out(modules, data):
    films = modules.pictures.read_films(data, "train")
    assert films.shape == (5, 128, 128)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_placed_film_is_mirrored_and_turned_as_numpy_does_it(modules, turn, mirrored):
    batches = modules.batches
    film = np.zeros((128, 128), np.uint8)
    film[20:50, 30:60] = 255
    film[90:100, 80:118] = 128

    class Still:
        """Draws no tilt."""

        def uniform(self, low, high, size=None):
            return np.zeros(size) if size else 0.0

        def random(self):
            return 1.0

    window = np.array([[0.0, 0.0], [1.0, 1.0]])
    placing = torch.from_numpy(batches.placing_of(window, turn, mirrored, Still())).float()
    line = (torch.arange(128) + 0.5) * 2 / 128 - 1
    frame = torch.stack([line.expand(128, 128), line[:, None].expand(128, 128),
                         torch.ones(128, 128)], -1)  # fmt: skip
    grid = torch.einsum("ij,yxj->yxi", placing, frame)[None, ..., :2]
    picture = torch.from_numpy(film.astype(np.float32))[None, None]
    seen = torch.nn.functional.grid_sample(picture, grid, align_corners=False)[0, 0].numpy()
    expected = np.rot90(np.fliplr(film) if mirrored else film, turn)
    assert np.allclose(seen, expected, atol=1)


def test_what_is_seen_of_a_film_names_the_field(modules):
    random = np.random.default_rng(0)
    batches = modules.batches
    names = {batches.WHOLE: 0, batches.CUT_OFF: 0, batches.TINY: 0, batches.UNKNOWN: 0}
    for _ in range(2000):
        field, window, cut = batches._field(random)
        assert cut.min() >= 0
        assert cut.max() <= 1
        kept = (np.minimum(window[1], cut[1]) - np.maximum(window[0], cut[0])).min()
        fills = 1 / (window[1] - window[0]).max()
        names[field] += 1
        if field == batches.CUT_OFF:
            assert kept < batches.CUT_KEPT
        elif field == batches.TINY:
            assert fills < batches.TINY_SHARE
        elif field == batches.WHOLE:
            assert kept > batches.WHOLE_KEPT
            assert fills > batches.FULL_SHARE
    assert min(names.values()) > 50


def test_half_a_film_stands_in_its_frame_as_the_product_letterboxes_it(modules):
    """Its shape is kept, the rest is empty: a half that is pulled to a square looks whole."""
    batches, random = modules.batches, np.random.default_rng(0)
    film, shapes = np.full((128, 128), 255, np.uint8), []
    while len(shapes) < 200:
        sample = batches.chest(film, random)
        cut = sample.seen[1] - sample.seen[0]
        if sample.field == batches.CUT_OFF and cut.min() < 0.9 * cut.max():
            pixels = np.linalg.svd(sample.placing[:2, :2], compute_uv=False)
            shapes.append(pixels[0] / pixels[1])
    assert 0.6 < np.mean(np.array(shapes) < 1.25) < 0.95


def test_what_is_left_of_a_mirrored_film_is_its_other_side(modules, monkeypatch):
    batches = modules.batches
    window, cut = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.6, 0.1], [1.0, 1.0]])
    monkeypatch.setattr(batches, "_field", lambda _: (batches.CUT_OFF, window, cut))
    random = np.random.default_rng(0)
    film = np.zeros((128, 128), np.uint8)
    seen = {
        sample.mirrored: sample.seen for sample in (batches.chest(film, random) for _ in "x" * 40)
    }
    assert np.allclose(seen[0], cut)
    assert np.allclose(seen[1], [[0.0, 0.1], [0.4, 1.0]])


def test_batch_follows_from_its_seed_and_stays_in_range(modules, data):
    films = modules.pictures.read_films(data, "train")
    sources = modules.pictures.read_negatives(data / "negatives")
    first, truth = modules.batches.batch(films, sources, 64, np.random.default_rng((1, 2)))
    again, _ = modules.batches.batch(films, sources, 64, np.random.default_rng((1, 2)))
    assert torch.equal(first, again)
    assert first.shape == (64, 1, modules.batches.SIZE, modules.batches.SIZE)
    assert -1024 <= first.min() < first.max() <= 1024
    others = truth.chest == 0
    assert 0 < others.sum() < 64
    assert (truth.turn[truth.inverted == -1] == -1).all()


def test_exported_network_answers_as_torch_does(modules, data, tmp_path):
    network = _train(modules, data, tmp_path / "run")
    (tmp_path / "gate.json").write_text("{}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the older exporter is meant
        modules.train_gate.export(network, tmp_path)
    card = json.loads((tmp_path / "gate.json").read_text())
    assert card["bytes"] == (tmp_path / "model.onnx").stat().st_size < 3_000_000
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    size = modules.batches.SIZE
    images = np.random.default_rng(0).normal(0, 400, (3, 1, size, size)).astype(np.float32)
    answers = session.run(list(modules.network.ANSWERS), {"image": images})
    with torch.no_grad():
        expected = modules.network.Contract(network.eval())(torch.from_numpy(images))
    for ours, theirs in zip(answers, expected, strict=True):
        assert np.allclose(ours, theirs.numpy(), atol=1e-4)


def test_every_way_a_film_may_come_is_measured_with_its_truth(modules):
    film = np.arange(64, dtype=np.uint8).reshape(8, 8)
    made = {name: (picture, truth) for name, picture, truth in modules.gate_films.variants(film)}
    assert np.array_equal(np.rot90(made["left"][0], -1), film)
    assert made["left"][1]["turn"] == 1
    assert np.array_equal(np.rot90(255 - made["inverted_down"][0], -2), film)
    assert made["tiny"][0].shape == (24, 24)
    assert {truth["field"] for _, truth in made.values()} == {"whole", "cut_off", "tiny"}


def test_drawings_are_pictures_and_differ(modules):
    random = np.random.default_rng(0)
    made = [modules.phantoms.phantom(random) for _ in range(60)]
    assert {picture.shape for picture in made} == {(128, 128)}
    assert len({picture.tobytes() for picture in made}) == 60


def test_run_goes_on_from_an_exported_network_as_it_was(modules, data, tmp_path):
    """Batch normalisation that was folded away is there again, and nothing is answered
    otherwise."""
    trained = _train(modules, data, tmp_path / "first").eval()
    (tmp_path / "gate.json").write_text("{}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the older exporter is meant
        modules.train_gate.export(trained, tmp_path)
    images = torch.randn(8, 1, 96, 96) * 500
    again = modules.network.GateNetwork(96)
    modules.start.begin_from(tmp_path / "model.onnx", again, images)
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(images), trained(images), atol=1e-3, rtol=1e-3)
        for layer in again.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = 0.0
        again.train()
        again.drop.eval()
        torch.testing.assert_close(again(images), trained(images), atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("kind", range(11))
def test_every_disease_leaves_a_film_that_can_be_drawn(modules, kind):
    disease = modules.disease
    assert len(disease.KINDS) == 11
    film = np.random.default_rng(1).random((128, 128)).astype(np.float32)
    for seed in range(20):
        drawn = disease.KINDS[kind](film, np.random.default_rng(seed))
        assert drawn.shape == film.shape
        assert np.isfinite(drawn).all()
        assert (drawn != film).any()


def test_sick_and_old_films_follow_from_the_seed(modules):
    film = np.random.default_rng(1).integers(0, 255, (128, 128), np.uint8)
    for draw in (modules.disease.sick, modules.disease.old, modules.disease.drawn_on):
        first, again = (draw(film, np.random.default_rng(7)) for _ in range(2))
        assert first.dtype == np.uint8
        assert np.array_equal(first, again)
