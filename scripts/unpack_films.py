"""Lay the films of a collection out as a folder of files that `cxr-triage score` reads.

Films of people under 15 years are left out: the product refuses them where the header
says the age, and these pictures have no header. Of a film that stands in several tars the
last is kept, so name the best resolution last. Sizes and encodings stay as they are.

    python scripts/unpack_films.py DIR/images_128.tar --labels DIR/labels.csv \\
        --split val --out out/films/val
    cxr-triage score out/films/val --policy research --no-report --heatmaps 0 --out out/val
    cxr-triage evaluate out/val DIR/labels.csv --split val --out out/evaluation/val
"""

import argparse
import csv
import tarfile
from pathlib import Path

MINIMUM_AGE_YEARS = 15


def wanted_films(labels: Path, splits: list[str]) -> set[str]:
    """Names of the films in `splits` (all of them if empty) of people of 15 years or more."""
    with labels.open(encoding="utf-8-sig", newline="") as file:
        return {
            Path(row["image"]).stem
            for row in csv.DictReader(file)
            if (not splits or row.get("split") in splits)
            and not (row.get("age") and float(row["age"]) < MINIMUM_AGE_YEARS)
        }


def unpack(archive: Path, films: set[str], out: Path) -> set[str]:
    """Write those of `films` that the archive holds into `out`; returns their names."""
    written = set()
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name)
            content = members.extractfile(member) if name.stem in films else None
            if content is not None:
                (out / name.name).write_bytes(content.read())
                written.add(name.stem)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archives", type=Path, nargs="+", metavar="TAR")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--split", action="append", default=[], help="may be given several times")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    films = wanted_films(arguments.labels, arguments.split)
    arguments.out.mkdir(parents=True, exist_ok=True)
    written: set[str] = set()
    for archive in arguments.archives:
        written |= unpack(archive, films, arguments.out)
    print(f"{len(written)} films written, {len(films - written)} not in the archives")


if __name__ == "__main__":
    main()
