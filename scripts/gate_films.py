"""Write the pictures that the gate is measured on, and a manifest of what is true of each.

    python scripts/gate_films.py --films TAR [TAR …] --labels LABELS.csv [--split test] \\
        [--full DIR …] --negatives DIR --out DIR
    cxr-triage gate DIR --policy research --json > gate.jsonl
    python scripts/measure_gate.py DIR/manifest.csv gate.jsonl

Of each chest film: as it is, turned, inverted, mirrored, cut off and tiny in the frame. Of
the negatives only sources that were never trained on. Nothing here was learned from.
"""

import argparse
import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from gate_training.pictures import HELD_OUT, U8
from unpack_films import wanted_films

COLUMNS = ("file", "source", "chest", "turn", "inverted", "mirrored", "field")
UPRIGHT = {"chest": 1, "turn": 0, "inverted": 0, "mirrored": 0, "field": "whole"}


def variants(film: U8) -> Iterator[tuple[str, U8, dict[str, object]]]:
    """Name, picture and truth of each way in which a film [H, W] may come."""
    yield "as_is", film, UPRIGHT
    for turn, name in ((1, "left"), (2, "down"), (3, "right")):
        yield name, np.rot90(film, turn), UPRIGHT | {"turn": turn}
    yield "inverted", 255 - film, UPRIGHT | {"inverted": 1}
    yield "inverted_down", np.rot90(255 - film, 2), UPRIGHT | {"inverted": 1, "turn": 2}
    yield "mirrored", np.fliplr(film), UPRIGHT | {"mirrored": 1}
    height, width = film.shape
    for name, part in (
        ("cut_left", film[:, width // 2 :]),
        ("cut_right", film[:, : width // 2]),
        ("cut_top", film[height // 2 :]),
        ("cut_bottom", film[: height // 2]),
    ):
        yield name, part, UPRIGHT | {"field": "cut_off"}
    frame = np.zeros((height * 3, width * 3), np.uint8)
    frame[height : 2 * height, width : 2 * width] = film
    yield "tiny", frame, UPRIGHT | {"field": "tiny"}


def films_of(archives: list[Path], labels: Path, split: str) -> Iterator[tuple[str, U8]]:
    """Names and grey pictures of the films of a split; of two copies the last archive's."""
    wanted, found = wanted_films(labels, [split]), {}
    for archive in archives:
        with tarfile.open(archive) as members:
            for member in members:
                name = Path(member.name).stem
                stored = members.extractfile(member) if name in wanted else None
                if stored is not None:
                    picture = Image.open(io.BytesIO(stored.read()))
                    found[name] = np.asarray(picture.convert("L"))
    yield from sorted(found.items())


def full_size(folders: list[Path]) -> Iterator[tuple[str, U8]]:
    """Names and grey pictures of films in files."""
    for folder in folders:
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in {".png", ".jpg", ".jpeg"}:
                yield file.stem, np.asarray(Image.open(file).convert("L"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, nargs="*", default=[], metavar="TAR")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--full", type=Path, nargs="*", default=[], metavar="DIR")
    parser.add_argument("--negatives", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        manifest = csv.DictWriter(file, COLUMNS, restval="")
        manifest.writeheader()

        def write(name: str, source: str, picture: U8, truth: dict[str, object]) -> None:
            Image.fromarray(picture).save(arguments.out / name, compress_level=1)
            manifest.writerow({"file": name, "source": source} | truth)

        collections = {
            f"NIH, {arguments.split} split": films_of(
                arguments.films, arguments.labels, arguments.split
            )
            if arguments.films
            else iter(()),
            "full size": full_size(arguments.full),
        }
        for source, films in collections.items():
            for name, film in films:
                for variant, picture, truth in variants(film):
                    write(f"{name}-{variant}.png", f"{source}: {variant}", picture, truth)
        for source in HELD_OUT:
            for picture in sorted((arguments.negatives / source).glob("*.png")):
                grey = np.asarray(Image.open(picture))
                write(f"{source}-{picture.name}", source, grey, {"chest": 0})


if __name__ == "__main__":
    main()
