"""A backup's form: a folder, or one .zip file, with the same names in it."""

import shutil
import zipfile
from pathlib import Path
from typing import Final, Literal, Protocol

from cxr_triage.store.blobs import make_folder

DATABASE: Final = "store.sqlite3"
MANIFEST: Final = "manifest.json"


class ArchiveWriter(Protocol):
    """Takes files by their names in the backup. Raises OSError."""

    def add(self, name: str, data: bytes) -> None: ...

    def add_file(self, name: str, file: Path) -> None: ...

    def close(self) -> None: ...


class ArchiveReader(Protocol):
    """Gives files by name. Raises OSError or KeyError."""

    def read(self, name: str) -> bytes: ...

    def extract(self, name: str, to: Path) -> None: ...

    def close(self) -> None: ...


class FolderArchive:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, data: bytes) -> None:
        file = self._folder / name
        make_folder(file.parent)
        file.write_bytes(data)

    def add_file(self, name: str, file: Path) -> None:
        make_folder(self._folder)
        shutil.copyfile(file, self._folder / name)

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def extract(self, name: str, to: Path) -> None:
        shutil.copyfile(self._folder / name, to)

    def close(self) -> None:
        """Nothing is held."""


class ZipArchive:
    """Files in a .zip; not compressed, for radiographs hardly shrink."""

    def __init__(self, file: Path, mode: Literal["w", "r"]) -> None:
        """Raises OSError or zipfile.BadZipFile."""
        self._zip = zipfile.ZipFile(file, mode, compression=zipfile.ZIP_STORED)

    def add(self, name: str, data: bytes) -> None:
        self._zip.writestr(name, data)

    def add_file(self, name: str, file: Path) -> None:
        self._zip.write(file, name)

    def read(self, name: str) -> bytes:
        return self._zip.read(name)

    def extract(self, name: str, to: Path) -> None:
        with self._zip.open(name) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target)

    def close(self) -> None:
        self._zip.close()


def is_zip(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() == ".zip"


def blob_name(digest: str) -> str:
    """Where a blob lies in a backup."""
    return f"blobs/{digest[:2]}/{digest[2:4]}/{digest}"
