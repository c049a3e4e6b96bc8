"""The demonstration's films: whole, harmless, and what the product takes."""

import csv
import hashlib
import importlib
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from cxr_triage.cli.demo.films import DICOM, demo_films, demo_folder
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.source import open_image
from cxr_triage.triage.header_rules import check_header
from cxr_triage.triage.policy import read_policy

FILMS = [film for film in demo_films() if film.name != "leg.dcm"]
MOST_BYTES = 8 << 20


@pytest.fixture
def demo_script(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    yield importlib.import_module("demo")
    sys.modules.pop("demo", None)


def test_every_film_has_a_row_and_together_they_are_small():
    with (demo_folder().parent / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [film.name for film in FILMS]
    assert {file.name for file in demo_folder().iterdir()} == {row["file"] for row in rows}
    assert len({row["source"] for row in rows}) == len(rows) == 17
    assert {row["station"] for row in rows} == {"thanh-an", "ly-nhon"}
    assert sum(len(film.data) for film in FILMS) < MOST_BYTES


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.name)
def test_film_is_read_whole_and_its_header_is_not_refused(film, decoder):
    image = open_image(film.data, Limits())
    assert check_header(image.header, read_policy().gate).status == "accept"
    assert image.decode(decoder).pixels.shape == (1024, 1024)


@pytest.mark.parametrize("film", [f for f in FILMS if f.media_type == DICOM], ids=lambda f: f.name)
def test_film_names_its_source_and_nobody_real(film):
    ds = pydicom.dcmread(demo_folder() / film.name)
    assert ds.PatientID.startswith("DEMO-")
    assert ds.PatientBirthDate == ""
    assert "the person is invented" in ds.PatientComments
    assert "NIH Clinical Center" in ds.ImageComments
    assert ds.LossyImageCompression == "00"


def test_pictures_come_with_what_is_said_of_them():
    pictures = [film for film in FILMS if film.media_type != DICOM]
    assert len(pictures) == 3
    assert all(film.declared["patient_id"].startswith("DEMO-") for film in pictures)


def test_readme_beside_the_films_names_source_and_paper():
    readme = (demo_folder().parent / "README.md").read_text("utf-8")
    assert "NIH Clinical Center" in readme
    assert "CVPR 2017" in readme
    assert all(film.name in readme for film in FILMS)


def test_same_films_come_out_each_time():
    def digests():
        return [hashlib.sha256(film.data).hexdigest() for film in demo_films()]

    assert digests() == digests()


def test_demo_gives_up_on_a_network_that_is_not_there(demo_script):
    began = time.monotonic()
    assert not demo_script.reachable(("https://name.invalid/x", "http://192.0.2.1/x"))
    assert time.monotonic() - began < demo_script.PATIENCE_S + 1


def test_scoring_the_demonstration_needs_none_of_the_service():
    """`make demo` installs no more than scoring needs."""
    code = (
        "import sys; import cxr_triage.cli.demo.films; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('structlog', 'sqlalchemy', 'fastapi')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
