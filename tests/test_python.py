"""The package in programs and notebooks: its pages' examples, run as they stand."""

import doctest
import pickle
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

import cxr_triage
from cxr_triage import films
from cxr_triage.errors import ModelError, UnreadableImage
from cxr_triage.labels import finding_name
from cxr_triage.language import LANGUAGES, say

from .conftest import real_image

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")


def examples(kind: str, text: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples find: they run where there is a `film.dcm`."""
    shutil.copy(real_image("RG1_UNCR"), tmp_path / "film.dcm")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def opened():
    with cxr_triage.open_pipeline(threads=2, workers=1) as pipeline:
        yield pipeline


def test_the_lines_of_the_readme_run(folder, capsys):
    (example,) = examples("python", (ROOT / "README.md").read_text("utf-8"))
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102
    first, *flagged = capsys.readouterr().out.splitlines()
    assert first == "urgent"
    assert flagged
    assert all(line.endswith("(7, 7)") for line in flagged)


def test_the_sessions_of_the_page_say_what_stands_there(folder):
    sessions = "".join(examples("pycon", PAGE))
    test = doctest.DocTestParser().get_doctest(sessions, {}, "python.md", "python.md", 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
    assert len(test.examples) > 10


def test_the_script_of_the_page_scores_in_processes_of_its_own(folder):
    (script,) = examples("python", PAGE)
    (folder / "many_films.py").write_text(script, "utf-8")
    archive = folder / "archive"
    archive.mkdir()
    shutil.copy(folder / "film.dcm", archive / "a.dcm")
    shutil.copy(real_image("RG3_UNCR"), archive / "b.dcm")
    (archive / "c.txt").write_text("no film")
    done = subprocess.run(
        [sys.executable, "many_films.py", "archive"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "a.dcm urgent",
        "b.dcm not_assessed",
        "c.txt not_an_image",
    ]


def test_every_name_is_there_and_on_the_page():
    for name in cxr_triage.__all__:
        assert getattr(cxr_triage, name).__name__ == name
        assert name in dir(cxr_triage)
        assert f"`{name}" in PAGE
    with pytest.raises(AttributeError, match="open_pipline"):
        cxr_triage.open_pipline  # noqa: B018


def test_to_import_the_package_imports_nothing_else():
    code = "import sys; old = set(sys.modules); import cxr_triage; print(set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'cxr_triage'}"


def test_a_film_has_the_scores_of_its_bytes_and_read_only_arrays(opened, pipeline, rg1, folder):
    film = opened.film("film.dcm")
    expected = pipeline.assess(rg1)
    scores = {finding.label: finding.score for finding in expected.findings}
    assert {finding.label: finding.score for finding in film.assessment.findings} == scores
    assert film.assessment.id == opened.assess(rg1).id == expected.id
    heatmap = film.heatmap(film.assessment.findings[0].label)
    assert not film.picture.flags.writeable
    assert not heatmap.flags.writeable
    crop = film.assessment.crop
    assert np.isfinite(heatmap).sum() == crop.side**2
    with pytest.raises(KeyError):
        film.heatmap("Fracture")


def test_what_the_header_refuses_has_reasons_and_no_picture(opened):
    film = opened.film(real_image("RG3_UNCR"))
    assert film.assessment.outcome == "referred"
    assert film.picture is None
    with pytest.raises(KeyError):
        film.heatmap("Mass")
    html = film._repr_html_()
    assert "<img" not in html
    assert say("priority.not_assessed", "en") in html


def test_a_result_goes_to_another_process_and_a_pipeline_does_not(opened, folder):
    assessment = opened.assess_file("film.dcm")
    back = pickle.loads(pickle.dumps(assessment))  # noqa: S301 - our own
    assert back.priority == assessment.priority
    assert np.array_equal(back.findings[0].evidence, assessment.findings[0].evidence)
    assert pickle.loads(pickle.dumps(cxr_triage.assess_file)) is films.assess_file  # noqa: S301
    with pytest.raises(TypeError, match="assess_file"):
        pickle.dumps(opened.assess_file)


def test_errors_name_no_file(opened, tmp_path):
    with pytest.raises(UnreadableImage) as caught:
        opened.film(tmp_path / "NGUYEN VAN A.dcm")
    assert "NGUYEN" not in f"{caught.value!r} {caught.value}"


class Opened:
    """Stands for a pipeline, and counts."""

    count = 0

    def __init__(self, *_, **__):
        type(self).count += 1
        self.thread = threading.get_ident()


def test_a_process_opens_one_pipeline_for_all_its_threads(monkeypatch):
    monkeypatch.setattr(films, "_opened", {})
    monkeypatch.setattr(films, "open_pipeline", Opened)
    monkeypatch.setattr(Opened, "count", 0)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: films._pipeline_here(None, None, None), range(64)))
    assert len(found) == Opened.count == 1
    films._pipeline_here(cxr_triage.Settings(threads=2), None, None)
    assert Opened.count == 2


def test_a_pipeline_that_could_not_be_opened_is_tried_again(monkeypatch):
    monkeypatch.setattr(films, "_opened", {})
    for _ in range(2):
        with pytest.raises(ModelError):
            cxr_triage.assess_file("film.dcm", model="no-such-model")
    assert films._opened == {}


class Elements(HTMLParser):
    """Every element and attribute of a cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cell_shows_film_heatmap_findings_and_what_it_is_for(opened, folder, language):
    film = opened.film("film.dcm")
    cell = films.AssessedFilm(
        assessment=film.assessment, picture=film.picture, language=language
    )._repr_html_()
    assert cell.count("data:image/jpeg;base64,") == 1
    assert cell.count("data:image/png;base64,") == 1
    assert cell.startswith('<div class="cxr-film"')
    for key in ("intended_use", "demonstration_model", "heatmap.not_an_outline"):
        assert say(key, language) in cell
    for finding in film.assessment.findings:
        assert finding_name(finding.label, language) in cell


def test_a_cell_runs_nothing_asks_nobody_and_touches_no_other_cell(opened, folder):
    cell = opened.film("film.dcm")._repr_html_()
    found = Elements(cell)
    assert not found.tags & {"script", "iframe", "link", "object", "embed", "form", "meta"}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    addresses = [value for name, value in found.attributes if name in {"src", "href"}]
    assert addresses
    assert all(address.startswith(("data:image/", "#film-")) for address in addresses)
    (style,) = re.findall(r"<style>(.*?)</style>", cell, re.DOTALL)
    outer, _ = style.split(" ", 1)
    assert set(outer.split(".")) == {"", "cxr-film"}
    depth = np.cumsum([{"{": 1, "}": -1}.get(sign, 0) for sign in style])
    assert depth.min() >= 0
    assert depth[-1] == 0
    assert (depth == 0).sum() == len(f"{outer} ") + len("}\n")
    assert "url(http" not in style
    assert "@import" not in style


def test_a_cell_does_not_say_whom_it_shows(opened, tmp_path):
    film = pydicom.dcmread(BytesIO(real_image("RG1_UNCR").read_bytes()))
    secrets = {
        "PatientName": "NGUYEN^VAN SECRET",
        "PatientID": "ID-SECRET-1",
        "AccessionNumber": "AC-SECRET-2",
        "PatientBirthDate": "19510203",
        "InstitutionName": "SECRET HOSPITAL",
        "StudyDate": "20110405",
    }
    for name, value in secrets.items():
        setattr(film, name, value)
    path = tmp_path / "SECRET patient.dcm"
    film.save_as(path)
    shown = opened.film(path)
    assert shown.assessment.outcome == "assessed"
    for text in (shown._repr_html_(), repr(shown)):
        said = re.sub(r"base64,[^\"]+|\d+\.\d+", "", text)  # without pictures and fractions
        for secret in ("SECRET", "NGUYEN", "1951", "2011", "05/04", "03/02"):
            assert secret not in said
