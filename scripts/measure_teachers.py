"""What teachers, and the mean of their logits, say of the validation split.

    python scripts/measure_teachers.py 160=A.pt 192=B.pt 224=models/nih-baseline/model.onnx
        --data DIR

One JSON line for each: mean AUC over the labels that count, AUC of any finding, the AUC of each
label, and how often a map's peak is in a radiologist's box; then one for the mean of all. A
teacher's films are of its own side. Needs what scripts/train_teacher.py needs.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from baseline_training.films import read_films
from baseline_training.teachers import read_teacher
from baseline_training.validation import answers, pointing, scores_of


def measure(names: list[str], data: Path) -> list[tuple[str, dict[str, float]]]:
    """Each teacher's figures, and last those of the mean of all."""
    films, shown = read_films(data, "val"), read_films(data, "train")
    found, every = [], []
    for name in names:
        side, network = read_teacher(name, shown)
        logits, cams = answers(network, films, side)
        every.append(logits.numpy())
        found.append((name, rounded(scores_of(every[-1], films) | pointing(cams, films))))
    return [*found, ("mean", rounded(scores_of(np.mean(every, 0), films)))]


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """To three places."""
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("teachers", nargs="+", metavar="SIDE=FILE")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name, figures in measure(arguments.teachers, arguments.data):
        print(json.dumps({"teacher": name} | figures))


if __name__ == "__main__":
    main()
