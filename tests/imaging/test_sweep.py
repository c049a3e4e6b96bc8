"""Every file of pydicom's and pydicom-data's test sets, many of them broken on purpose."""

import time
from pathlib import Path

import data_store
import psutil
import pydicom
import pytest

from cxr_triage.errors import TriageError
from cxr_triage.imaging.source import Limits, open_image

FOLDERS = (
    Path(pydicom.__file__).parent / "data/test_files",
    Path(pydicom.__file__).parent / "data/charset_files",
    Path(data_store.__file__).parent / "data",
)
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*") if path.is_file())


def test_there_are_well_over_a_hundred_files():
    assert len(FILES) > 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_read_or_refused_with_an_error_of_the_tree(decoder, path):
    start, before = time.monotonic(), psutil.Process().memory_info().rss
    try:
        image = open_image(path.read_bytes(), Limits())
        film = image.decode(decoder)
    except TriageError as error:
        sentences = error.message("en"), error.message("vi")
        film = None
    if film is None:
        assert all(sentences)
    else:
        assert film.pixels.min() >= -1024
        assert film.pixels.max() <= 1024
    assert time.monotonic() - start < 10
    assert psutil.Process().memory_info().rss - before < 2**28


@pytest.mark.parametrize("stem", ["RG1_UNCR", "RG1_UNCI", "RG1_J2KR", "RG1_J2KI", "RG3_UNCR"])
def test_real_radiographs_are_read_without_a_warning(decoder, dicom_folder, stem):
    film = open_image((dicom_folder / f"{stem}.dcm").read_bytes(), Limits()).decode(decoder)
    assert film.warnings == ()
    assert film.pixel_policy.inverted
