"""Write the pictures that the gate is measured on, and a manifest of what is true of each.

    python scripts/gate_films.py --films TAR [TAR …] --labels LABELS.csv [--split test] \\
        [--full DIR …] [--classes LABELS.csv TAR] --negatives DIR --out DIR [--dicom]
    cxr-triage gate DIR --policy research --json > gate.jsonl
    python scripts/measure_gate.py DIR/manifest.csv gate.jsonl

Of each chest film: as it is, turned, inverted, mirrored, cut off and tiny in the frame. Of
--classes (columns image, class) as they are. Of the negatives only sources that were never trained
on, and new drawings of the kinds that were. With --dicom everything is a DICOM object whose header
says that it is a frontal chest radiograph. Nothing here was learned from.
"""

import argparse
import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileDataset, FileMetaDataset

from gate_training import phantoms
from gate_training.pictures import HELD_OUT, U8
from unpack_films import wanted_films

COLUMNS = ("file", "source", "chest", "turn", "inverted", "mirrored", "field")
DRAWN = (phantoms.hand, phantoms.abdomen, phantoms.skull, phantoms.pelvis, phantoms.spine)
DRAWINGS = 200
"""Of each kind, from a seed of their own."""
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


def of_classes(labels: Path, archive: Path) -> Iterator[tuple[str, str, U8]]:
    """Class, name and grey picture of each film of a collection with one class a film."""
    with labels.open(encoding="utf-8", newline="") as file:
        classes = {row["image"]: row["class"] for row in csv.DictReader(file)}
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name).name
            stored = members.extractfile(member) if name in classes else None
            if stored is not None:
                picture = Image.open(io.BytesIO(stored.read()))
                yield classes[name], Path(name).stem, np.asarray(picture.convert("L"))


def as_chest_film(picture: U8, file: Path) -> None:
    """Write the picture as a DICOM object whose header says: chest, from behind, 60 years."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uid.DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = uid.generate_uid(entropy_srcs=[file.name])
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    ds.StudyInstanceUID = ds.SeriesInstanceUID = uid.generate_uid(entropy_srcs=["of", file.name])
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition, ds.PatientAge = "DX", "CHEST", "PA", "060Y"
    ds.Rows, ds.Columns = picture.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = np.ascontiguousarray(picture).tobytes() + b"\0" * (picture.size % 2)
    ds["PixelData"].VR = "OB"
    ds.save_as(file, enforce_file_format=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, nargs="*", default=[], metavar="TAR")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--full", type=Path, nargs="*", default=[], metavar="DIR")
    parser.add_argument("--classes", type=Path, nargs=2, metavar=("LABELS", "TAR"))
    parser.add_argument("--dicom", action="store_true", help="with headers that say chest, frontal")
    parser.add_argument("--negatives", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        manifest = csv.DictWriter(file, COLUMNS, restval="")
        manifest.writeheader()

        def write(name: str, source: str, picture: U8, truth: dict[str, object]) -> None:
            if arguments.dicom:
                name = f"{name.removesuffix('.png')}.dcm"
                as_chest_film(picture, arguments.out / name)
            else:
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
        if arguments.classes:
            for of, name, film in of_classes(*arguments.classes):
                write(f"{name}.png", f"other hospitals: {of}", film, UPRIGHT)
        random = np.random.default_rng(2026)
        for draw in DRAWN:
            for number in range(DRAWINGS):
                picture = np.asarray(draw(random).resize((256, 256)), np.uint8)
                name = f"{draw.__name__}-{number:03}.png"
                write(name, f"drawings: {draw.__name__}", picture, {"chest": 0})
        for source in HELD_OUT:
            for picture in sorted((arguments.negatives / source).glob("*.png")):
                grey = np.asarray(Image.open(picture))
                write(f"{source}-{picture.name}", source, grey, {"chest": 0})


if __name__ == "__main__":
    main()
