"""Pack the reference films that ship with the models: NIH ChestX-ray14's val and test films here.

    python scripts/pack_reference_films.py DIR/images_128.tar --labels DIR/labels.csv \\
        --out models/reference-films

Writes films.zip (the files as they are, stored) and labels.csv (image, findings, patient, split,
view, age, sex) of people of 15 years or more, whose films no model of ours learned from. Then
`cxr-triage model measure NAME` scores them with a model and writes its positions.
"""

import argparse
import csv
import tarfile
import zipfile
from pathlib import Path

SPLITS = ("val", "test")
MINIMUM_AGE_YEARS = 15
COLUMNS = ("image", "findings", "patient", "split", "view", "age", "sex")
LONG_AGO = (1980, 1, 1, 0, 0, 0)

Row = dict[str, str]


def wanted(labels: Path) -> dict[str, Row]:
    """Rows by the film's name without its ending."""
    with labels.open(encoding="utf-8-sig", newline="") as file:
        return {
            Path(row["image"]).stem: {name: row[name] for name in COLUMNS}
            for row in csv.DictReader(file)
            if row["split"] in SPLITS and float(row["age"] or 0) >= MINIMUM_AGE_YEARS
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, metavar="TAR")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows, packed = wanted(arguments.labels), []
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (
        tarfile.open(arguments.archive) as films,
        zipfile.ZipFile(arguments.out / "films.zip", "w") as out,
    ):
        for member in sorted(films.getmembers(), key=lambda one: one.name):
            name = Path(member.name)
            content = films.extractfile(member) if name.stem in rows else None
            if content is not None:
                out.writestr(zipfile.ZipInfo(name.name, LONG_AGO), content.read())
                packed.append({**rows[name.stem], "image": name.name})
    with (arguments.out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(packed)
    print(f"{len(packed)} films, {(arguments.out / 'films.zip').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
