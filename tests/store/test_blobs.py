"""A blob is there whole under its hash, or not at all."""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from cxr_triage.errors import BlobDamaged, StoreFull
from cxr_triage.store.blobs import UNLINKED, Blobs

DATA = b"a film" * 1000
DIGEST = sha256(DATA).hexdigest()


@pytest.fixture
def blobs(tmp_path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_what_was_written_is_read(blobs):
    blobs.write(DATA, DIGEST)
    assert blobs.read(DIGEST) == DATA
    assert list(blobs.digests()) == [DIGEST]


def test_nothing_is_kept_under_a_hash_that_is_not_its_own(blobs):
    with pytest.raises(ValueError, match="digest"):
        blobs.write(DATA, "0" * 64)
    assert list(blobs.digests()) == []


@pytest.mark.parametrize("damage", [b"", DATA[:-1], b"x" + DATA[1:]], ids=["empty", "cut", "bit"])
def test_a_damaged_blob_is_noticed(blobs, damage):
    blobs.write(DATA, DIGEST)
    blobs.path(DIGEST).write_bytes(damage)
    with pytest.raises(BlobDamaged) as caught:
        blobs.read(DIGEST)
    assert caught.value.code == "blob_damaged"


def test_a_missing_blob_says_so(blobs):
    with pytest.raises(BlobDamaged) as caught:
        blobs.read(DIGEST)
    assert caught.value.code == "blob_missing"


def test_writing_again_heals_a_blob_that_was_cut_or_lost(blobs):
    for damage in (lambda file: file.write_bytes(DATA[:9]), Path.unlink):
        blobs.write(DATA, DIGEST)
        damage(blobs.path(DIGEST))
        blobs.write(DATA, DIGEST)
        assert blobs.read(DIGEST) == DATA


def steps(monkeypatch) -> list[str]:
    """What is synced and named, as it happens."""
    seen = []
    sync, replace = os.fsync, Path.replace

    def fsync(handle):
        seen.append("folder" if Path(f"/proc/self/fd/{handle}").resolve().is_dir() else "file")
        sync(handle)

    def named(self, target):
        seen.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", named)
    return seen


def test_the_file_is_on_the_disk_before_its_name_and_the_name_before_the_return(blobs, monkeypatch):
    seen = steps(monkeypatch)
    blobs.write(DATA, DIGEST)
    file, name = seen.index("file"), seen.index("name")
    assert file < name
    assert seen[name + 1 :] == ["folder"] * 3


def test_what_killed_processes_left_is_cleared_when_it_is_old(tmp_path):
    Blobs(tmp_path)
    old, fresh = tmp_path / "incoming" / "old", tmp_path / "incoming" / "fresh"
    for file in (old, fresh):
        file.write_bytes(b"half")
    past = time.time() - 2 * 3600
    os.utime(old, (past, past))
    Blobs(tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_only_this_account_enters_the_folders(blobs):
    blobs.write(DATA, DIGEST)
    for folder in blobs.path(DIGEST).parents[:3]:
        assert folder.stat().st_mode & 0o077 == 0


@pytest.fixture
def received(tmp_path) -> Path:
    """A file on the same disk."""
    file = tmp_path / "received"
    file.write_bytes(DATA)
    return file


def test_a_file_that_was_received_becomes_the_blob_and_is_not_copied(blobs, received):
    blobs.adopt(received, DIGEST)
    assert blobs.path(DIGEST).samefile(received)
    received.unlink()
    assert blobs.read(DIGEST) == DATA
    assert list((blobs.path(DIGEST).parents[2] / "incoming").iterdir()) == []


@pytest.mark.parametrize("number", sorted(UNLINKED))
def test_where_a_file_can_have_no_second_name_it_is_copied(blobs, received, monkeypatch, number):
    def refuse(*_args, **_values):
        raise OSError(number, "no link")

    monkeypatch.setattr(os, "link", refuse)
    blobs.adopt(received, DIGEST)
    assert not blobs.path(DIGEST).samefile(received)
    assert blobs.read(DIGEST) == DATA


def test_an_adopted_file_is_on_the_disk_before_its_name_and_the_name_before_the_return(
    blobs, received, monkeypatch
):
    seen = steps(monkeypatch)
    blobs.adopt(received, DIGEST)
    assert seen[seen.index("file") + 1 :].count("name") == 1
    assert seen[seen.index("name") + 1 :] == ["folder"] * 3


def test_adopting_heals_a_blob_that_was_cut_and_leaves_a_whole_one(blobs, received):
    blobs.write(DATA, DIGEST)
    before = blobs.path(DIGEST).stat().st_ino
    blobs.adopt(received, DIGEST)
    assert blobs.path(DIGEST).stat().st_ino == before
    blobs.path(DIGEST).write_bytes(DATA[:9])
    blobs.adopt(received, DIGEST)
    assert blobs.read(DIGEST) == DATA


@pytest.mark.parametrize("damage", [b"", DATA[:-1], b"x" + DATA[1:]], ids=["empty", "cut", "bit"])
@pytest.mark.parametrize("way", ["adopt", "write"])
def test_the_next_good_copy_heals_a_damaged_blob_whatever_its_size(blobs, received, damage, way):
    blobs.write(DATA, DIGEST)
    blobs.path(DIGEST).write_bytes(damage)
    if way == "adopt":
        blobs.adopt(received, DIGEST)
    else:
        blobs.write(DATA, DIGEST)
    assert blobs.read(DIGEST) == DATA
    assert set_aside(blobs) == []


def set_aside(blobs) -> list[bytes]:
    return [file.read_bytes() for file in (blobs.path(DIGEST).parents[2] / "damaged").iterdir()]


def test_what_is_damaged_is_set_aside_at_once_and_stays_damaged_until_it_is_healed(blobs):
    blobs.write(DATA, DIGEST)
    blobs.path(DIGEST).write_bytes(b"x" + DATA[1:])
    for _ in range(2):
        with pytest.raises(BlobDamaged) as caught:
            blobs.read(DIGEST)
        assert caught.value.code == "blob_damaged"
        assert set_aside(blobs) == [b"x" + DATA[1:]]
        assert not blobs.path(DIGEST).exists()
        assert not blobs.is_whole(DIGEST)
    assert list(blobs.digests()) == [DIGEST]
    blobs.write(DATA, DIGEST)
    assert blobs.read(DIGEST) == DATA
    assert set_aside(blobs) == []


def test_what_was_healed_while_somebody_found_it_damaged_is_not_set_aside(blobs):
    blobs.write(DATA, DIGEST)
    assert blobs._set_aside(DIGEST).code == "blob_damaged"
    assert blobs.read(DIGEST) == DATA


def test_nothing_of_a_removed_file_is_left_aside(blobs):
    blobs.write(DATA, DIGEST)
    blobs.path(DIGEST).write_bytes(b"x")
    assert not blobs.is_whole(DIGEST)
    assert blobs.remove(DIGEST)
    assert set_aside(blobs) == []
    assert not blobs.remove(DIGEST)


def test_two_that_adopt_the_same_bytes_at_once_leave_one_file(blobs, tmp_path):
    files = [tmp_path / str(number) for number in range(8)]
    for file in files:
        file.write_bytes(DATA)
    together = Barrier(len(files))

    def adopt(file):
        together.wait()
        blobs.adopt(file, DIGEST)

    with ThreadPoolExecutor(len(files)) as pool:
        list(pool.map(adopt, files))
    for file in files:
        file.unlink()
    assert blobs.read(DIGEST) == DATA
    assert list(blobs.digests()) == [DIGEST]
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_without_room_for_a_name_keeps_nothing(blobs, received, monkeypatch, number):
    def refuse(*_args, **_values):
        raise OSError(number, "no room")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", refuse)
        with pytest.raises(StoreFull):
            blobs.adopt(received, DIGEST)
    assert received.read_bytes() == DATA
    assert list(blobs.digests()) == []
    blobs.adopt(received, DIGEST)
    assert blobs.read(DIGEST) == DATA
