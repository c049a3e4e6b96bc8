"""A blob is there whole under its hash, or not at all."""

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest

from cxr_triage.errors import BlobDamaged
from cxr_triage.store.blobs import Blobs

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


def test_the_file_is_on_the_disk_before_its_name_and_the_name_before_the_return(blobs, monkeypatch):
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
