"""What an archive run reads: files, members of ZIP and tar files, lists of names. One at a time."""

import bz2
import gzip
import json
import lzma
import os
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from cxr_triage.batch.inputs import STDIN, walk
from cxr_triage.batch.run import file_content
from cxr_triage.errors import InputInvalid, UnreadableImage
from cxr_triage.imaging.limits import Limits

ZIP_MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
COMPRESSED_TAR: Final = {".gz": gzip.open, ".tgz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
LOCAL_HEADER: Final = 30
"""Bytes of a ZIP member's header before its name (APPNOTE 4.3.7)."""
ENCRYPTED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to score, and what tells that it changed.

    path: as rows name it; of a member `archive.zip!/member`. mark: size and time of change, of a
    member its checksum or place. at: where in an archive (see `_ZIP`, `_TAR`); empty: a file.
    """

    path: str
    mark: tuple[int, int] = (0, 0)
    archive: str = ""
    at: tuple[int, ...] = ()

    def line(self) -> bytes:
        """As a line of a plan; names that are not UTF-8 come back as they were."""
        return (json.dumps([self.path, self.mark, self.archive, self.at]) + "\n").encode()

    @classmethod
    def read(cls, line: bytes) -> "Entry":
        """What `line` wrote."""
        path, mark, archive, at = json.loads(line)
        return cls(path=path, mark=tuple(mark), archive=archive, at=tuple(at))


def entries(paths: Iterable[Path], lists: Iterable[IO[bytes]], out: Path) -> Iterator[Entry]:
    """Everything below `paths` and in `lists` of names, in an order that does not change.

    ZIP and tar files are looked into. The output folder is not. Raises InputInvalid.
    """
    for path in _outermost(paths):
        for file in walk([path], out.resolve()):
            yield from _of(file)
    for names in lists:
        for name in _names(names):
            yield from _of(Path(os.fsdecode(name)))


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths without those that lie in another of them."""
    given = list(dict.fromkeys(paths))
    whole = {path: path.absolute() for path in given}
    return [
        path
        for path in given
        if not any(
            whole[path] != other and other in whole[path].parents for other in whole.values()
        )
    ]


def _names(stream: IO[bytes]) -> Iterator[bytes]:
    """One a line, or with NUL between them (`find -print0`)."""
    rest = b""
    while block := stream.read(1 << 16):
        *whole, rest = (rest + block).replace(b"\0", b"\n").split(b"\n")
        yield from (name.rstrip(b"\r") for name in whole if name.strip())
    if rest.strip():
        yield rest.rstrip(b"\r")


def _of(file: Path) -> Iterator[Entry]:
    try:
        found = file.stat()
        magic = _start(file)
    except OSError:  # its row says why
        yield Entry(path=str(file))
        return
    if magic.startswith(ZIP_MAGIC):
        yield from _zipped(file)
    elif magic[257:262] == b"ustar":
        yield from _tarred(file, compressed=False)
    elif [*file.suffixes[-2:], ""][0] == ".tar" or file.suffix == ".tgz":
        yield from _tarred(file, compressed=True)
    else:
        yield Entry(path=str(file), mark=(found.st_size, found.st_mtime_ns))


def _start(file: Path) -> bytes:
    """Its first bytes; none of what is no regular file: a pipe could wait for ever."""
    if not file.is_file():
        return b""
    with file.open("rb") as opened:
        return opened.read(265)


def _zipped(file: Path) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        yield _unread(file)
        return
    for one in members:
        if not one.is_dir():
            at = (
                one.header_offset,
                one.compress_size,
                one.file_size,
                one.compress_type,
                one.flag_bits,
            )
            yield Entry(
                path=f"{file}!/{one.filename}",
                mark=(one.file_size, one.CRC),
                archive=str(file),
                at=at,
            )


def _tarred(file: Path, *, compressed: bool) -> Iterator[Entry]:
    changed = file.stat().st_mtime_ns
    try:
        with tarfile.open(file) as archive:
            for one in archive:
                setattr(archive, "members", [])  # noqa: B010 or it would keep them all
                if one.isfile() and not one.issparse():
                    yield Entry(
                        path=f"{file}!/{one.name}",
                        mark=(one.size, changed),
                        archive=str(file),
                        at=(one.offset_data, one.size, int(compressed)),
                    )
    except (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError):
        yield _unread(file)


def _unread(archive: Path) -> Entry:
    """What an archive holds that cannot be listed: its row says that it is damaged."""
    with suppress(OSError):
        return Entry(
            path=f"{archive}!/…", mark=(0, archive.stat().st_mtime_ns), archive=str(archive)
        )
    return Entry(path=str(archive))


class Contents:
    """Reads entries. Safe to call from several threads; a compressed tar is read in one go, as
    long as its members are asked for in their order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._streams: dict[str, IO[bytes]] = {}

    def read(self, entry: Entry) -> bytes:
        """The bytes. Raises UnreadableImage or ImageTooLarge."""
        if not entry.archive:
            return file_content(Path(entry.path), self._limits)
        if not entry.at:
            raise UnreadableImage("archive_damaged")
        try:
            if len(entry.at) == 5:
                return self._unzipped(entry)
            return self._untarred(entry)
        except (OSError, EOFError, zlib.error, struct.error, lzma.LZMAError):
            raise UnreadableImage("archive_damaged") from None

    def _unzipped(self, entry: Entry) -> bytes:
        start, packed, size, method, flags = entry.at
        self._limits.check_file(size)
        if flags & ENCRYPTED or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableImage("archive_member_kind")
        with Path(entry.archive).open("rb") as file:
            file.seek(start)
            name, extra = struct.unpack("<26xHH", file.read(LOCAL_HEADER))
            file.seek(start + LOCAL_HEADER + name + extra)
            data = file.read(packed)
        if method == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-15).decompress(data, size + 1)
        if len(data) != size or zlib.crc32(data) != entry.mark[1]:
            raise UnreadableImage("archive_damaged")
        return data

    def _untarred(self, entry: Entry) -> bytes:
        start, size, compressed = entry.at
        self._limits.check_file(size)
        if not compressed:
            with Path(entry.archive).open("rb") as file:
                file.seek(start)
                data = file.read(size)
        else:
            with self._lock:
                stream = self._stream(Path(entry.archive))
                stream.seek(start)
                data = stream.read(size)
        if len(data) != size:
            raise UnreadableImage("archive_damaged")
        return data

    def _stream(self, archive: Path) -> IO[bytes]:
        if str(archive) not in self._streams:
            for other in self._streams.values():
                other.close()
            opener: Any = COMPRESSED_TAR.get(archive.suffix, gzip.open)
            self._streams = {str(archive): opener(archive, "rb")}
        return self._streams[str(archive)]


def open_list(name: str, stdin: IO[bytes]) -> IO[bytes]:
    """A file with names in it, or what comes in. Raises InputInvalid."""
    if name == STDIN:
        return stdin
    try:
        return Path(name).open("rb")
    except OSError as problem:
        raise InputInvalid("list_unreadable", problem=problem.strerror or "?") from None
