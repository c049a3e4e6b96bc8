"""Print what the gate made of pictures of which the truth is known.

    python scripts/measure_gate.py MANIFEST.csv GATE.jsonl

GATE.jsonl is what `cxr-triage gate FOLDER --json` printed. Rates with 95 % Wilson intervals;
films of one patient count as if they were of several, so the intervals are a little narrow.
"""

import argparse
import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cxr_triage.evaluation.resampling import wilson

Row = dict[str, Any]
SIGHT_CODES = {"not_chest", "turned_left", "turned_down", "turned_right", "inverted", "cut_off",
               "tiny"}  # fmt: skip
TURNS = ("", "turned_left", "turned_down", "turned_right")


def rate(hits: Iterable[bool]) -> str:
    """Share in percent, Wilson's interval, and how many."""
    found = list(hits)
    n = len(found)
    if not n:
        return "–"
    share = sum(found) / n
    low, high = wilson(share, n)
    return f"{share:.1%} ({low:.1%}–{high:.1%}) of {n}"


def read(manifest: Path, results: Path) -> list[Row]:
    """Truth and result of each picture that was looked at."""
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    seen = {Path(row["path"]).name: row for row in rows if row["sight"]}
    with manifest.open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    missing = sum(row["file"] not in seen for row in truth)
    if missing:
        print(f"{missing} pictures without a look, left out\n")
    return [row | seen[row["file"]] for row in truth if row["file"] in seen]


def codes(row: Row) -> set[str]:
    """Why the network refused it."""
    return {reason["code"] for reason in row["reasons"]} & SIGHT_CODES


def found(row: Row) -> bool:
    """Was what is wrong with the picture said, and nothing else of the same kind?"""
    if row["chest"] == "0":
        return bool(codes(row))
    wanted = {TURNS[int(row["turn"])]} if row["turn"] != "0" else set()
    wanted |= {"inverted"} if row["inverted"] == "1" else set()
    if row["field"] != "whole":
        return bool(codes(row) & {row["field"], "not_chest"})
    if row["mirrored"] == "1":
        return "mirrored" in {warning["code"] for warning in row["warnings"]}
    return codes(row) & {*TURNS, "inverted"} == wanted if wanted else not codes(row)


def best(row: Row) -> bool:
    """Is the likeliest way up and polarity the true one, whatever the limits?"""
    turn = max(range(4), key=row["sight"]["turn"].__getitem__)
    inverted = row["sight"]["inverted"] > 0.5
    return turn == int(row["turn"]) and inverted == (row["inverted"] == "1")


def table(rows: list[Row], columns: dict[str, Callable[[Row], bool]]) -> None:
    """One line a source."""
    print("| pictures | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for source in dict.fromkeys(row["source"] for row in rows):
        group = [row for row in rows if row["source"] == source]
        cells = (rate(map(judge, group)) for judge in columns.values())
        print(f"| {source} | " + " | ".join(cells) + " |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("results", type=Path)
    arguments = parser.parse_args()
    rows = read(arguments.manifest, arguments.results)
    films = [row for row in rows if row["chest"] == "1"]
    others = [row for row in rows if row["chest"] == "0"]
    table(
        films,
        {
            "said what is so": found,
            "likeliest way up and polarity are right": best,
            "refused": lambda row: bool(codes(row)),
            "warned of as mirrored": lambda row: any(
                warning["code"] == "mirrored" for warning in row["warnings"]
            ),
        },
    )
    table(
        others,
        {
            "refused": lambda row: bool(codes(row)),
            "as no chest film": lambda row: "not_chest" in codes(row),
        },
    )
    print("no chest films, all sources together: refused", rate(bool(codes(row)) for row in others))


if __name__ == "__main__":
    main()
