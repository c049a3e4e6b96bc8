"""What a model says of itself, and where it is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLabel:
    """One output of a model. Thresholds are raw probabilities, 0..1 exclusive."""

    label: str
    operating_point: float
    likely_point: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    """AUC by data set."""
    output: int | None = None
    """Row of the checkpoint's classifier, where the model is made from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A published file: where it lies, the best place first, and how to know it.

    bytes, sha256: None where nobody has published them; then the user gives the hash.
    """

    file: str
    bytes: int | None
    sha256: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A published image and the score of each label that was published for it."""

    image: Download
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a model is, where it comes from and what it may be used for.

    labels: one for each output of the network, in its order.
    likely_rule: what the second threshold means (ppv80 or specificity95).
    bytes, sha256: of the model file; 0 and empty until it is made from its checkpoint.
    proof: were published scores reproduced with this file (proven), not yet (unproven), or
    is it for demonstration?
    intended_use, limits: by language. saw_reference_films: it may have learned from the films that
    it is measured on here.
    """

    name: str
    version: str
    labels: tuple[ModelLabel, ...]
    likely_rule: Literal["ppv80", "specificity95"] | None
    input_size: int
    file: str
    bytes: int
    sha256: str
    precision: Literal["fp32", "int8"]
    proof: Literal["proven", "unproven", "demonstration"]
    licence: str
    source: str
    citation: str
    intended_use: Mapping[str, str]
    limits: Mapping[str, tuple[str, ...]]
    checkpoint: Download | None = None
    references: tuple[Reference, ...] = ()
    saw_reference_films: bool = False
