"""Pack the films that are learned from into a folder small enough to carry to a GPU.

    python scripts/pack_films.py DIR --out PACKED

PACKED holds labels.csv, images_128.tar and images_256.tar as the training scripts read them, of
the train and val splits alone, without people under 15 years: the test split stays behind. The
films are encoded anew as WebP, in compressed tars: about half of the bytes, and not the same
grey levels to the last one, so figures are not those of DIR to the last digit.
"""

import argparse
import csv
import io
import tarfile
from pathlib import Path

from PIL import Image

from baseline_training.films import MINIMUM_AGE_YEARS

SPLITS = ("train", "val")
QUALITY = 90
ARCHIVES = ("images_128.tar", "images_256.tar")

Row = dict[str, str]


def rows_of(labels: Path) -> tuple[list[str], list[Row]]:
    """Columns, and the rows of films that are learned from or chosen by."""
    with labels.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [
            row
            for row in reader
            if row["split"] in SPLITS and float(row["age"]) >= MINIMUM_AGE_YEARS
        ]
        return list(reader.fieldnames or []), rows


def pack(archive: Path, names: set[str], out: Path) -> int:
    """Write those of `names` that the archive holds; returns how many."""
    count = 0
    with tarfile.open(archive) as films, tarfile.open(out, "w:gz") as packed:
        for member in films:
            name = Path(member.name).stem
            film = films.extractfile(member) if name in names and member.isfile() else None
            if film is not None:
                content = webp(film.read())
                info = tarfile.TarInfo(f"{name}.webp")
                info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
                count += 1
    return count


def webp(content: bytes) -> bytes:
    """A picture, encoded anew."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("L").save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    columns, rows = rows_of(arguments.data / "labels.csv")
    with (arguments.out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    for name in ARCHIVES:
        count = pack(arguments.data / name, {row["image"] for row in rows}, arguments.out / name)
        print(f"{name}: {count} films, {(arguments.out / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
