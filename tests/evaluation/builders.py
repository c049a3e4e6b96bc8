"""Results and labels as files, with figures that are known beforehand."""

import csv
import json
from random import Random

FINGERPRINT = "f" * 32
MODEL = {"name": "nih-baseline", "version": "9", "sha256": "0" * 64, "proof": "demonstration"}


def row(name, probabilities, *, outcome="assessed", fingerprint=FINGERPRINT, **other):
    """A row of results.jsonl; probabilities by label, cut at 0.5, likely from 0.8."""
    return {
        "path": f"films/{name}",
        "outcome": outcome,
        "priority": "routine",
        "reason": "",
        "findings": [
            {
                "label": label,
                "name": label,
                "probability": p,
                "score": p,
                "threshold": 0.5,
                "flagged": p >= 0.5,
                "level": "likely" if p >= 0.8 else "possible" if p >= 0.5 else "none",
            }
            for label, p in probabilities.items()
        ],
        "eligibility": {"status": "accept", "reasons": [], "warnings": []},
        "error": None,
        "model": MODEL,
        "fingerprint": fingerprint,
        "digest": "d",
    } | other


def write_results(folder, rows):
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(one) + "\n" for one in rows)
    (folder / "results.jsonl").write_text(text, "utf-8")
    return folder


def write_labels(file, films):
    """films: dictionaries with the columns of the labels."""
    with file.open("w", encoding="utf-8", newline="") as sheet:
        writer = csv.DictWriter(sheet, list(films[0]))
        writer.writeheader()
        writer.writerows(films)
    return file


def cohort(seed, films=240):
    """Rows and labels of made films: Effusion separates well, Mass does not at all."""
    random = Random(seed)  # noqa: S311 - figures, not secrets
    rows, labels = [], []
    for number in range(films):
        effusion, mass = random.random() < 0.3, random.random() < 0.2
        p = {
            "Effusion": round(
                min(0.99, max(0.01, random.gauss(0.65 if effusion else 0.4, 0.15))), 6
            ),
            "Mass": round(random.uniform(0.01, 0.99), 6),
        }
        found = [name for name, there in (("Effusion", effusion), ("Mass", mass)) if there]
        rows.append(row(f"{number:04}.png", p))
        labels.append(
            {
                "image": f"{number:04}",
                "patient": str(number // 2),
                "findings": "|".join(found) or "No Finding",
                "view": "PA" if number % 3 else "AP",
                "age": str(20 + number % 50),
                "sex": "F" if number % 2 else "M",
                "split": "val" if number < films // 2 else "test",
            }
        )
    return rows, labels
