"""`cxr-triage evaluate` as a person runs it."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from cxr_triage.imaging.heatmap import display_image

from ..evaluation.builders import cohort, row, write_labels, write_results
from .running import cxr_triage, in_own_process

EXTRA = "needs scikit-learn and matplotlib: pip install 'cxr-triage[evaluate]'"


@pytest.fixture
def needs_extra():
    pytest.importorskip("sklearn", reason=EXTRA)
    pytest.importorskip("matplotlib", reason=EXTRA)


@pytest.fixture
def made(tmp_path):
    rows, labels = cohort(1)
    return write_results(tmp_path / "results", rows), write_labels(tmp_path / "l.csv", labels)


@pytest.mark.usefixtures("needs_extra")
def test_table_json_and_page_are_written(made, tmp_path):
    done = in_own_process("evaluate", *made, "--out", tmp_path / "out", "--split", "val")
    assert done.returncode == 0, done.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "evaluation.json",
        "evaluation.html",
    }
    assert "Pleural effusion" in done.stdout
    assert "Mean AUC of" in done.stdout
    assert "For prioritisation only, not for diagnosis" in done.stderr
    content = json.loads((tmp_path / "out/evaluation.json").read_text("utf-8"))
    assert content["splits"] == ["val"]
    assert content["films"]["assessed"] == 120
    assert "no_policy" in {note["code"] for note in content["notes"]}


@pytest.mark.usefixtures("needs_extra")
def test_thresholds_of_val_are_measured_on_test_in_vietnamese(made, tmp_path):
    cxr_triage("evaluate", *made, "--out", tmp_path / "val", "--split", "val", "--quiet")
    done = cxr_triage(
        "evaluate", *made, "--out", tmp_path / "test", "--split", "test", "--lang", "vi",
        "--thresholds-from", tmp_path / "val/evaluation.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "AUC trung bình" in done.stdout
    content = json.loads((tmp_path / "test/evaluation.json").read_text("utf-8"))
    assert content["thresholds_from"]["splits"] == ["val"]
    assert all(label["borrowed"] for label in content["labels"])


@pytest.mark.usefixtures("needs_extra")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--split", "none"], "The labels have no split none. Known: test, val."),
        (["--thresholds-from", "nowhere.json"], "The file of thresholds cannot be read"),
        (["--model", "nowhere"], "There is no model of that name"),
        (["--policy", "nowhere.toml"], "The policy file cannot be read"),
    ],
)
def test_one_sentence_says_what_is_wrong(made, tmp_path, options, sentence):
    done = cxr_triage("evaluate", *made, "--out", tmp_path / "out", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("needs_extra")
@pytest.mark.parametrize(("language", "word"), [("en", "No assessed film"), ("vi", "Không có")])
def test_nothing_in_common_is_said_in_both_languages(tmp_path, language, word):
    results = write_results(tmp_path / "r", [row("a.png", {"Mass": 0.5})])
    labels = write_labels(tmp_path / "l.csv", [{"image": "b", "findings": ""}])
    done = cxr_triage(
        "evaluate", results, labels, "--out", tmp_path / "o", CXR_TRIAGE_LANGUAGE=language
    )
    assert done.returncode == 1
    assert done.stderr.startswith(word)


@pytest.mark.usefixtures("needs_extra")
def test_maps_of_another_model_are_refused_unless_they_are_left_out(tmp_path):
    results = write_results(tmp_path / "r", [row("a.png", {"Mass": 0.5})])
    box = '[["Mass",0.1,0.1,0.5,0.5]]'
    labels = write_labels(
        tmp_path / "l.csv", [{"image": "a", "findings": "Mass", "nih_boxes": box}]
    )
    done = cxr_triage("evaluate", results, labels, "--out", tmp_path / "o")
    assert done.returncode == 1
    assert "--no-maps" in done.stderr
    done = cxr_triage("evaluate", results, labels, "--out", tmp_path / "o", "--no-maps")
    assert done.returncode == 0, done.stderr
    assert "The maps were left out" in done.stderr


@pytest.fixture(scope="module")
def scored(tmp_path_factory, pipeline, rg1):
    """Small pictures, scored for research by the model that ships."""
    folder = tmp_path_factory.mktemp("scored")
    (folder / "films").mkdir()
    film = display_image(pipeline.read(rg1).radiograph.pixels, 160)
    for number in range(6):
        film.rotate(number).crop((8, 8, 144, 144)).save(folder / f"films/{number}.png")
    done = cxr_triage(
        "score", folder / "films", "--policy", "research", "--no-report", "--out", folder / "out"
    )
    assert done.returncode == 0, done.stderr
    assert "For research only" in done.stderr
    boxes = "[[0.0,0.0,0.5,1.0]]"
    labels = [
        {
            "image": str(number),
            "findings": "Pneumonia" if number % 2 else "",
            "rsna_boxes": boxes if number < 4 else "",
        }
        for number in range(6)
    ]
    write_labels(folder / "labels.csv", labels)
    return folder


@pytest.mark.usefixtures("needs_extra")
def test_maps_are_made_again_by_the_model_and_policy_of_the_results(scored, tmp_path):
    done = cxr_triage("evaluate", scored / "out", scored / "labels.csv", "--out", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert "For research only" in done.stderr
    content = json.loads((tmp_path / "o/evaluation.json").read_text("utf-8"))
    assert content["research"] is True
    assert content["policy"] == "research 2"
    assert set(content["pointing"]["labels"]) == {"Pneumonia", "Consolidation", "Infiltration"}
    assert content["pointing"]["leading"]["films"] == 4
    assert content["pointing"]["leading"]["chance"] == 0.5
    assert sum(map(sum, content["priorities"]["counts"])) == 6
    assert "For research only" in (tmp_path / "o/evaluation.html").read_text("utf-8")


@pytest.mark.usefixtures("needs_extra")
def test_films_that_moved_are_found_with_images_and_else_refused(scored, tmp_path):
    text = (scored / "out/results.jsonl").read_text("utf-8")
    moved = tmp_path / "results.jsonl"
    moved.write_text(text.replace(str(scored / "films"), "/nowhere"), "utf-8")
    labels = scored / "labels.csv"
    done = cxr_triage("evaluate", moved, labels, "--out", tmp_path / "o")
    assert done.returncode == 1
    assert "--images" in done.stderr
    done = cxr_triage(
        "evaluate", moved, labels, "--out", tmp_path / "o", "--images", scored / "films"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("needs_extra")
def test_film_that_changed_since_is_left_out_of_the_maps(scored, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for file in (scored / "films").iterdir():
        picture = Image.open(file)
        (picture.rotate(90) if file.stem == "0" else picture).save(films / file.name)
    (films / "1.png").write_bytes((scored / "films/1.png").read_bytes())
    done = cxr_triage(
        "evaluate", scored / "out", scored / "labels.csv", "--out", tmp_path / "o",
        "--images", films,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "o/evaluation.json").read_text("utf-8"))
    assert content["pointing"]["unread"] >= 1


def test_without_the_extra_one_sentence_says_how_to_install_it(made, tmp_path):
    blocked = tmp_path / "blocked"
    (blocked / "sklearn").mkdir(parents=True)
    (blocked / "sklearn/__init__.py").write_text("raise ImportError", "utf-8")
    done = in_own_process("evaluate", *made, "--out", tmp_path / "o", PYTHONPATH=str(blocked))
    assert done.returncode == 1
    assert "pip install 'cxr-triage[evaluate]'" in done.stderr


def test_commands_start_without_what_few_of_them_need():
    code = (
        "import sys, cxr_triage.cli.app; "
        "print({'sklearn', 'matplotlib', 'scipy', 'pydicom'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("arguments", [["--resamples", "10"], ["--sensitivity", "2"], []])
def test_usage_errors_exit_with_2(made, tmp_path, arguments):
    out = ["--out", tmp_path / "o"] if arguments else []
    done = cxr_triage("evaluate", *made, *out, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
