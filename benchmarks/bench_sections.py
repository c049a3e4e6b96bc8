"""What `bench.py` measures, a function a section."""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import data_store
import numpy as np
from PIL import Image

from cold_start import PEER, run
from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.source import open_image
from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import Engine
from cxr_triage.settings import Settings
from cxr_triage.triage.loading import open_pipeline
from cxr_triage.triage.pipeline import Pipeline
from pipeline import milliseconds

ROOT = Path(__file__).resolve().parents[1]
FILMS = ROOT / "src/cxr_triage/demo_films/films"
DATA = Path(data_store.__file__).parent / "data"
TORCH = importlib.util.find_spec("torchxrayvision") is not None
CORES = os.cpu_count() or 1
PEER_FOLDER = """
import sys, time; sys.path.insert(0, sys.argv[1])
import torch, torchxrayvision
from tests import peer
torch.set_num_threads(int(sys.argv[2]))
network = torchxrayvision.models.DenseNet(num_classes=14).eval()
for name in sys.argv[3:]:
    image = peer.crop_and_resize(torchxrayvision.utils.load_image(name)[0])[None]
    with torch.no_grad():
        torch.sigmoid(peer.logits(network, image))
    peer.grad_cam(network, image, 0)
"""
"""torchxrayvision's loop with one heatmap; nothing is drawn or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number, and what it is compared with. ratio: over 1 is in our favour. at: of a line."""

    section: str
    what: str
    value: float
    unit: str
    beside: float | None = None
    peer: str = ""
    ratio: float | None = None
    at: float | None = None


def in_turn(rounds: int, *works: Callable[[], object]) -> list[list[float]]:
    """Milliseconds of each, rounds alternating, so that all see the same machine."""
    took: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for times, work in zip(took, works, strict=True):
            times.append(milliseconds(work))
    return took


def ratio(slow: list[float], fast: list[float]) -> float:
    """The median of what each round says."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


@contextmanager
def pipeline_of(threads: int = CORES) -> Iterator[Pipeline]:
    """The model that ships."""
    with open_pipeline(Settings(), model=None, policy=None, workers=1, threads=threads) as pipeline:
        yield pipeline


def one_film(arguments: argparse.Namespace) -> list[Measured]:
    """A warm film end to end beside the engine alone and torch; a cold start."""
    data = next(DATA.glob("RG1_UNCR*")).read_bytes()
    with pipeline_of() as pipeline:
        prepared = pipeline.read(data).prepared
        assert prepared is not None
        engine = pipeline.engine
        whole, bare = in_turn(
            arguments.rounds, lambda: pipeline.assess(data), lambda: engine.run([prepared])
        )
        found = [
            Measured(
                section="film",
                what="1955×1841 uncompressed DICOM, bytes to findings with every map",
                value=statistics.median(whole),
                unit="ms",
                beside=statistics.median(bare),
                peer="the engine alone",
                ratio=1 / ratio(whole, bare),
            )
        ]
        if TORCH:
            found += _torch_film(arguments, engine, prepared.tensor)
    return found + _cold(arguments)


def _torch_film(arguments: argparse.Namespace, engine: Engine, tensor: object) -> list[Measured]:
    sys.path.insert(0, str(ROOT))
    import torch  # noqa: PLC0415 (where it is installed)
    from tests import peer  # noqa: PLC0415 (as above)

    from cxr_triage.domain import CropBox, Prepared  # noqa: PLC0415 (as above)

    torch.set_num_threads(CORES)
    network = peer.realistic_network()
    array = np.array(tensor, np.float32)
    prepared = Prepared(tensor=array, crop=CropBox(top=0, left=0, side=224))
    image = torch.from_numpy(array.copy())[None]
    ours, one, every = in_turn(
        max(3, arguments.rounds // 2),
        lambda: engine.run([prepared]),
        lambda: peer.grad_cam(network, image, 0),
        lambda: [peer.grad_cam(network, image, label) for label in range(14)],
    )
    return [
        Measured(
            section="film",
            what=f"scores and {what}",
            value=statistics.median(ours),
            unit="ms",
            beside=statistics.median(times),
            peer="torch, autograd Grad-CAM",
            ratio=ratio(times, ours),
        )
        for what, times in (("one heatmap", one), ("all 14 heatmaps", every))
    ]


def _cold(arguments: argparse.Namespace) -> list[Measured]:
    file = str(next(DATA.glob("RG1_UNCR*")))
    commands = {"ours": [sys.executable, "-m", "cxr_triage", "score", file]}
    if TORCH:
        commands["torch"] = [sys.executable, "-c", PEER, file, str(ROOT)]
    runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(max(3, arguments.rounds // 2)):
        for name, command in commands.items():
            runs[name].append(run(command))
    found = []
    for what, place, unit in (("time", 0, "s"), ("memory", 2, "MiB")):
        ours = [one[place] for one in runs["ours"]]
        theirs = [one[place] for one in runs.get("torch", [])]
        found.append(
            Measured(
                section="film",
                what=f"`score` one file from a cold start, {what}",
                value=statistics.median(ours),
                unit=unit,
                beside=statistics.median(theirs) if theirs else None,
                peer="torch + torchxrayvision" if theirs else "",
                ratio=ratio(theirs, ours) if theirs else None,
            )
        )
    return found


@contextmanager
def linked(number: int, suffix: str = ".png") -> Iterator[Path]:
    """A folder with so many links to the demonstration's films, as pictures of 1024 pixels."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "made"
        made.mkdir()
        with pipeline_of(1) as pipeline, DecoderPool(1, timeout_s=20, memory_bytes=2**30) as pool:
            del pipeline
            for film in sorted(FILMS.glob("*.dcm")):
                pixels = open_image(film.read_bytes(), Limits()).decode(pool).pixels
                grey = ((pixels + 1024) * (255 / 2048)).round().astype(np.uint8)
                Image.fromarray(grey).save(made / f"{film.stem}{suffix}")
        films = Path(name) / "films"
        films.mkdir()
        for place, film in enumerate(islice(cycle(sorted(made.iterdir())), number)):
            os.link(film, films / f"{place:05d}-{film.name}")
        yield films


