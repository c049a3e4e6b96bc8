"""Choose a model's operating points on validation films and write them into its card.

Operating point: Youden's (largest sensitivity + specificity − 1). Likely point: the
probability that 95 % of the films without the finding stay under. Evidence: AUC on the
test films, for labels with at least 20 positives there. Films of people under 15 years
are left out. DIR holds labels.csv and a tar of grey JPEGs; needs scikit-learn.

    python scripts/choose_operating_points.py models/NAME DIR/images_128.tar DIR/labels.csv
"""

import argparse
import csv
import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.metrics import roc_auc_score, roc_curve

from cxr_triage.imaging.prepare import prepare
from cxr_triage.model.calibrate import sigmoid
from cxr_triage.model.engine import Engine

MINIMUM_AGE_YEARS = 15
MINIMUM_POSITIVES = 20
SPECIFICITY = 0.95
Films = dict[str, dict[str, str]]


def films_of(labels: Path, split: str) -> Films:
    """Rows of labels.csv by image name: `split`, 15 years or more."""
    with labels.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return {row["image"]: row for row in rows if float(row["age"]) >= MINIMUM_AGE_YEARS}


def score(engine: Engine, images: Path, films: Films) -> tuple[np.ndarray, list[str]]:
    """Probabilities f32 [n, L] of the films that the tar holds, and their names."""
    names, probabilities = [], []
    with tarfile.open(images) as archive:
        for member in archive:
            name = Path(member.name).stem
            if name not in films or not member.isfile():
                continue
            content = archive.extractfile(member).read()
            grey = np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float32)
            prepared = prepare(grey / 255 * 2048 - 1024, engine.card.input_size)
            probabilities.append(sigmoid(engine.run([prepared])[0].logits))
            names.append(name)
    return np.stack(probabilities), names


def truth(films: Films, names: list[str], label: str) -> np.ndarray:
    """Which of `names` have `label`: bool [n]."""
    return np.array([label in films[name]["findings"].split("|") for name in names])


def points(probability: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """The operating point and the likely point of one label."""
    false_rate, true_rate, cuts = roc_curve(positive, probability)
    youden = float(cuts[1:][np.argmax((true_rate - false_rate)[1:])])
    likely = float(np.quantile(probability[~positive], SPECIFICITY))
    return round(youden, 5), round(max(likely, youden), 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    arguments = parser.parse_args()
    engine = Engine(arguments.model)
    card_file = arguments.model / "card.json"
    card = json.loads(card_file.read_text(encoding="utf-8"))
    measured = {}
    for split in ("val", "test"):
        films = films_of(arguments.labels, split)
        measured[split] = films, *score(engine, arguments.images, films)
    for index, entry in enumerate(card["labels"]):
        films, probability, names = measured["val"]
        positive = truth(films, names, entry["label"])
        entry["operating_point"], entry["likely_point"] = points(probability[:, index], positive)
        films, probability, names = measured["test"]
        positive = truth(films, names, entry["label"])
        entry["evidence"] = {}
        if positive.sum() >= MINIMUM_POSITIVES:
            auc = roc_auc_score(positive, probability[:, index])
            entry["evidence"][f"NIH test split, {len(names)} films"] = round(float(auc), 3)
        print(entry, int(positive.sum()))
    card_file.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
