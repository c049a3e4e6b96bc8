"""A model's card: `card.json` beside `model.onnx`, checked before anything is loaded."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxr_triage.domain import ModelCard, ModelLabel
from cxr_triage.errors import ModelError
from cxr_triage.labels import LABELS

CARD_FILE = "card.json"

Probability = Annotated[float, Field(gt=0, lt=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Bilingual(_Strict):
    en: str = Field(min_length=1)
    vi: str = Field(min_length=1)


class _BilingualList(_Strict):
    en: tuple[str, ...]
    vi: tuple[str, ...]


class _Label(_Strict):
    label: str
    operating_point: Probability
    likely_point: Probability | None = None
    evidence: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}

    @model_validator(mode="after")
    def _known_and_ordered(self) -> "_Label":
        if self.label not in LABELS:
            raise ValueError(f"unknown label {self.label!r}")
        if self.likely_point is not None and self.likely_point < self.operating_point:
            raise ValueError(f"{self.label}: the likely point lies under the operating point")
        return self


class _Card(_Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    version: str = Field(min_length=1, max_length=32)
    labels: tuple[_Label, ...] = Field(min_length=1)
    likely_rule: Literal["ppv80", "specificity95"] | None = None
    input_size: int = Field(ge=64, le=1024)
    file: str = Field(default="model.onnx", pattern=r"^[A-Za-z0-9_-]+\.onnx$")
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    precision: Literal["fp32", "int8"]
    proof: Literal["proven", "unproven", "demonstration"]
    licence: str
    source: str
    citation: str
    intended_use: _Bilingual
    limits: _BilingualList

    @model_validator(mode="after")
    def _each_label_once(self) -> "_Card":
        names = [label.label for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError("a label stands twice")
        return self


def read_card(folder: Path) -> ModelCard:
    """The card in `folder`.

    Raises ModelError `card_missing` or `card_invalid` (naming the field that is wrong).
    """
    try:
        text = (folder / CARD_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ModelError("card_missing") from None
    try:
        card = _Card.model_validate(json.loads(text))
    except json.JSONDecodeError as problem:
        raise ModelError("card_invalid", field=f"line {problem.lineno}") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "card"
        raise ModelError("card_invalid", field=f"{where}: {first['msg']}") from None
    return _to_domain(card)


def _to_domain(card: _Card) -> ModelCard:
    fields = {name: getattr(card, name) for name in _Card.model_fields}
    fields["labels"] = tuple(
        ModelLabel(
            label=label.label,
            operating_point=label.operating_point,
            likely_point=label.likely_point,
            evidence=dict(label.evidence),
        )
        for label in card.labels
    )
    fields["intended_use"] = card.intended_use.model_dump()
    fields["limits"] = card.limits.model_dump()
    return ModelCard(**fields)
