"""The one command: what it runs, and the films that it is given."""

import argparse
import csv
import importlib
import sys
import tarfile
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(SCRIPTS))
    try:
        names = ("train_all", "pack_films")
        return argparse.Namespace(**{name: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(str(SCRIPTS))


def _arguments(**changes):
    settings = {"data": Path("films"), "out": Path("out"), "device": "cpu", "workers": 0,
                "threads": 1, "share": 1.0, "teachers": []}  # fmt: skip
    return argparse.Namespace(**(settings | changes))


def test_student_is_trained_last_and_by_every_teacher(modules):
    *teachers, student = modules.train_all.commands(_arguments(teachers=["160=earlier.pt"]))
    assert [Path(command[1]).name for command in teachers] == ["train_teacher.py"] * 3
    assert Path(student[1]).name == "train_baseline.py"
    for command in teachers:
        side, out = (command[command.index(name) + 1] for name in ("--side", "--out"))
        assert f"{side}={Path(out) / 'teacher.pt'}" in student
    assert "160=earlier.pt" in student


def test_share_shortens_every_run(modules):
    for command in modules.train_all.commands(_arguments(share=0.001)):
        assert int(command[command.index("--steps") + 1]) <= 3
        assert int(command[command.index("--every") + 1]) >= 1


@pytest.mark.parity  # its fixture's folder has a network to begin from
def test_packed_films_are_those_of_train_and_val_and_no_childs(modules, films_folder, tmp_path):
    columns, rows = modules.pack_films.rows_of(films_folder / "labels.csv")
    assert "rsna_boxes" in columns
    names = {row["image"] for row in rows}
    assert "f8" not in names
    count = modules.pack_films.pack(
        films_folder / "images_256.tar", names, tmp_path / "images_256.tar"
    )
    with tarfile.open(tmp_path / "images_256.tar") as packed:
        kept = {Path(member.name).stem for member in packed}
    assert count == len(kept) == 3


def test_test_split_is_not_packed(modules, tmp_path):
    file = tmp_path / "labels.csv"
    with file.open("w", encoding="utf-8", newline="") as labels:
        writer = csv.writer(labels)
        writer.writerow(["image", "age", "split"])
        writer.writerows([["a", "50", "train"], ["b", "50", "val"], ["c", "50", "test"]])
    _, rows = modules.pack_films.rows_of(file)
    assert [row["image"] for row in rows] == ["a", "b"]
