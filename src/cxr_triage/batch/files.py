"""Writing that a full disk cannot spoil: a file or a line is there whole, or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from cxr_triage.errors import OutputFailed


@contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError into OutputFailed, without the path."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise OutputFailed("output_failed", problem=reason) from None


def write_whole(file: Path, content: bytes) -> None:
    """Write beside `file` first, then move into place. Raises OutputFailed."""
    write_parts(file, [content])


def write_parts(file: Path, parts: Iterable[bytes]) -> None:
    """As `write_whole`, of a content that is longer than one would hold. Raises what `parts`
    raises, too."""
    part = file.with_name(file.name + ".part")
    with writing():
        try:
            with part.open("wb") as whole:
                whole.writelines(parts)
            part.replace(file)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise


class LineFile:
    """A new file that grows by whole lines; each has left this process when written."""

    def __init__(self, file: Path, *, start: bytes = b"") -> None:
        """Files of an earlier run are kept under another name. Raises OutputFailed."""
        with writing():
            keep_earlier(file)
            self._file = file.open("xb", buffering=0)
        self.write(start)

    def write(self, lines: bytes) -> None:
        """Append; what could not be written whole is taken back. Raises OutputFailed."""
        with writing():
            end = self._file.tell()
            try:
                rest = memoryview(lines)
                while rest:
                    rest = rest[self._file.write(rest) or 0 :]
            except OSError:
                self._file.truncate(end)
                self._file.seek(end)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def keep_earlier(file: Path) -> None:
    """Rename `file`, if it is there, to a name with its time of change."""
    if not file.exists():
        return
    changed = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    stem = f"{file.stem}-{changed:%Y%m%dT%H%M%S}"
    kept, number = file.with_name(f"{stem}{file.suffix}"), 1
    while kept.exists():
        number += 1
        kept = file.with_name(f"{stem}-{number}{file.suffix}")
    file.rename(kept)
