"""The document of an assessment: JSON and one array, and back.

It crosses pipes, lies in stores, and holds all that is needed to draw the result again. Its
fields are those of the domain's own types, with their meaning and units. The model card
travels apart: it is the same for every result of a model.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, TypeAdapter

from cxr_triage.domain import F32, Assessment, Finding, ModelCard, Result, Score, read_only
from cxr_triage.domain.result import meaning

FORMAT: Final = 2
"""Grows when an older reader would misunderstand a document; not with a field with a default.

1: as 2, without the number.
"""


class FormatTooNew(ValueError):
    """A document that a newer version made."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document(Result):
    """An assessment without its card and its maps."""

    format: int = field(default=1, metadata=meaning("Of this document."))
    findings: tuple[Score, ...] = field(metadata=meaning("Flagged first, by level and margin."))


class _Format(BaseModel):
    format: int = 1


DOCUMENT: Final = TypeAdapter(Document)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packed:
    """document: JSON. maps: f32 [2, L, h, w], each finding's cam, then each one's evidence."""

    document: bytes = field(repr=False)
    maps: F32 = field(repr=False)


def pack(assessment: Assessment) -> Packed:
    """Everything but the model card."""
    document = Document(
        format=FORMAT,
        findings=tuple(Score(**values_of(one, Score)) for one in assessment.findings),
        **values_of(assessment, Result),
    )
    maps = np.zeros((2, 0, 1, 1), np.float32)
    if found := assessment.findings:
        maps = np.stack([[one.cam for one in found], [one.evidence for one in found]])
    return Packed(document=DOCUMENT.dump_json(document), maps=maps)


def unpack(packed: Packed, model: ModelCard) -> Assessment:
    """What was packed, now or by an older version.

    Raises ValueError if it is no assessment, or its maps do not fit; FormatTooNew.
    """
    document = read_document(packed.document)
    if packed.maps.ndim != 4 or packed.maps.shape[:2] != (2, len(document.findings)):
        raise ValueError("the maps are not those of the findings")
    cams, evidence = read_only(packed.maps)
    findings = tuple(
        Finding(**values_of(one, Score), cam=cam, evidence=map_)
        for one, cam, map_ in zip(document.findings, cams, evidence, strict=True)
    )
    return Assessment(findings=findings, model=model, **values_of(document, Result))


def read_document(text: bytes | str) -> Document:
    """A document of any format so far. Raises ValueError if it is none; FormatTooNew."""
    try:
        document = DOCUMENT.validate_json(text)
    except ValueError:
        _check_format(_Format.model_validate_json(text).format)
        raise
    _check_format(document.format)
    return document


def _check_format(number: int) -> None:
    if number > FORMAT:
        raise FormatTooNew(f"a document of format {number}; this version reads up to {FORMAT}")


def values_of(record: object, of: type) -> dict[str, Any]:
    """The fields of a dataclass `of` that a record has too, by name."""
    return {one.name: getattr(record, one.name) for one in fields(of)}
