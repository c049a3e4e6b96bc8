"""Files by the SHA-256 of their content: `ab/cd/abcd…`, written once, never changed.

What does not match its name any more is set aside in `damaged` as soon as that is noticed, and the
next copy of the file that comes takes its place.
"""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cxr_triage.errors import BlobDamaged
from cxr_triage.model.provision.disk import sync_folder
from cxr_triage.store.database.faults import store_faults

INCOMING: Final = "incoming"
"""Where a blob is written until it is whole."""

DAMAGED: Final = "damaged"
"""Where what differs from its hash waits for a copy that does not."""

ABANDONED_S: Final = 3600.0
"""A file in `incoming` older than this is left over from a process that was killed."""

PROBE_BYTES: Final = 2**20

UNLINKED: Final = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
)
"""What a file system says that gives no file a second name, or not this one here."""


class Blobs:
    """A folder of blobs. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and clear what killed processes left. Raises StoreError."""
        self._folder = folder
        with store_faults():
            make_folder(folder / INCOMING)
            make_folder(folder / DAMAGED)
            self._clear_abandoned()

    def path(self, digest: str) -> Path:
        """Where the blob with that SHA-256 (64 hexadecimal digits) lies, or would lie."""
        return self._folder / digest[:2] / digest[2:4] / digest

    def write(self, data: bytes, digest: str) -> None:
        """Have `data` on the disk under its SHA-256. A blob that is there whole stays; one that
        is damaged is healed.

        Raises StoreError, or ValueError if `digest` is not that of `data`.
        """
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError("the digest is not that of the data")
        with store_faults():
            if not self.is_whole(digest):
                with self._placing(digest) as temporary, temporary.open("xb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())

    def adopt(self, file: Path, digest: str) -> None:
        """Have a whole file of ours (of that SHA-256) on the disk under its SHA-256. A blob that is
        there whole stays; one that is damaged is healed.

        It keeps its own name too, and nobody writes to it any more: where the file system can,
        it is one file with two names. Raises StoreError.
        """
        with store_faults():
            if not self.is_whole(digest):
                with self._placing(digest) as temporary:
                    _link(file, temporary)

    def is_whole(self, digest: str) -> bool:
        """Is a file there whose bytes match its name? Raises StoreError."""
        try:
            self.check_file(digest)
        except BlobDamaged:
            return False
        return True

    def check_file(self, digest: str) -> None:
        """Raises BlobDamaged as `read`, or another StoreError."""
        with store_faults():
            if _matches(self.path(digest), digest):
                return
            raise self._set_aside(digest)

    def read(self, digest: str) -> bytes:
        """The bytes. Raises BlobDamaged if they are gone (`blob_missing`) or differ from their
        hash (`blob_damaged`), or another StoreError."""
        with store_faults():
            try:
                data = self.path(digest).read_bytes()
            except FileNotFoundError:
                raise self._set_aside(digest) from None
            if hashlib.sha256(data).hexdigest() != digest:
                raise self._set_aside(digest)
        return data

    def remove(self, digest: str) -> bool:
        """Remove a file for good, and what was set aside of it; was there any? Raises
        StoreError."""
        there = False
        with store_faults():
            for file in (self.path(digest), self._aside(digest)):
                try:
                    file.unlink()
                except FileNotFoundError:
                    continue
                sync_folder(file.parent)
                there = True
        return there

    def check(self) -> None:
        """Can a file be written now? Raises StoreError."""
        probe = self._folder / INCOMING / secrets.token_hex(16)
        with store_faults():
            try:
                probe.write_bytes(bytes(PROBE_BYTES))
            finally:
                probe.unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """Every blob's name, in order; then those of what was set aside."""
        for first in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for file in sorted(first.glob("[0-9a-f][0-9a-f]/*")):
                yield file.name
        for file in sorted((self._folder / DAMAGED).iterdir()):
            if not self.path(file.name).exists():
                yield file.name

    def _aside(self, digest: str) -> Path:
        return self._folder / DAMAGED / digest

    def _set_aside(self, digest: str) -> BlobDamaged:
        """What does not match its name makes room for what does; which fault it was."""
        file, aside = self.path(digest), self._aside(digest)
        if not file.exists():  # or it was set aside before
            return BlobDamaged("blob_damaged" if aside.exists() else "blob_missing")
        try:
            file.replace(aside)
        except OSError:  # who may not write tells of it all the same
            return BlobDamaged("blob_damaged")
        if _matches(aside, digest):  # healed while this one looked
            aside.replace(file)
        sync_folder(file.parent)
        return BlobDamaged("blob_damaged")

    @contextmanager
    def _placing(self, digest: str) -> Iterator[Path]:
        """Where the block has a file on the disk, which then takes its place."""
        temporary, file = self._folder / INCOMING / secrets.token_hex(16), self.path(digest)
        try:
            yield temporary
            make_folder(file.parent)
            temporary.replace(file)
            self._aside(digest).unlink(missing_ok=True)
        finally:
            with suppress(OSError):  # a second name of the file that is there stays as it is
                temporary.unlink(missing_ok=True)
        # All three: who made a folder may have been killed before making its name last.
        for folder in (file.parent, file.parent.parent, self._folder):
            sync_folder(folder)

    def _clear_abandoned(self) -> None:
        before = time.time() - ABANDONED_S
        for file in (self._folder / INCOMING).iterdir():
            with suppress(OSError):  # another process may be clearing too
                if file.stat().st_mtime < before:
                    file.unlink()


def _matches(file: Path, digest: str) -> bool:
    """False too if it is not there."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _link(file: Path, to: Path) -> None:
    """The same file under another name, or a copy of it; on the disk."""
    try:
        os.link(file, to)
    except OSError as problem:
        if problem.errno not in UNLINKED:
            raise
        shutil.copyfile(file, to)
    with to.open("rb+") as stream:
        os.fsync(stream.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder that only this account may enter, and make its name last."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def make_private(file: Path) -> None:
    """Make an empty file that only this account may read, unless it is there."""
    if not file.exists():
        file.touch(mode=0o600)
