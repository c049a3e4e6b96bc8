"""Write a model's operating points, as `cxr-triage evaluate` chose them, into its card.

Operating point: Youden's (largest sensitivity + specificity) on the validation films.
Likely point: the lowest with 95 % specificity there, and never under the operating point.
Evidence: AUC on the test films, for findings with at least 20 films with and without.
A label without a positive among the validation films keeps its points. That a film is unusual
at all is never "likely": it names no finding.

    python scripts/set_operating_points.py models/NAME out/evaluation/val/evaluation.json \\
        out/evaluation/test/evaluation.json --evidence "NIH ChestX-ray14 test split"

Results carry the fingerprint of the points they were flagged with: score again afterwards,
and the figures of `evaluate` are those of the card's own points.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cxr_triage.labels import ANY_FINDING

CARD_FILE = "card.json"
Json = dict[str, Any]


def read(file: Path, sha256: str) -> Json:
    """An evaluation of this very model file."""
    evaluation: Json = json.loads(file.read_text(encoding="utf-8"))
    if evaluation["model"]["sha256"] != sha256:
        sys.exit(f"{file.name} measured another model file; score and evaluate this one first.")
    return evaluation


def set_points(entry: Json, measured: Json) -> None:
    """Operating point and likely point of one label of the card."""
    cuts = measured["cuts"]
    if cuts["youden"] is None:
        return
    entry["operating_point"] = cuts["youden"]["probability"]
    if cuts["specificity95"] is None or entry["label"] == ANY_FINDING:
        entry.pop("likely_point", None)
    else:
        likely = cuts["specificity95"]["probability"]
        entry["likely_point"] = max(likely, entry["operating_point"])


def set_evidence(entry: Json, measured: Json, name: str) -> None:
    """AUC of one label of the card; none where it says little."""
    entry["evidence"] = {}
    if not measured["small"]:
        entry["evidence"][f"{name}, {measured['films']} films"] = round(measured["auc"]["value"], 3)


def by_label(evaluation: Json) -> dict[str, Json]:
    return {measured["label"]: measured for measured in evaluation["labels"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder with card.json")
    parser.add_argument("validation", type=Path, help="evaluation.json that chooses the points")
    parser.add_argument("test", type=Path, nargs="?", help="evaluation.json for the evidence")
    parser.add_argument("--evidence", default="test films", help="what the test films are called")
    arguments = parser.parse_args()
    file = arguments.model / CARD_FILE
    card: Json = json.loads(file.read_text(encoding="utf-8"))
    chosen = by_label(read(arguments.validation, card["sha256"]))
    tested = by_label(read(arguments.test, card["sha256"])) if arguments.test else {}
    for entry in card["labels"]:
        if entry["label"] in chosen:
            set_points(entry, chosen[entry["label"]])
        if entry["label"] in tested:
            set_evidence(entry, tested[entry["label"]], arguments.evidence)
        print(entry["label"], entry["operating_point"], entry.get("likely_point"))
    card["likely_rule"] = "specificity95"
    file.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
