"""The reference films that ship beside the models: NIH ChestX-ray14, in two parts by patient."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from cxr_triage.errors import EvaluationFailed
from cxr_triage.evaluation.films import patient_numbers
from cxr_triage.evaluation.truth import TrueFilm, read_truth
from cxr_triage.model.catalog import shipped_folder
from cxr_triage.triage.positions import Ints

FOLDER: Final = "reference-films"
SOURCE: Final = "NIH ChestX-ray14"
KIND: Final = "128 × 128 px"

Split: TypeAlias = Literal["val", "test"]
"""Cuts are chosen on val; test is for measuring alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFilms:
    """One part. names: in films.zip. patient: a number for each film's patient [n]."""

    archive: Path
    names: tuple[str, ...] = field(repr=False)
    films: tuple[TrueFilm, ...] = field(repr=False)
    patient: Ints = field(repr=False)

    def contents(self) -> Iterator[bytes]:
        """The files, in the order of `names`."""
        with zipfile.ZipFile(self.archive) as archive:
            for name in self.names:
                yield archive.read(name)


def reference_films(split: Split, folder: Path | None = None) -> ReferenceFilms:
    """Raises EvaluationFailed `reference_missing` where they did not come with the package."""
    folder = folder or shipped_folder(FOLDER)
    archive, labels = folder / "films.zip", folder / "labels.csv"
    if not archive.is_file() or not labels.is_file():
        raise EvaluationFailed("reference_missing")
    truth = read_truth(labels, [split]).films
    with zipfile.ZipFile(archive) as files:
        names = [name for name in files.namelist() if Path(name).stem in truth]
    films: Sequence[TrueFilm] = [truth[Path(name).stem] for name in names]
    return ReferenceFilms(
        archive=archive,
        names=tuple(names),
        films=tuple(films),
        patient=patient_numbers(list(films)),
    )
