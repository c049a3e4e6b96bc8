"""The command as a person runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.pixels import pixel_array

from ..conftest import DATA, real_image
from .running import cxr_triage, in_own_process

INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from cxr_triage.cli.app import main; main()"
)
"""The command; a shell that runs the tests in the background makes its children ignore SIGINT."""


@pytest.fixture
def film(tmp_path):
    shutil.copy(real_image("RG1_UNCR"), tmp_path / "film.dcm")
    return tmp_path / "film.dcm"


def test_film_is_ranked_with_intended_use_and_model(film):
    done = in_own_process("score", film)
    assert done.returncode == 0
    assert "1 assessed" in done.stderr
    assert "Demonstration model: not for clinical use" in done.stderr
    assert "For prioritisation only, not for diagnosis" in done.stderr


def test_results_are_written_from_any_folder(film, tmp_path):
    done = cxr_triage("score", "film.dcm", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"results.jsonl", "report.html", "heatmaps"}


def test_no_report_no_heatmaps(film, tmp_path):
    cxr_triage("score", film, "--out", tmp_path / "o", "--no-report", "--heatmaps", 0, "--quiet")
    assert {file.name for file in (tmp_path / "o").iterdir()} == {"results.jsonl"}


def test_vietnamese_everywhere(film, tmp_path):
    done = cxr_triage("score", film, "--out", tmp_path / "o", "--lang", "vi")
    assert "Chỉ để xếp thứ tự ưu tiên, không dùng để chẩn đoán" in done.stderr
    assert "Ưu tiên" in done.stdout
    assert '<html lang="vi"' in (tmp_path / "o" / "report.html").read_text("utf-8")
    help_text = in_own_process("score", "--help", CXR_TRIAGE_LANGUAGE="vi").stdout
    assert "Chấm điểm phim X-quang" in help_text


@pytest.mark.parametrize(
    ("environment", "arguments", "vietnamese"),
    [
        ({"LANG": "vi_VN.UTF-8"}, (), True),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C"}, (), False),
        ({"LANG": "vi_VN.UTF-8", "CXR_TRIAGE_LANGUAGE": "en"}, (), False),
        ({"LANG": "C"}, ("--lang", "vi"), True),
        ({"LANG": "vi"}, ("--lang=en",), False),
    ],
)
def test_errors_are_said_in_the_language_of_everything_else(
    film, environment, arguments, vietnamese
):
    environment = {"LC_ALL": "", "LC_MESSAGES": "", **environment}
    for wrong, code, english in (
        (("--model", "none-such"), 1, "There is no model"),
        (("--none-such",), 2, "--none-such"),
        (("--heatmaps", "many"), 2, "--heatmaps"),
    ):
        done = cxr_triage("score", film, *wrong, *arguments, **environment)
        assert done.returncode == code
        words = ("Không có mô hình", "Không có tuỳ chọn --none-such", "Giá trị của --heatmaps")
        assert any(word in done.stderr for word in words) == vietnamese
        assert vietnamese or english in done.stderr


def test_what_is_missing_is_said_in_vietnamese():
    done = cxr_triage("score", "--lang", "vi")
    assert (done.returncode, "Chấm tệp nào" in done.stderr) == (2, True)


def test_data_sets_are_named_in_the_language_of_the_report(film, tmp_path):
    cxr_triage("score", film, "--out", tmp_path / "o", "--lang", "vi", "--quiet")
    page = (tmp_path / "o" / "report.html").read_text("utf-8")
    assert "tập kiểm tra" in page
    assert "test split" not in page


def test_json_lines_on_standard_output(film):
    done = cxr_triage("score", film, film.parent, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["outcome"] for row in rows] == ["assessed"]


def test_quiet_says_nothing(film):
    done = cxr_triage("score", film, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"a.txt": b"text"}, 4),
        ({}, 4),
        ({"a.dcm": b"broken"}, 4),
        ({"a.dcm": b"broken", "leg.dcm": "RG3_UNCR"}, 3),
        ({"a.txt": b"text", "leg.dcm": "RG3_UNCR"}, 0),
    ],
)
def test_exit_code_says_what_became_of_the_files(tmp_path, content, code):
    for name, data in content.items():
        if isinstance(data, str):
            data = real_image(data).read_bytes()  # noqa: PLW2901
        (tmp_path / name).write_bytes(data)
    assert cxr_triage("score", tmp_path).returncode == code


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files; run it on Linux")
def test_pipe_and_link_to_nothing_have_rows_and_nobody_waits(film):
    os.mkfifo(film.parent / "pipe.dcm")
    (film.parent / "gone").symlink_to(film.parent / "missing")
    done = cxr_triage("score", film.parent, film.parent / "pipe.dcm", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 3
    assert {row["path"].rsplit("/", 1)[1]: row["outcome"] for row in rows} == {
        "film.dcm": "assessed", "pipe.dcm": "failed", "gone": "failed"
    }  # fmt: skip


def test_bits_of_a_wide_picture_can_be_said(tmp_path):
    values = 32767 - pixel_array(real_image("RG1_UNCR")) >> 3
    Image.fromarray(values).save(tmp_path / "12.png")
    plain = cxr_triage("score", tmp_path, "--json")
    assert "uses 12 of its 16 bits" in plain.stdout
    said = json.loads(cxr_triage("score", tmp_path, "--json", "--bits", 12).stdout)
    assert said["outcome"] == "assessed"
    assert said["pixel_policy"]["output_range"] == [0, 4095]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        [],
        ["--workers", "-1", "."],
        ["--lang", "fr", "."],
        ["--csv", "."],
        ["--wrong"],
        ["--bits", "4", "."],
    ],
)  # fmt: skip
def test_usage_errors_exit_with_2(arguments, tmp_path):
    done = cxr_triage("score", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "nothing"], "There is no model of that name"),
        (["--policy", "none.toml"], "The policy file cannot be read"),
        (["--out", "film.dcm"], "The results cannot be written"),
    ],
)
def test_fatal_errors_exit_with_1_and_one_sentence(film, arguments, sentence):
    done = cxr_triage("score", film, *arguments, cwd=film.parent)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_setting_names_the_variable(film):
    done = cxr_triage("score", film, CXR_TRIAGE_THREADS="many")
    assert done.returncode == 1
    assert "CXR_TRIAGE_THREADS" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal; run it on Linux")
def test_interrupted_run_keeps_what_is_done(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for number in range(60):
        shutil.copy(real_image("RG1_J2KR"), films / f"{number:03}.dcm")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "score", str(films), "--out", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    results = tmp_path / "out" / "results.jsonl"
    deadline = time.monotonic() + 60
    while not (results.exists() and results.read_text("utf-8").count("\n") >= 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted after" in errors
    assert "Traceback" not in errors
    lines = results.read_text("utf-8").splitlines()
    assert all(json.loads(line)["outcome"] == "assessed" for line in lines)
    assert 2 <= len(lines) < 60


def test_info_prints_model_and_intended_use():
    done = in_own_process("info")
    assert done.returncode == 0
    for text in ("nih-baseline", "not for clinical use", "Threads", "cxr-triage 0."):
        assert text in done.stdout


def test_version():
    assert in_own_process("--version").stdout.startswith("cxr-triage 0.")


@pytest.mark.slow
def test_every_file_of_pydicom_has_a_row_and_none_takes_ten_seconds(tmp_path):
    import pydicom  # noqa: PLC0415

    own = os.path.join(os.path.dirname(pydicom.__file__), "data")  # noqa: PTH118, PTH120
    done = in_own_process("score", own, DATA, "--out", tmp_path / "out", "--no-report")
    assert done.returncode in {0, 3}, done.stderr
    lines = (tmp_path / "out/results.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) > 200
    assert len({row["path"] for row in rows}) == len(rows)
    assert max(sum(row["timings_ms"].values()) for row in rows) < 10_000
    assessed = {row["path"].rsplit(os.sep, 1)[1] for row in rows if row["outcome"] == "assessed"}
    assert {"RG1_UNCR.dcm", "RG1_UNCI.dcm", "RG1_J2KR.dcm", "RG1_J2KI.dcm"} <= assessed
    assert not any(name.startswith(("RG3", "CT", "MR", "US", "SC_rgb")) for name in assessed)


def test_results_are_written_as_dicom_objects_of_the_films_study(film, tmp_path):
    done = cxr_triage("score", film, "--dicom-out", tmp_path / "objects", "--quiet")
    assert done.returncode == 0
    sent = dcmread(film, stop_before_pixels=True)
    made = [dcmread(file) for file in sorted((tmp_path / "objects").iterdir())]
    assert {ds.StudyInstanceUID for ds in made} == {sent.StudyInstanceUID}
    assert {ds.Modality for ds in made} == {"OT", "DOC", "SR"}
    assert {pixel_array(ds).shape[2] for ds in made if ds.Modality == "OT"} == {3}
