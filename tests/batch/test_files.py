import errno

import pytest

from cxr_triage.batch.files import LineFile, keep_earlier, write_whole
from cxr_triage.errors import OutputFailed


class FullDisk:
    """A file that takes `room` bytes more and then none."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, content):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self.file.write(content[: self.room])
        self.room -= taken
        return taken


def test_line_that_a_full_disk_cuts_is_taken_back(tmp_path):
    with LineFile(tmp_path / "rows") as rows:
        rows.write(b"first\n")
        rows._file = FullDisk(rows._file, room=3)
        with pytest.raises(OutputFailed, match="No space left"):
            rows.write(b"second\n")
        rows._file.room = 100
        rows.write(b"third\n")
    assert (tmp_path / "rows").read_bytes() == b"first\nthird\n"


def test_file_appears_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in the way").touch()
    with pytest.raises(OutputFailed):
        write_whole(tmp_path / "folder", b"content")
    assert {file.name for file in tmp_path.iterdir()} == {"a", "folder"}


def test_earlier_files_of_the_same_second_do_not_replace_each_other(tmp_path):
    for content in "abc":
        (tmp_path / "f.txt").write_text(content)
        keep_earlier(tmp_path / "f.txt")
    keep_earlier(tmp_path / "f.txt")
    assert {file.read_text() for file in tmp_path.iterdir()} == set("abc")
