"""Fit what tells at which edge of a picture the chest was cut off.

    python scripts/fit_chest_edges.py --films TAR --labels LABELS.csv [--out FILE.npz]

A linear rule for each side, on the film reduced to 24 × 24: whole films of the training patients,
or cut a little, beside the same films with 16 to 40 % cut from that side. Prints, for the val
patients, the share of films that each rule calls cut at the limits of `triage.chest_edges`.
"""

import argparse
import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from cxr_triage.triage.chest_edges import LIMITS, SIDES, WEIGHTS, features
from unpack_films import wanted_films

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
WHOLE, CUT = (0.0, 0.05), (0.16, 0.4)
REGULAR = 0.003
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)


def films_of(archive: Path, labels: Path, split: str) -> list[U8]:
    wanted, films = wanted_films(labels, [split]), []
    with tarfile.open(archive) as members:
        for member in members:
            stored = members.extractfile(member) if Path(member.name).stem in wanted else None
            if stored is not None:
                films.append(np.asarray(Image.open(io.BytesIO(stored.read())).convert("L")))
    return films


def without(film: U8, side: int, share: float) -> U8:
    """The film less so much at its top, right, bottom or left (0 to 3)."""
    turned = np.rot90(film, side)
    return np.rot90(turned[round(share * len(turned)) :], -side)


def seen(film: U8, side: int) -> F64:
    pixels = (film.astype(np.float32) * (2 / 255) - 1) * 1024
    return np.asarray(features(pixels, side), np.float64)


def samples(
    films: list[U8], side: int, random: np.random.Generator
) -> tuple[F64, NDArray[np.bool_]]:
    found, truth = [], []
    for film in films:
        for cut in (False, True):
            other = film
            for another in set(range(4)) - {side}:
                if random.random() < 0.3:
                    other = without(other, another, random.uniform(0, 0.12))
            other = without(other, side, random.uniform(*(CUT if cut else WHOLE)))
            if random.random() < 0.3:
                other = (255 * (other / 255) ** random.uniform(0.6, 1.6)).astype(np.uint8)
            found.append(seen(other, side))
            truth.append(cut)
    return np.array(found), np.array(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, required=True, metavar="TAR")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    films = films_of(arguments.films, arguments.labels, "train")
    val = films_of(arguments.films, arguments.labels, "val")
    random, rules = np.random.default_rng(1), {}
    print(f"{len(films)} films, {len(val)} to measure on; called cut where so much is missing:")
    print("| side | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |")
    for side, name in enumerate(SIDES):
        found, truth = samples(films, side, random)
        scaler = StandardScaler().fit(found)
        model = LogisticRegression(C=REGULAR, max_iter=400).fit(scaler.transform(found), truth)
        weights = model.coef_[0] / scaler.scale_
        bias = model.intercept_[0] - float(weights @ scaler.mean_)
        rules[name] = np.append(weights, bias).astype(np.float32)
        cells = []
        for share in SHARES:
            scores = [
                rules[name][:-1] @ seen(without(film, side, share), side) + bias for film in val
            ]
            cells.append(f"{np.mean(np.array(scores) > LIMITS[name]):.1%}")
        print(f"| {name} | " + " | ".join(cells) + " |")
    np.savez(arguments.out, allow_pickle=False, **rules)


if __name__ == "__main__":
    main()
