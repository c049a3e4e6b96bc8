"""The results of a run over any number of files: they lie on the disk, and what ranks them is kept.

A result with its maps takes kilobytes; of a hundred thousand there would be more than memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final, Self

import numpy as np

from cxr_triage.batch.files import writing
from cxr_triage.batch.run import FileResult
from cxr_triage.domain import Assessment, ModelCard, Patient
from cxr_triage.result.document import Packed, pack, unpack
from cxr_triage.triage.rank import RankedStudy, Standing, rank_studies, standing_of

HELD_BYTES: Final = 8 << 20
"""Before anything goes to the disk: most runs need none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptResult:
    """A result that was put by. patient: for telling studies apart, and for nothing else.
    at, document, shape: where it lies, its bytes, and the sides of its maps."""

    path: Path
    standing: Standing
    patient: Patient = field(repr=False)
    at: int
    document: int
    shape: tuple[int, ...]


class KeptResults:
    """Of one model. A context manager; its file has no name, and is gone afterwards.

    unread: files without a result, in the order that they came.
    """

    def __init__(self, card: ModelCard, folder: Path | None = None) -> None:
        """folder: where the file lies; None: where temporary files do."""
        self._card = card
        self._file = SpooledTemporaryFile(HELD_BYTES, dir=None if folder is None else str(folder))  # noqa: SIM115 (closed by __exit__)
        self._kept: list[KeptResult] = []
        self.unread: list[FileResult] = []

    def add(self, result: FileResult) -> None:
        """Put it by, without its pixels. Raises OutputFailed."""
        if result.assessment is None:
            self.unread.append(result)
            return
        packed = pack(result.assessment)
        with writing():
            at = self._file.seek(0, 2)
            self._file.write(packed.document)
            self._file.write(packed.maps.tobytes())
        self._kept.append(
            KeptResult(
                path=result.path,
                standing=standing_of(result.assessment),
                patient=result.patient,
                at=at,
                document=len(packed.document),
                shape=packed.maps.shape,
            )
        )

    def ranked(self) -> list[RankedStudy[KeptResult]]:
        """Those that have an assessment, as studies in the worklist's order."""
        return rank_studies(
            self._kept, lambda kept: kept.standing, patient_of=lambda kept: kept.patient
        )

    def read(self, kept: KeptResult) -> Assessment:
        """As it was. Raises OutputFailed."""
        with writing():
            self._file.seek(kept.at)
            document = self._file.read(kept.document)
            maps = self._file.read(4 * int(np.prod(kept.shape)))
        array = np.frombuffer(maps, np.float32).reshape(kept.shape)
        return unpack(Packed(document=document, maps=array), self._card)

    def paths(self) -> Iterator[Path]:
        """Of every file."""
        yield from (kept.path for kept in self._kept)
        yield from (result.path for result in self.unread)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
