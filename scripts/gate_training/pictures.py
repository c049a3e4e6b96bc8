"""Pictures that the gate learns from: chest films, and pictures of other things.

Every picture is u8 [SIDE, SIDE], letterboxed on black, bright = dense.
"""

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

U8 = NDArray[np.uint8]

SIDE = 128
MINIMUM_AGE_YEARS = 15
HELD_OUT = (
    "pydicom-data",
    "scikit-image",
    "tuxpaint-stamps-default",
    "ukui-wallpapers",
    "gcompris-qt-data",
    "invesalius-examples",
)
"""Sources that are measured on and never trained on."""


def boxed(picture: Image.Image) -> U8:
    """The whole picture, grey, centred on a black square."""
    grey = picture.convert("L")
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    square = Image.new("L", (SIDE, SIDE))
    square.paste(grey, ((SIDE - grey.width) // 2, (SIDE - grey.height) // 2))
    return np.asarray(square)


def read_films(data: Path, split: str) -> U8:
    """Chest films [N, SIDE, SIDE] of a split, people of 15 years or more, in the order of
    their names; the 256 px copy where there is one."""
    with (data / "labels.csv").open(encoding="utf-8") as file:
        wanted = {
            row["image"]
            for row in csv.DictReader(file)
            if row["split"] == split and float(row["age"]) >= MINIMUM_AGE_YEARS
        }
    films = {}
    for archive_name in ("images_128.tar", "images_256.tar"):
        with tarfile.open(data / archive_name) as archive:
            for member in archive:
                name = Path(member.name).stem
                stored = archive.extractfile(member) if name in wanted else None
                if stored is not None:
                    films[name] = boxed(Image.open(io.BytesIO(stored.read())))
    return np.stack([films[name] for name in sorted(films)])


def read_negatives(folder: Path) -> dict[str, U8]:
    """Pictures [N, SIDE, SIDE] of each source that may be trained on, by its name."""
    sources = {}
    for source in sorted(path for path in folder.iterdir() if path.is_dir()):
        if source.name in HELD_OUT or source.suffix == ".part":
            continue
        files = sorted(source.glob("*.png"))
        if files:
            sources[source.name] = np.stack([boxed(Image.open(file)) for file in files])
    return sources
