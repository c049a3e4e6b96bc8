"""Assessments and model cards as columns, and back: what comes out is what was kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from cxr_triage.domain import PRIORITIES, Assessment, ModelCard
from cxr_triage.result.document import Packed, pack, unpack

_CARD = TypeAdapter(ModelCard)


def to_json(value: object) -> str:
    """Compact ASCII. Raises ValueError for what is not a finite number."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def card_row(card: ModelCard) -> dict[str, str]:
    """Columns of `models`."""
    text = to_json(asdict(card))
    return {"id": card_id(text), "card": text}


def card_id(text: str) -> str:
    """Of a card's JSON."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=16)
def card_of(text: str) -> ModelCard:
    """A model's card from its JSON."""
    return _CARD.validate_json(text)


def assessment_row(assessment: Assessment) -> dict[str, Any]:
    """Columns of `assessments` that the assessment itself fills."""
    packed = pack(assessment)
    return {
        "id": assessment.id,
        "digest": assessment.digest,
        "fingerprint": assessment.fingerprint,
        "outcome": assessment.outcome,
        "priority_rank": PRIORITIES.index(assessment.priority),
        "band": assessment.band,
        "document": packed.document.decode(),
        "maps_shape": to_json(packed.maps.shape),
        "maps": packed.maps.astype("<f4").tobytes(),
    }


def assessment_of(row: Mapping[str, Any], card: ModelCard) -> Assessment:
    """The assessment that a row of `assessments` holds."""
    shape = json.loads(row["maps_shape"])
    maps = np.frombuffer(row["maps"], "<f4").astype(np.float32).reshape(shape)
    return unpack(Packed(document=row["document"].encode(), maps=maps), card)
