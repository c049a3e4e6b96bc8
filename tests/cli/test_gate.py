"""What a person sees who tries a new X-ray machine with `cxr-triage gate`."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from cxr_triage.imaging.heatmap import display_image
from cxr_triage.triage.policy import DEFAULT_POLICY

from ..conftest import real_image
from .running import cxr_triage, in_own_process


@pytest.fixture(scope="module")
def films(pipeline, rg1, tmp_path_factory):
    """A real chest film as it is, upside down, inverted, and beside it what is none."""
    folder = tmp_path_factory.mktemp("films")
    film = np.asarray(display_image(pipeline.read(rg1).radiograph.pixels, 1024))
    for name, picture in {"upright": film, "down": np.rot90(film, 2), "dark": 255 - film}.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    for stem in ("RG3_UNCR", "693_UNCR"):
        shutil.copy(real_image(stem), folder / f"{stem}.dcm")
    (folder / "broken.dcm").write_bytes(real_image("RG1_UNCR").read_bytes()[:5000])
    (folder / "notes.txt").write_text("nothing to see")
    return folder


def _rows(text) -> dict[str, dict]:
    rows = [json.loads(line) for line in text.splitlines()]
    return {row["path"].rsplit("/", 1)[-1]: row for row in rows}


def _codes(row) -> list[str]:
    return [reason["code"] for reason in row["reasons"]]


def test_each_file_has_a_line_that_says_what_was_seen(films):
    done = in_own_process("gate", films, "--json")
    assert done.returncode == 3
    rows = _rows(done.stdout)
    assert set(rows) == {file.name for file in films.iterdir()}
    assert rows["upright.png"]["verdict"] == "accept"
    assert _codes(rows["down.png"]) == ["turned_down"]
    assert _codes(rows["dark.png"]) == ["inverted"]
    assert rows["down.png"]["sight"]["turn"][2] > rows["down.png"]["reasons"][0]["limit"]
    assert rows["broken.dcm"]["outcome"] == "failed"
    assert rows["broken.dcm"]["error"]["message"]
    assert rows["notes.txt"]["outcome"] == "skipped"


def test_what_the_header_refuses_is_looked_at_too(films):
    leg = _rows(cxr_triage("gate", films / "RG3_UNCR.dcm", "--json").stdout)["RG3_UNCR.dcm"]
    assert _codes(leg)[0] == "body_part"
    assert "not_chest" in _codes(leg)
    assert leg["sight"]["chest"] < 0.5


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Verdict", "upside down", "rotate it", "accepted")),
     ("vi", ("Kết luận", "lộn ngược", "xoay lại", "nhận"))],
)  # fmt: skip
def test_table_says_in_words_what_to_do(films, language, words):
    done = cxr_triage("gate", films, "--lang", language)
    text = " ".join((done.stdout + done.stderr).split())
    for word in words:
        assert word in text
    assert "gate-1" in text


def test_path_that_is_not_there_is_named_and_nothing_is_an_answer_too(tmp_path):
    done = cxr_triage("gate", tmp_path / "nowhere")
    assert (done.returncode, "nowhere" in done.stderr) == (2, True)
    assert cxr_triage("gate", tmp_path).returncode == 4


def test_policy_may_put_films_right_and_every_output_says_so(films, tmp_path):
    policy = tmp_path / "policy.toml"
    text = DEFAULT_POLICY.read_text("utf-8")
    policy.write_text(text.replace("correct = false", "correct = true "), "utf-8")
    sent = [films / "down.png", films / "dark.png"]
    done = cxr_triage("score", *sent, "--policy", policy, "--csv", "--out", tmp_path / "out")
    assert done.returncode == 0
    report = " ".join((tmp_path / "out" / "report.html").read_text("utf-8").split())
    assert "The film was upside down and was turned upright for scoring" in report
    assert "Bright and dark were exchanged and were set right for scoring" in report
    for words in ("upside down", "were exchanged"):  # of cells that the table's lines part
        assert words in " ".join(done.stdout.replace("│", " ").split())
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        warnings = {row["path"].rsplit("/", 1)[-1]: row["warnings"] for row in csv.DictReader(file)}
    assert "corrected_down" in warnings["down.png"].split(";")
    assert "corrected_inverted" in warnings["dark.png"].split(";")
