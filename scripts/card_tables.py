"""Print the tables of a model card from what `cxr-triage evaluate` measured.

    python scripts/card_tables.py --val VAL.json --test TEST.json --both BOTH.json \\
        [--start-val … --start-test … --start-both …]

Each is an evaluation.json; `--start-*` those of the weights that training began with.
A `*` marks what rests on fewer films than evaluate calls few.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Evaluation = dict[str, Any]


def interval(estimate: dict[str, float] | None, decimals: int = 2) -> str:
    """Value (low–high), or a dash where nothing could be measured."""
    if not estimate or estimate["value"] is None:
        return "–"
    value, low, high = (f"{estimate[name]:.{decimals}f}" for name in ("value", "low", "high"))
    return f"{value} ({low}–{high})"


def row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    return "\n".join([row(head), "|" + "---|" * len(head), *(row(cells) for cells in rows)])


def labels_of(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    return {label["label"]: label for label in evaluation["labels"]}


def marked(name: str, label: dict[str, Any]) -> str:
    return f"{name} *" if label["small"] else name


def mean_table(parts: dict[str, Evaluation], start: dict[str, Evaluation]) -> str:
    """Mean AUC on each part, beside the weights that training began with."""
    names = {"test": "test", "val": "val", "both": "val + test, optimistic"}

    def mean(evaluation: Evaluation | None) -> str:
        if evaluation is None:
            return "–"
        found = evaluation["mean_auc"]
        return f"{interval(found['auc'], 3)}, {len(found['labels'])} findings"

    rows = [(names[part], mean(parts[part]), mean(start.get(part))) for part in names]
    return table(["films", "mean AUC", "the weights it began with, same films and path"], rows)


def auc_table(parts: dict[str, Evaluation]) -> str:
    """AUC of each finding, best on val + test first."""
    val, test, both = (labels_of(parts[name]) for name in ("val", "test", "both"))
    order = sorted(both, key=lambda name: -(both[name]["auc"]["value"] or 0))
    rows = [
        (
            marked(name, test[name]),
            f"{val[name]['positives']} / {test[name]['positives']}",
            interval(test[name]["auc"]),
            interval(both[name]["auc"]),
        )
        for name in order
    ]
    head = ["finding", "with it, val / test", "AUC, test", "AUC, val + test (optimistic)"]
    return table(head, rows)


def point_table(test: Evaluation) -> str:
    """Sensitivity, specificity and PPV at both thresholds of the card."""
    figures = ("sensitivity", "specificity", "ppv")
    rows = [
        [marked(name, label)]
        + [
            interval(label["points"][point][figure]) if label["points"].get(point) else "–"
            for point in ("operating", "likely")
            for figure in figures
        ]
        for name, label in labels_of(test).items()
    ]
    head = ["finding", "suspected: sensitivity", "specificity", "PPV",
            "strongly suspected: sensitivity", "specificity", "PPV"]  # fmt: skip
    return table(head, rows)


def group_table(both: Evaluation) -> str:
    """AUC by sex, age and view."""
    first = both["labels"][0]["groups"]
    groups = [(kind, entry["group"]) for kind, entries in first.items() for entry in entries]

    def cell(label: dict[str, Any], kind: str, group: str) -> str:
        found = [entry for entry in label["groups"][kind] if entry["group"] == group]
        value = found[0]["auc"]["value"] if found and found[0]["auc"] else None
        shown = "–" if value is None else f"{value:.2f}"
        return shown + (" *" if value is None or found[0]["small"] else "")

    rows = [
        [name, *(cell(label, kind, group) for kind, group in groups)]
        for name, label in labels_of(both).items()
    ]
    return table(["finding", *(f"{kind}: {group}" for kind, group in groups)], rows)


def map_table(both: Evaluation) -> str:
    """Where the maps point, by finding and by the map that is shown first."""
    found = both["pointing"]
    rows = [
        (
            name,
            entry["films"],
            interval(entry["hit"]),
            f"{entry['chance']:.2f}",
            interval(entry["evidence_in_box"]),
        )
        for name, entry in {"the map shown first": found["leading"], **found["labels"]}.items()
    ]
    return table(["finding", "films", "peak in a box", "chance", "evidence in the box"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for part in ("val", "test", "both"):
        parser.add_argument(f"--{part}", type=Path, required=True)
        parser.add_argument(f"--start-{part}", type=Path)
    given = {name: path for name, path in vars(parser.parse_args()).items() if path}
    read = {name: json.loads(path.read_text("utf-8")) for name, path in given.items()}
    parts = {name: read[name] for name in ("val", "test", "both")}
    start = {name.removeprefix("start_"): read[name] for name in read if name[:6] == "start_"}
    for text in (
        mean_table(parts, start),
        auc_table(parts),
        point_table(parts["test"]),
        json.dumps({name: parts["test"]["priorities"][name] for name in ("found", "right")}),
        group_table(parts["both"]),
        map_table(parts["both"]),
    ):
        print(text, end="\n\n")


if __name__ == "__main__":
    main()
