"""The rows of a shard as they grow: a line a file, of which a kill loses the last at most."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from cxr_triage.batch.files import writing
from cxr_triage.batch.results import JsonRow
from cxr_triage.domain import F32


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRow:
    """A row, and what researchers want beside it.

    logits: by label, log-odds. embedding: f32 [E]; maps: f32 [L, h, w]: little endian, base64,
    empty where nobody asked for them. shape: of the maps.
    """

    row: JsonRow
    logits: dict[str, float] = field(default_factory=dict)
    embedding: str = field(default="", repr=False)
    maps: str = field(default="", repr=False)
    shape: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        return str(self.row["digest"] or "")

    def line(self) -> bytes:
        """As a line of a file."""
        values = [self.row, self.logits, self.embedding, self.maps, self.shape]
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        return (text + "\n").encode("utf-8", "surrogatepass")


def read_row(line: bytes) -> ScoredRow | None:
    """What `line` wrote, or None if that is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        row, logits, embedding, maps, shape = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return ScoredRow(row=row, logits=logits, embedding=embedding, maps=maps, shape=tuple(shape))


@dataclass(frozen=True, slots=True)
class RowFile:
    """The rows of a file, as far as they are whole; to be walked as often as one likes."""

    file: Path

    def __iter__(self) -> Iterator[ScoredRow]:
        with self.file.open("rb") as lines:
            for line in lines:
                row = read_row(line)
                if row is None:
                    return
                yield row


class GrowingRows:
    """Appends to the rows of a shard. A context manager."""

    def __init__(self, file: Path, paths: Iterator[str]) -> None:
        """Keep the whole rows that are there already, as far as they are of `paths`; the rest of
        `paths` lacks rows. Raises OutputFailed."""
        kept, end = 0, 0
        with writing():
            self._file = file.open("a+b", buffering=0)
            self._file.seek(0)
            for line in self._file:
                row = read_row(line)
                if row is None or row.row["path"] != next(paths, None):
                    break
                kept, end = kept + 1, end + len(line)
            self._file.truncate(end)
            self._file.seek(end)
        self.kept = kept

    def add(self, row: ScoredRow) -> None:
        """Raises OutputFailed."""
        with writing():
            rest = memoryview(row.line())
            while rest:
                rest = rest[self._file.write(rest) or 0 :]

    def settle(self) -> None:
        """Have all of it on the disk."""
        with writing():
            os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def packed_floats(values: F32) -> str:
    """An array as f32, little endian, base64."""
    return b64encode(values.astype("<f4").tobytes()).decode()


def unpacked_floats(text: str) -> F32:
    """What `packed_floats` packed, flat."""
    return np.frombuffer(b64decode(text), "<f4")
