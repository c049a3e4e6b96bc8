"""A model's card: `card.json` beside `model.onnx`, checked before anything is loaded.

The card of a model whose file is made on this machine names a checkpoint; the card that
is installed beside the file made from it has that file's size and SHA-256 too. A card
never says "proven": `proof.json` beside it does, for one model file and one preprocessing.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxr_triage.domain import (
    PREPROCESSING_VERSION,
    Download,
    ModelCard,
    ModelLabel,
    Reference,
)
from cxr_triage.errors import ModelError
from cxr_triage.labels import NAMES

CARD_FILE = "card.json"
PROOF_FILE = "proof.json"
POSITIONS_FILE = "positions.json"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(gt=0, lt=1)]


class Strict(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


StrictT = TypeVar("StrictT", bound=Strict)


class Bilingual(Strict):
    """A text in both languages."""

    en: str = Field(min_length=1)
    vi: str = Field(min_length=1)


class BilingualList(Strict):
    """Texts in both languages."""

    en: tuple[str, ...]
    vi: tuple[str, ...]


class _Label(Strict):
    label: str
    operating_point: Probability
    likely_point: Probability | None = None
    evidence: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    output: Annotated[int, Field(ge=0, lt=1024)] | None = None

    @model_validator(mode="after")
    def _known_and_ordered(self) -> "_Label":
        if self.label not in NAMES:
            raise ValueError(f"unknown label {self.label!r}")
        if self.likely_point is not None and self.likely_point < self.operating_point:
            raise ValueError(f"{self.label}: the likely point lies under the operating point")
        return self


class _Download(Strict):
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=200)
    bytes: Annotated[int, Field(gt=0)] | None
    sha256: Sha256 | None
    sources: tuple[Annotated[str, Field(pattern=r"^https?://")], ...] = ()

    def to_domain(self) -> Download:
        return Download(**{name: getattr(self, name) for name in _Download.model_fields})


class _Reference(Strict):
    image: _Download
    scores: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(min_length=1)


class _Card(Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    version: str = Field(min_length=1, max_length=32)
    labels: tuple[_Label, ...] = Field(min_length=1)
    likely_rule: Literal["ppv80", "specificity95"] | None = None
    input_size: int = Field(ge=64, le=1024)
    file: str = Field(default="model.onnx", pattern=r"^[A-Za-z0-9_-]+\.onnx$")
    bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Sha256 | None = None
    precision: Literal["fp32", "int8"]
    proof: Literal["unproven", "demonstration"]
    licence: str
    source: str
    citation: str
    intended_use: Bilingual
    limits: BilingualList
    checkpoint: _Download | None = None
    references: tuple[_Reference, ...] = ()
    saw_reference_films: bool = False

    @model_validator(mode="after")
    def _each_label_once(self) -> "_Card":
        names = [label.label for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError("a label stands twice")
        return self

    @model_validator(mode="after")
    def _has_a_file_or_can_be_made(self) -> "_Card":
        if self.checkpoint is None and (self.bytes is None or self.sha256 is None):
            raise ValueError("bytes and sha256 are needed where there is no checkpoint")
        if self.checkpoint and any(label.output is None for label in self.labels):
            raise ValueError("each label of a checkpoint needs its output")
        return self


class Proof(Strict):
    """`proof.json`: the published scores and ours. `deviations`: the largest, by image."""

    sha256: Sha256
    preprocessing: str
    passed: bool
    scores: Annotated[int, Field(gt=0)]
    deviations: dict[str, Annotated[float, Field(ge=0)]]
    tolerance: float
    proven_at: str

    def holds_for(self, sha256: str) -> bool:
        """Is it about this model file and the preprocessing in use, and was it passed?"""
        return self.passed and self.sha256 == sha256 and self.preprocessing == PREPROCESSING_VERSION


def read_card(folder: Path) -> ModelCard:
    """The card in `folder`.

    Raises ModelError `card_missing` or `card_invalid` (naming the field that is wrong).
    """
    return _to_domain(read_checked_json(folder / CARD_FILE, _Card), read_proof(folder))


def read_checked_json(file: Path, kind: type[StrictT]) -> StrictT:
    """The card in `file`, as `kind` wants it. Raises ModelError as `read_card`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ModelError("card_missing") from None
    try:
        return kind.model_validate(json.loads(text))
    except json.JSONDecodeError as problem:
        raise ModelError("card_invalid", field=f"line {problem.lineno}") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "card"
        raise ModelError("card_invalid", field=f"{where}: {first['msg']}") from None


def read_proof(folder: Path) -> Proof | None:
    """What was measured against published scores, or None if nothing (readable) was."""
    try:
        return Proof.model_validate_json((folder / PROOF_FILE).read_bytes())
    except (OSError, ValueError):
        return None


def is_measured(folder: Path, card: ModelCard) -> bool:
    """Are there positions of this model file and the preprocessing in use beside the card?"""
    try:
        content = json.loads((folder / POSITIONS_FILE).read_bytes())
        return bool(
            content["model"]["sha256"] == card.sha256
            and content["preprocessing"] == PREPROCESSING_VERSION
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _to_domain(card: _Card, proof: Proof | None) -> ModelCard:
    fields = {name: getattr(card, name) for name in _Card.model_fields}
    fields["bytes"], fields["sha256"] = card.bytes or 0, card.sha256 or ""
    fields["labels"] = tuple(
        ModelLabel(**{name: getattr(label, name) for name in _Label.model_fields})
        for label in card.labels
    )
    fields["intended_use"] = card.intended_use.model_dump()
    fields["limits"] = card.limits.model_dump()
    fields["checkpoint"] = card.checkpoint.to_domain() if card.checkpoint else None
    fields["references"] = tuple(
        Reference(image=reference.image.to_domain(), scores=dict(reference.scores))
        for reference in card.references
    )
    if card.proof == "unproven" and proof and proof.holds_for(fields["sha256"]):
        fields["proof"] = "proven"
    return ModelCard(**fields)
