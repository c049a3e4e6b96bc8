import os
import sys
from pathlib import Path

import pytest

from cxr_triage.batch.inputs import below, common_folder, find_files


def _tree(folder: Path) -> None:
    for name in ("b/2.dcm", "b/1.dcm", "a/deep/er/x", "top"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_folders_are_read_with_everything_below_them_in_order(tmp_path):
    _tree(tmp_path)
    found = [str(file.relative_to(tmp_path)) for file in find_files([tmp_path])]
    assert found == ["top", "a/deep/er/x", "b/1.dcm", "b/2.dcm"]


def test_file_that_is_named_twice_is_read_once(tmp_path):
    _tree(tmp_path)
    assert len(find_files([tmp_path / "top", tmp_path, tmp_path / "b" / ".." / "top"])) == 4


def test_output_folder_is_not_read(tmp_path):
    _tree(tmp_path)
    assert len(find_files([tmp_path], leave_out=tmp_path / "b")) == 2


def test_links_to_folders_are_not_followed(tmp_path):
    _tree(tmp_path)
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(find_files([tmp_path])) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files; run it on Linux")
def test_what_is_no_regular_file_stands_in_the_list_too(tmp_path):
    _tree(tmp_path)
    os.mkfifo(tmp_path / "b" / "pipe")
    for name in ("gone", "nowhere"):
        (tmp_path / "b" / name).symlink_to(tmp_path / "missing")
    (tmp_path / "b" / "ring").symlink_to(tmp_path / "b" / "ring")
    found = {file.name for file in find_files([tmp_path])}
    assert found == {"top", "x", "1.dcm", "2.dcm", "pipe", "gone", "nowhere", "ring"}


def test_a_folder_that_cannot_be_listed_stands_for_what_is_in_it(tmp_path, monkeypatch):
    _tree(tmp_path)
    real = os.scandir

    def refusing(path):
        if os.fspath(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert tmp_path / "a" / "deep" in find_files([tmp_path])
    assert find_files([tmp_path / "a" / "deep"]) == [tmp_path / "a" / "deep"]


def test_paths_are_shown_below_their_common_folder(tmp_path):
    base = common_folder([tmp_path / "a" / "1", tmp_path / "b" / "2"])
    assert base == tmp_path
    assert below(base, tmp_path / "a" / "1") == str(Path("a") / "1")


def test_relative_and_absolute_paths_have_no_common_folder(tmp_path):
    paths = [Path("one"), tmp_path / "two"]
    assert common_folder(paths) is None
    assert below(None, paths[0]) == "one"
    assert common_folder([]) is None


def test_name_that_is_not_utf_8_can_be_shown():
    assert below(None, Path("film\udcff")) == "film\\udcff"
