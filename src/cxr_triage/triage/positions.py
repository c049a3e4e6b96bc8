"""`positions.json`: what a model says of films that were measured where it runs.

Beside the model's card, or made from a site's own films by `cxr-triage calibrate`. It holds the
logits of every film, so that any policy can be fitted to them and measured on them; no film can
be known by it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxr_triage.domain import PREPROCESSING_VERSION, ModelCard, read_only
from cxr_triage.errors import PolicyInvalid
from cxr_triage.labels import is_true
from cxr_triage.model.card import POSITIONS_FILE

DECIMALS = 4  # of a logit

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmSet:
    """Scored films [n], one patient's together.

    split: which part of the collection, may be empty. logits: [n, L] in the order of
    `Positions.labels`. findings: what each film shows; None where nobody has said.
    patient: a number for each film's patient.
    """

    split: str
    logits: F64 = field(repr=False)
    patient: Ints = field(repr=False)
    findings: tuple[frozenset[str], ...] | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def labelled(self) -> bool:
        """Do we know what the films show?"""
        return self.findings is not None

    @property
    def well(self) -> Bools:
        """Films without any finding [n]; all of them, where nobody has said."""
        if self.findings is None:
            return np.ones(len(self), np.bool_)
        return np.array([not found for found in self.findings], np.bool_)

    def showing(self, labels: Sequence[str] | frozenset[str]) -> Bools:
        """Films with at least one of `labels` [n]."""
        findings = self.findings or ()
        shown = {found: any(is_true(label, found) for label in labels) for found in set(findings)}
        return np.array([shown[found] for found in findings], np.bool_)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Model(_Strict):
    name: str
    version: str
    sha256: str


class _Films(_Strict):
    """logits: by label, of each film. findings: places in `finding_names`."""

    split: str
    patient: tuple[int, ...]
    findings: tuple[tuple[int, ...], ...] | None
    logits: dict[str, tuple[Annotated[float, Field(allow_inf_nan=False)], ...]]

    @model_validator(mode="after")
    def _as_many_of_each(self) -> "_Films":
        lengths = {len(self.patient), *map(len, self.logits.values())}
        if self.findings is not None:
            lengths.add(len(self.findings))
        if len(lengths) != 1 or not self.patient:
            raise ValueError("as many of each, and at least one")
        return self


class Positions(_Strict):
    """What was measured, of which films, with which model and preprocessing.

    source: what the films are called, for people. kind: their size and form. population: are
    the films to which cuts are fitted those without findings, or all that came?
    optimistic: the model may have learned from these films.
    fit: cuts are chosen on these. measured: figures are of these, where there are any.
    """

    format: Literal[1] = 1
    model: _Model
    preprocessing: str
    source: str = Field(min_length=1, max_length=200)
    kind: str = Field(default="", max_length=200)
    population: Literal["well", "all"]
    optimistic: bool = False
    finding_names: tuple[str, ...]
    fit: _Films
    measured: _Films | None = None
    table: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _known_findings(self) -> "Positions":
        for films in (self.fit, self.measured):
            for found in (films and films.findings) or ():
                if not all(0 <= place < len(self.finding_names) for place in found):
                    raise ValueError("a finding without a name")
        if self.measured is not None and set(self.measured.logits) != set(self.fit.logits):
            raise ValueError("two sets of labels")
        return self

    def as_json(self) -> bytes:
        """The file."""
        return self.model_dump_json().encode() + b"\n"

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the columns of `FilmSet.logits`."""
        return tuple(self.fit.logits)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it says."""
        return hashlib.sha256(self.model_dump_json(exclude={"table"}).encode()).hexdigest()

    @cached_property
    def fit_films(self) -> FilmSet:
        """The films that cuts are chosen on."""
        return self._films(self.fit)

    @cached_property
    def measured_films(self) -> FilmSet | None:
        """The films that figures are measured on, others than those of the fit."""
        return None if self.measured is None else self._films(self.measured)

    @property
    def films_for_figures(self) -> FilmSet:
        """Those that no cut was chosen on, where there are any; else those of the cuts."""
        return self.measured_films or self.fit_films

    def _films(self, films: _Films) -> FilmSet:
        findings = None
        if films.findings is not None:
            findings = tuple(
                frozenset(self.finding_names[place] for place in found) for found in films.findings
            )
        logits = np.array([films.logits[label] for label in self.labels], np.float64).T
        return FilmSet(
            split=films.split,
            logits=read_only(np.ascontiguousarray(logits)),
            patient=read_only(np.array(films.patient, np.int64)),
            findings=findings,
        )

    def check(self, card: ModelCard) -> "Positions":
        """Itself. Raises PolicyInvalid `positions_of_another_model` or `…_preprocessing`."""
        names = {label.label for label in card.labels}
        if self.model.sha256 != card.sha256 or set(self.labels) != names:
            raise PolicyInvalid(
                "positions_of_another_model",
                model=f"{self.model.name} {self.model.version}",
                running=f"{card.name} {card.version}",
            )
        if self.preprocessing != PREPROCESSING_VERSION:
            raise PolicyInvalid("positions_of_another_preprocessing")
        return self


def positions_of(
    card: ModelCard,
    fit: FilmSet,
    measured: FilmSet | None = None,
    *,
    source: str,
    kind: str = "",
    optimistic: bool = False,
) -> Positions:
    """What `card`'s model said of films; the columns of their logits are in the card's order."""
    labels = [label.label for label in card.labels]
    known = {
        name
        for films in (fit, measured)
        if films
        for found in films.findings or ()
        for name in found
    }
    names = tuple(sorted(known))
    return Positions(
        model=_Model(name=card.name, version=card.version, sha256=card.sha256),
        preprocessing=PREPROCESSING_VERSION,
        source=source,
        kind=kind,
        population="well" if fit.labelled else "all",
        optimistic=optimistic,
        finding_names=names,
        fit=_packed(fit, labels, names),
        measured=None if measured is None else _packed(measured, labels, names),
    )


def _packed(films: FilmSet, labels: Sequence[str], names: Sequence[str]) -> _Films:
    findings = None
    if films.findings is not None:
        findings = tuple(tuple(sorted(map(names.index, found))) for found in films.findings)
    rounded = np.round(films.logits, DECIMALS)
    return _Films(
        split=films.split,
        patient=tuple(int(number) for number in films.patient),
        findings=findings,
        logits={label: tuple(map(float, rounded[:, place])) for place, label in enumerate(labels)},
    )


def read_positions(file: Path) -> Positions:
    """Raises PolicyInvalid `positions_missing` or `positions_invalid` (naming the field)."""
    try:
        text = file.read_bytes()
    except OSError:
        raise PolicyInvalid("positions_missing") from None
    try:
        return Positions.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or POSITIONS_FILE
        raise PolicyInvalid("positions_invalid", field=where, problem=first["msg"]) from None


def find_positions(folder: Path, card: ModelCard) -> Positions | None:
    """Those beside a model's card, if there are any that hold for it."""
    try:
        return read_positions(folder / POSITIONS_FILE).check(card)
    except PolicyInvalid:
        return None
