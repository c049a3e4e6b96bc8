"""Films to train on: pictures, text-mined labels, and what radiologists said and marked."""

import csv
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

LABELS = (
    "Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema",
    "Fibrosis", "Effusion", "Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass",
    "Hernia",
)  # fmt: skip
ANY = len(LABELS)
OPACITIES = [LABELS.index(name) for name in ("Pneumonia", "Consolidation", "Infiltration")]
NIH_BOX_NAMES = {"Infiltrate": "Infiltration"}
MINIMUM_AGE_YEARS = 15
GRID = 56  # cells a side of a box mask before it follows the augmentation
UNKNOWN = -1.0


@dataclass
class Film:
    """One film: grey u8 [h, w], targets [15] (−1: unknown), box mask [GRID, GRID] by label.

    reported: the text-mined labels [15] as they are, which `cxr-triage evaluate` compares with.
    """

    patient: str
    grey: np.ndarray
    targets: np.ndarray
    reported: np.ndarray
    boxes: dict[int, np.ndarray] = field(default_factory=dict)


def reported_of(row: dict[str, str]) -> np.ndarray:
    """Text-mined labels."""
    reported = np.zeros(len(LABELS) + 1, np.float32)
    found = [name for name in row["findings"].split("|") if name in LABELS]
    reported[[LABELS.index(name) for name in found]] = 1
    reported[ANY] = bool(found)
    return reported


def targets_of(row: dict[str, str]) -> np.ndarray:
    """Text-mined labels, corrected by what a radiologist said of the film."""
    targets = reported_of(row)
    if row["rsna_class"] == "Normal":
        targets[:] = np.where(targets == 1, UNKNOWN, 0)
        targets[ANY] = 0
    elif row["rsna_class"] == "Lung Opacity":
        targets[OPACITIES] = np.where(targets[OPACITIES] == 1, 1, UNKNOWN)
        targets[[OPACITIES[0], ANY]] = 1
    elif row["rsna_class"]:
        targets[OPACITIES] = np.where(targets[OPACITIES] == 1, UNKNOWN, 0)
        targets[[OPACITIES[0]]], targets[ANY] = 0, 1
    return targets


def mask(box: list[float]) -> np.ndarray:
    """A box (x, y, width, height in shares of the image) on the grid."""
    x, y, width, height = (value * GRID for value in box)
    cells = np.zeros((GRID, GRID), np.float32)
    cells[
        int(y) : max(int(y) + 1, round(y + height)), int(x) : max(int(x) + 1, round(x + width))
    ] = 1
    return cells


def boxes_of(row: dict[str, str]) -> dict[int, np.ndarray]:
    """The union of a film's boxes for each label that they belong to."""
    found: dict[int, np.ndarray] = {}

    def add(label: int, cells: np.ndarray) -> None:
        found[label] = np.maximum(found.get(label, 0), cells)

    for box in json.loads(row["rsna_boxes"] or "[]"):
        for label in (*OPACITIES, ANY):
            add(label, mask(box))
    for name, *box in json.loads(row["nih_boxes"] or "[]"):
        label = NIH_BOX_NAMES.get(name, name)
        if label in LABELS:
            add(LABELS.index(label), mask(box))
            add(ANY, mask(box))
    return found


def read_films(data: Path, split: str) -> list[Film]:
    """Films of a split, 15 years or more; the 256 px copy where there is one."""
    with (data / "labels.csv").open(encoding="utf-8") as file:
        rows = {row["image"]: row for row in csv.DictReader(file) if row["split"] == split}
    films = {}
    for archive_name in ("images_128.tar", "images_256.tar"):
        with tarfile.open(data / archive_name) as archive:
            for member in archive:
                row = rows.get(Path(member.name).stem)
                if row is None or float(row["age"]) < MINIMUM_AGE_YEARS:
                    continue
                stored = archive.extractfile(member)
                if stored is None:
                    continue
                grey = np.asarray(Image.open(io.BytesIO(stored.read())).convert("L"))
                films[row["image"]] = Film(
                    row["patient"], grey, targets_of(row), reported_of(row), boxes_of(row)
                )
    return [films[name] for name in sorted(films)]


def drawing_weights(films: list[Film]) -> np.ndarray:
    """Boxed films three times, 256 px films twice, rare findings up to three times as often."""
    truth = np.stack([film.targets == 1 for film in films])
    rarity = np.minimum(3, np.sqrt(0.04 / np.maximum(truth.mean(0), 1e-4)))
    weights = np.maximum(1, (truth * rarity).max(1))
    weights *= [3 if film.boxes else 1 for film in films]
    weights *= [2 if film.grey.shape[0] > 128 else 1 for film in films]
    return weights / weights.sum()
