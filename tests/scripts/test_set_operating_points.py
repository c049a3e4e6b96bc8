"""The script that writes what `evaluate` chose into a card, and the one that lays films out."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SHA256 = "a" * 64


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, SCRIPTS / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def measured(label, youden, likely, *, auc=0.8, small=False):
    return {
        "label": label,
        "films": 100,
        "small": small,
        "auc": {"value": auc},
        "cuts": {
            "youden": youden and {"probability": youden, "score": 0.5},
            "specificity95": likely and {"probability": likely, "score": 0.7},
            "sensitivity": None,
        },
    }


def evaluation(file, *labels, sha256=SHA256):
    file.write_text(json.dumps({"model": {"sha256": sha256}, "labels": labels}), "utf-8")
    return file


@pytest.fixture
def model(tmp_path):
    labels = [
        {"label": name, "operating_point": 0.5, "likely_point": 0.9, "evidence": {"old": 0.1}}
        for name in ("Effusion", "Mass", "Hernia")
    ]
    card = {"sha256": SHA256, "labels": labels, "likely_rule": None, "other": "kept"}
    (tmp_path / "card.json").write_text(json.dumps(card), "utf-8")
    return tmp_path


def test_points_of_validation_and_evidence_of_test_reach_the_card(model, tmp_path):
    val = evaluation(
        tmp_path / "val.json",
        measured("Effusion", 0.2, 0.4),
        measured("Mass", 0.3, 0.25),
        measured("Hernia", None, None),
    )
    test = evaluation(
        tmp_path / "test.json",
        measured("Effusion", 0.1, 0.1, auc=0.8126),
        measured("Mass", 0.1, 0.1, small=True),
    )
    done = run("set_operating_points.py", model, val, test, "--evidence", "test split")
    assert done.returncode == 0, done.stderr
    card = json.loads((model / "card.json").read_text("utf-8"))
    effusion, mass, hernia = card["labels"]
    assert (effusion["operating_point"], effusion["likely_point"]) == (0.2, 0.4)
    assert effusion["evidence"] == {"test split, 100 films": 0.813}
    assert (mass["operating_point"], mass["likely_point"], mass["evidence"]) == (0.3, 0.3, {})
    assert (hernia["operating_point"], hernia["evidence"]) == (0.5, {"old": 0.1})
    assert (card["likely_rule"], card["other"]) == ("specificity95", "kept")


def test_evaluation_of_another_model_file_is_refused(model, tmp_path):
    before = (model / "card.json").read_bytes()
    val = evaluation(tmp_path / "val.json", measured("Effusion", 0.2, 0.4), sha256="b" * 64)
    done = run("set_operating_points.py", model, val)
    assert done.returncode == 1
    assert "another model file" in done.stderr
    assert (model / "card.json").read_bytes() == before


def test_films_of_a_split_are_laid_out_without_children(tmp_path):
    with tarfile.open(tmp_path / "films.tar", "w") as archive:
        for name in ("a", "b", "c", "d"):
            info = tarfile.TarInfo(f"some/folder/{name}.jpg")
            info.size = 3
            archive.addfile(info, io.BytesIO(b"jpg"))
    (tmp_path / "labels.csv").write_text(
        "image,age,split\na,40,val\nb,14,val\nc,40,train\nd,,val\ne,50,val\n", "utf-8"
    )
    done = run(
        "unpack_films.py", tmp_path / "films.tar", "--labels", tmp_path / "labels.csv",
        "--split", "val", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.stdout == "2 films written, 1 not in the archives\n"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"a.jpg", "d.jpg"}
