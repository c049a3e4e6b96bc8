"""Collect pictures that are no chest radiographs, from packages that any machine can install.

    python scripts/collect_negatives.py --out DIR

Each package is a source and becomes a folder DIR/SOURCE of grey PNG files whose longer side
is at most 256 pixels. Debian packages are fetched with `apt-get download` and unpacked, not
installed; Python packages are those that are installed here. A source that is not to be had
is named and left out. Nothing of it is part of this project: see each package's licence.
"""

import argparse
import gzip
import io
import plistlib
import shutil
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import data_store
import numpy as np
import pydicom
from PIL import Image

from cxr_triage.errors import TriageError
from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.heatmap import display_image
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.source import open_image

LONGEST = 256
MOST = 3000
"""Pictures of one source; of more, every so many-th is taken."""
LEAST_SIDE = 40
LARGEST_BYTES = 2_000_000
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif"}
DEBIAN = (
    "tuxpaint-stamps-default",
    "openclipart-png",
    "gnome-backgrounds",
    "mate-backgrounds",
    "ukui-wallpapers",
    "lxqt-themes",
    "mricron-data",
    "gcompris-qt-data",
    "invesalius-examples",
)
PYTHON = {"scikit-image": "skimage", "scikit-learn": "sklearn", "matplotlib": "matplotlib"}
CHEST_FILMS = ("RG1_",)
"""Of pydicom-data: the chest radiograph, which is none of these."""


def grey(picture: Image.Image) -> Image.Image | None:
    """8-bit grey on white, the longer side at most LONGEST; None if it is too small."""
    if min(picture.size) < LEAST_SIDE:
        return None
    coloured = picture.convert("RGBA")
    white = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, coloured).convert("L")
    flat.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=3)
    return flat


def pictures_below(folder: Path) -> Iterator[Image.Image]:
    """Every picture in a folder, and slices of every NIfTI volume."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    shown = [file for file in files if file.suffix.lower() in SUFFIXES]
    for file in shown[:: max(1, -(-len(shown) // MOST))]:
        try:
            with Image.open(file) as picture:
                picture.load()
                yield picture
        except (OSError, Image.DecompressionBombError):
            continue
    for file in files:
        if file.name.endswith(".nii.gz"):
            yield from slices(file)
        elif file.suffix == ".rcc":
            yield from resources(file)
        elif file.suffix == ".inv3":
            yield from projections(file)


def resources(file: Path) -> Iterator[Image.Image]:
    """The WebP and JPEG pictures that lie uncompressed in a Qt resource file."""
    content = file.read_bytes()
    for mark in (b"RIFF", b"\xff\xd8\xff"):
        start = content.find(mark)
        while start >= 0:
            try:
                with Image.open(io.BytesIO(content[start : start + LARGEST_BYTES])) as picture:
                    picture.load()
                    yield picture
            except (OSError, SyntaxError, ValueError):
                pass  # the mark stood there by chance
            start = content.find(mark, start + len(mark))


def projections(file: Path) -> Iterator[Image.Image]:
    """A CT volume (InVesalius project) as radiographs from 12 directions, either way up: line
    integrals of attenuation, bone weighted as at a lower voltage."""
    with tarfile.open(file) as archive:
        members = {Path(member.name).name: member for member in archive}
        plan, matrix = (archive.extractfile(members[name]) for name in ("main.plist", "matrix.dat"))
        if plan is None or matrix is None:
            raise FileNotFoundError(file)
        project, words = plistlib.load(plan), matrix.read()
    spacing_x, _, spacing_z = project["spacing"]
    shape = project["matrix"]["shape"]
    hounsfield = np.frombuffer(words, "<i2").reshape(shape)[:, ::2, ::2].astype(np.float32)
    attenuation = np.where(hounsfield > 150, 1.8, 1) * (hounsfield + 1000).clip(0) / 1000
    attenuation[hounsfield < -300] = 0  # air, and the table's foam
    height = round(LONGEST * shape[0] * spacing_z / (shape[1] * spacing_x))
    for degrees in range(0, 180, 15):
        planes = [np.asarray(Image.fromarray(plane).rotate(degrees, Image.Resampling.BILINEAR))
                  for plane in attenuation]  # fmt: skip
        film = np.sum(planes, axis=1)
        unit = (film / np.percentile(film, 99.5)).clip(0, 1)
        picture = Image.fromarray((unit * 255).astype(np.uint8))
        upright = picture.resize((LONGEST, height), Image.Resampling.BICUBIC)
        yield upright
        yield upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def slices(file: Path) -> Iterator[Image.Image]:
    """A dozen slices along each axis of a NIfTI-1 volume (little-endian u8, i16 or f32)."""
    content = gzip.decompress(file.read_bytes())
    shape = struct.unpack_from("<8h", content, 40)[1:4]
    kind = {2: "u1", 4: "<i2", 16: "<f4"}.get(struct.unpack_from("<h", content, 70)[0])
    start = int(struct.unpack_from("<f", content, 108)[0])
    if kind is None or min(shape) < LEAST_SIDE:
        return
    volume = np.frombuffer(content, kind, int(np.prod(shape)), start).reshape(shape[::-1])
    low, high = np.percentile(volume, (0.5, 99.5))
    for axis in range(3):
        for place in np.linspace(0.2, 0.8, 12):
            plane = np.take(volume, int(place * volume.shape[axis]), axis).astype(np.float32)
            unit = np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1)
            yield Image.fromarray((unit[::-1] * 255).astype(np.uint8))


def debian(package: str) -> Iterator[Image.Image]:
    """The pictures of a Debian package, which is unpacked into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True,
                       capture_output=True)  # fmt: skip
        archive = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, Path(folder) / "x"], check=True)
        yield from pictures_below(Path(folder) / "x")


def python_package(module: str) -> Iterator[Image.Image]:
    """The pictures that come with an installed Python package."""
    found = find_spec(module)
    if found is None or found.origin is None:
        raise FileNotFoundError(module)
    yield from pictures_below(Path(found.origin).parent)


def dicom() -> Iterator[Image.Image]:
    """Every image of pydicom-data and pydicom's own test files but the chest radiograph."""
    folders = [Path(str(module.__file__)).parent / "data" for module in (data_store, pydicom)]
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    with DecoderPool(workers=1, timeout_s=20, memory_bytes=2**30) as decoder:
        for file in files:
            if file.name.startswith(CHEST_FILMS):
                continue
            try:
                radiograph = open_image(file.read_bytes(), Limits()).decode(decoder)
            except TriageError:
                continue
            yield display_image(radiograph.pixels, LONGEST)


def collect(source: str, pictures: Iterator[Image.Image], out: Path) -> int:
    """Write the pictures of a source, each content once; returns how many."""
    folder = out / f"{source}.part"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seen: set[bytes] = set()
    for picture in pictures:
        flat = grey(picture)
        if flat is not None and flat.tobytes() not in seen:
            seen.add(flat.tobytes())
            flat.save(folder / f"{len(seen):05d}.png")
    folder.rename(out / source)
    return len(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    sources = {package: debian(package) for package in DEBIAN}
    sources |= {name: python_package(module) for name, module in PYTHON.items()}
    sources["pydicom-data"] = dicom()
    for source, pictures in sources.items():
        if (out / source).is_dir():
            continue
        try:
            print(f"{source}: {collect(source, pictures, out)} pictures", flush=True)
        except (OSError, subprocess.CalledProcessError, StopIteration) as problem:
            print(f"{source}: left out ({type(problem).__name__})", flush=True)


if __name__ == "__main__":
    main()
