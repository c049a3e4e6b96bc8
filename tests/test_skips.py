"""In continuous integration a skip without a known reason fails the run, however it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KNOWN, UNKNOWN = "install openssl to make a certificate", "it rains"
TEST = "import pytest\n\ndef test_it():\n    pytest.skip({!r})\n"
FILE = "import pytest\n\npytest.skip({!r}, allow_module_level=True)\n"


def run(folder, reason, processes):
    (folder / "conftest.py").write_text("from tests.skips import pytest_sessionfinish\n")
    (folder / "test_of_a_test.py").write_text(TEST.format(reason))
    (folder / "test_of_a_file.py").write_text(FILE.format(reason))
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "no:cacheprovider",
               f"-n{processes}", folder]  # fmt: skip
    told = {"CI": "1", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=folder, env=os.environ | told, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("processes", [0, 2])
def test_a_skip_that_nobody_explained_fails_the_run(tmp_path, processes):
    done = run(tmp_path, UNKNOWN, processes)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    both = [f"Skipped: {UNKNOWN}"] * 2
    assert f"skipped without being on the list: {both}" in done.stdout
    assert " 2 skipped in " in done.stdout.splitlines()[-1]


def test_a_skip_that_is_on_the_list_does_not(tmp_path):
    done = run(tmp_path, KNOWN, 2)
    assert done.returncode in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}, done.stdout
