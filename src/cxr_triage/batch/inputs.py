"""Which files a run reads: files as named, folders with everything below them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def find_files(paths: Iterable[Path], *, leave_out: Path | None = None) -> list[Path]:
    """Regular files under `paths`, each once, folders in the order of their names.

    Links to folders are not followed. `leave_out` (the output folder) is not entered.
    """
    seen: set[Path] = set()
    files = []
    for file in _walk(paths, leave_out.resolve() if leave_out else None):
        real = file.resolve()
        if real not in seen:
            seen.add(real)
            files.append(file)
    return files


def _walk(paths: Iterable[Path], leave_out: Path | None) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, subfolders, names in os.walk(path):
            subfolders[:] = sorted(
                name for name in subfolders if (Path(folder) / name).resolve() != leave_out
            )
            found = (Path(folder) / name for name in sorted(names))
            yield from (file for file in found if file.is_file())


def common_folder(paths: Iterable[Path]) -> Path | None:
    """The folder that all of `paths` are in; None if there is none."""
    parents = {path.parent for path in paths}
    try:
        return Path(os.path.commonpath(parents))
    except ValueError:  # none at all, relative beside absolute, or two drives
        return None


def below(base: Path | None, path: Path) -> str:
    """Where `path` lies below `base`, as text that UTF-8 can hold; else the whole path."""
    shown = path.relative_to(base) if base is not None and path.is_relative_to(base) else path
    return str(shown).encode("utf-8", "backslashreplace").decode("utf-8")
