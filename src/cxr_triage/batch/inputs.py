"""Which files a run reads: files as named, folders with everything below them."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

STDIN: Final = "-"
"""In place of a file with names: what comes in."""
ARCHIVES: Final = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def find_files(paths: Iterable[Path], *, leave_out: Path | None = None) -> list[Path]:
    """What is under `paths` and is no folder, each once, folders in the order of their names.

    A folder that cannot be listed stands for what is in it, so that its loss has a row too; so
    do links to nothing, pipes and devices. Links to folders are not followed. `leave_out` (the
    output folder) is not entered.
    """
    seen: set[Path] = set()
    files = []
    for file in walk(paths, leave_out.resolve() if leave_out else None):
        real = _real(file)
        if real not in seen:
            seen.add(real)
            files.append(file)
    return files


def walk(paths: Iterable[Path], leave_out: Path | None) -> Iterator[Path]:
    """As `find_files`, one at a time; what has two names comes twice. leave_out: resolved."""
    for path in paths:
        if not is_folder(path):
            yield path
            continue
        unlisted: list[Path] = []
        for folder, subfolders, names in os.walk(path, onerror=_noted_in(unlisted)):
            subfolders[:] = sorted(
                name for name in subfolders if _real(Path(folder) / name) != leave_out
            )
            found = (Path(folder) / name for name in sorted(names))
            yield from (file for file in found if not is_folder(file))
        yield from unlisted


def _noted_in(unlisted: list[Path]) -> Callable[[OSError], None]:
    return lambda problem: unlisted.append(Path(problem.filename))


def is_folder(path: Path) -> bool:
    """False, too, for what cannot be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _real(path: Path) -> Path:
    """Where `path` leads; itself, made absolute, where that is nowhere or cannot be told."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError):  # links that lead in a circle
        return path.absolute()


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


def is_archive(path: Path) -> bool:
    """Is it a ZIP or tar file by its name?"""
    return path.name.lower().endswith(ARCHIVES) and not is_folder(path)