def _scored(folder: Path, *options: str) -> tuple[float, float]:
    """Seconds and peak MiB of a run of `score` over an archive."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "cxr_triage", "score", str(folder), "--out", f"{out}/o"]
        seconds, _, together = run([*command, "--quiet", *options])
    return seconds, together


def folder(arguments: argparse.Namespace) -> list[Measured]:
    """A folder of films beside torchxrayvision's loop; one process and two; with pictures."""
    with linked(arguments.films) as films:
        names = [str(path) for path in sorted(films.iterdir())]
        few = names[: max(10, len(names) // 10)]
        one, _ = _scored(films, "--resume", "--processes", "1")
        two, memory = _scored(films, "--resume", "--processes", "2")
        drawn, _ = _scored(films, "--heatmaps", "3")
        theirs = None
        if TORCH:
            command = [sys.executable, "-c", PEER_FOLDER, str(ROOT), str(CORES)]
            start = _seconds([*command, few[0]])
            theirs = len(few) / (_seconds([*command, *few]) - start)
    number = len(names)
    rates = {
        f"{number} PNG of 1024 pixels, two processes": number / two,
        f"{number} PNG, three heatmaps and the report": number / drawn,
    }
    found = [
        Measured(
            section="folder",
            what=what,
            value=rate,
            unit="films/s",
            beside=theirs,
            peer="torchxrayvision's loop, one Grad-CAM" if theirs else "",
            ratio=rate / theirs if theirs else None,
        )
        for what, rate in rates.items()
    ]
    return [
        *found,
        Measured(
            section="folder",
            what="a second process: share of twice the rate",
            value=number / two,
            unit="films/s",
            beside=number / one,
            peer="one process",
            ratio=one / two / 2,
        ),
        Measured(section="folder", what="memory of that run", value=memory, unit="MiB"),
    ]


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def engine(arguments: argparse.Namespace) -> list[Measured]:
    """The model's run beside the time that its multiplications take at matrix products' speed."""
    try:
        operations = 2 * multiplications(find_model() / "model.onnx")
    except ImportError:
        return []
    image = np.zeros((1, 224, 224), np.float32)
    with pipeline_of() as pipeline:
        session = pipeline.engine._session  # the bare run
        size = 1024
        a = np.random.default_rng(0).random((size, size), np.float32)
        bare, product = in_turn(
            arguments.rounds, lambda: session.run(None, {"image": image[None]}), lambda: a @ a
        )
    limit = [ms * operations / (2 * size**3) for ms in product]
    return [
        Measured(
            section="engine",
            what=f"the network, {operations / 1e9:.1f} thousand million operations",
            value=statistics.median(bare),
            unit="ms",
            beside=statistics.median(limit),
            peer="as many in a matrix product",
            ratio=ratio(limit, bare),
        )
    ]


def multiplications(file: Path) -> int:
    """Of the convolutions and matrix products of a model for one image. Raises ImportError."""
    import onnx  # noqa: PLC0415 (where it is installed)

    graph = onnx.shape_inference.infer_shapes(onnx.load(file)).graph
    shapes = {
        one.name: [axis.dim_value or 1 for axis in one.type.tensor_type.shape.dim]
        for one in (*graph.value_info, *graph.output)
    }
    weights = {one.name: list(one.dims) for one in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv" and node.output[0] in shapes and node.input[1] in weights:
            total += int(np.prod(shapes[node.output[0]])) * int(np.prod(weights[node.input[1]][1:]))
    return total


def decoding(arguments: argparse.Namespace) -> list[Measured]:
    """Each encoding of the same film, and beside it the other library that reads it."""
    found = []
    with DecoderPool(1, timeout_s=20, memory_bytes=2**30) as pool:
        for stem in ("RG1_UNCR", "RG1_RLER", "RG1_JPLL", "RG1_JLSL", "RG1_J2KR", "RG1_J2KI"):
            file = next(iter(sorted(DATA.glob(f"{stem}*"))), None)
            if file is None:
                continue
            data = file.read_bytes()
            ours, theirs = in_turn(
                max(3, arguments.rounds // 2),
                lambda data=data: open_image(data, Limits()).decode(pool),  # type: ignore[misc]
                lambda file=file: _pydicom(file),  # type: ignore[misc]
            )
            found.append(
                Measured(
                    section="decoding",
                    what=f"header, pixels and grey of {stem}",
                    value=statistics.median(ours),
                    unit="ms",
                    beside=statistics.median(theirs),
                    peer="pydicom's pixel_array, no grey",
                    ratio=ratio(theirs, ours),
                )
            )
    return found


def _pydicom(file: Path) -> object:
    import pydicom  # noqa: PLC0415 (the peer)

    try:
        return pydicom.dcmread(file).pixel_array
    except (RuntimeError, NotImplementedError, ValueError):
        return None  # no decoder for it is installed


def size(_: argparse.Namespace) -> list[Measured]:
    """A film of one to twenty megapixels, end to end."""
    with Image.open(FILMS / "film-09.png") as film:
        grey = film.convert("L")
    found = []
    with pipeline_of() as pipeline, tempfile.TemporaryDirectory() as folder:
        for megapixels in (1, 2, 5, 10, 20):
            side = round((megapixels * 1e6) ** 0.5)
            file = Path(folder) / f"{megapixels}.png"
            grey.resize((side, side)).save(file, compress_level=1)
            data = file.read_bytes()
            (times,) = in_turn(3, lambda data=data: pipeline.assess(data))  # type: ignore[misc]
            found.append(
                Measured(
                    section="size",
                    what=f"{megapixels} megapixels as PNG",
                    value=statistics.median(times),
                    unit="ms",
                    at=megapixels,
                )
            )
    return found


def number(arguments: argparse.Namespace) -> list[Measured]:
    """More and more files: the time for each, and memory, stay."""
    found = []
    for count in (100, 1000, *((10_000,) if arguments.large else ())):
        with linked(count) as films:
            seconds, memory = _scored(films, "--resume", "--model", "nih-lite")
        for value, unit in ((1000 * seconds / count, "ms a file"), (memory, "MiB")):
            what = f"{count} files with nih-lite"
            found.append(Measured(section="number", what=what, value=value, unit=unit, at=count))
    return found


def install(arguments: argparse.Namespace) -> list[Measured]:
    """What the package itself weighs, and how long Python takes to import the command."""
    own = sum(file.stat().st_size for file in (ROOT / "src").rglob("*") if file.is_file())
    own += sum(file.stat().st_size for file in (ROOT / "models").rglob("*") if file.is_file())
    code = [sys.executable, "-c", "import cxr_triage.cli.score.command"]
    bare = [sys.executable, "-c", "import numpy, onnxruntime, PIL.Image"]
    ours, theirs = in_turn(arguments.rounds, lambda: _seconds(code), lambda: _seconds(bare))
    return [
        Measured(section="install", what="source and models", value=own / 2**20, unit="MiB"),
        Measured(
            section="install",
            what="import of the command",
            value=statistics.median(ours),
            unit="ms",
            beside=statistics.median(theirs),
            peer="numpy, onnxruntime and Pillow alone",
            ratio=1 / ratio(ours, theirs),
        ),
    ]
