"""Rows that were made before, found by what a file holds: its name may be another."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from cxr_triage.batch.archive.durable import replaced
from cxr_triage.batch.archive.rows import read_row

RECORD: Final = np.dtype([("digest", "S32"), ("file", "<u4"), ("at", "<u8")])
"""Half of a digest in hexadecimal, which rows it is in, and where its line begins."""


def write_known(index: Path, files: Iterable[Path]) -> int:
    """Index the rows of `files`; how many there are. Takes 44 bytes a row while it sorts."""
    named = list(files)
    found = np.fromiter(_found(named), RECORD)
    found = found[np.argsort(found["digest"], kind="stable")]
    replaced(index, [found.tobytes()])
    replaced(index.with_suffix(".files"), ["\n".join(file.name for file in named).encode()])
    return len(found)


def _found(files: list[Path]) -> Iterator[tuple[bytes, int, int]]:
    for number, file in enumerate(files):
        with file.open("rb") as lines:
            at = 0
            for line in lines:
                row = read_row(line)
                if row is not None and row.digest:
                    yield row.digest[:32].encode(), number, at
                at += len(line)


class Known:
    """An index, read from the disk as it is asked."""

    def __init__(self, index: Path) -> None:
        self._records = (
            np.memmap(index, RECORD, "r") if index.stat().st_size else np.empty(0, RECORD)
        )
        self._files = index.with_suffix(".files").read_text().split("\n")
        self._folder = index.parent

    def line(self, digest: str) -> bytes | None:
        """The row of a file with that digest, as it was written."""
        wanted = digest[:32].encode()
        at = int(np.searchsorted(self._records["digest"], wanted))
        if at == len(self._records) or self._records["digest"][at] != wanted:
            return None
        record = self._records[at]
        with (self._folder / self._files[int(record["file"])]).open("rb") as file:
            file.seek(int(record["at"]))
            return file.readline()
