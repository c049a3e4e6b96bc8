"""The learned gate's network: `gate.json` beside `model.onnx`, one look at a whole image.

Contract: `image` f32 [N, 1, S, S] in ±1024, letterboxed → logits `chest` [N], `turn` [N, 4],
`inverted` [N], `mirrored` [N], `field` [N, 3]. Its thresholds live in the policy.
"""

from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from cxr_triage.domain import F32, Sight
from cxr_triage.errors import ModelError
from cxr_triage.model.calibrate import sigmoid
from cxr_triage.model.card import Bilingual, BilingualList, Sha256, Strict, read_checked_json
from cxr_triage.model.inference_session import load_inference_session, read_checked

GATE_FILE: Final = "gate.json"
OUTPUTS: Final = {"chest": 1, "turn": 4, "inverted": 1, "mirrored": 1, "field": 3}
"""Values of each output for one image."""


class GateCard(Strict):
    """What `gate.json` says of the network; `limits` by language."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    version: str = Field(min_length=1, max_length=32)
    input_size: int = Field(ge=32, le=512)
    file: str = Field(default="model.onnx", pattern=r"^[A-Za-z0-9_-]+\.onnx$")
    bytes: Annotated[int, Field(gt=0)]
    sha256: Sha256
    licence: str
    source: str
    citation: str
    intended_use: Bilingual
    limits: BilingualList


class GateModel:
    """One loaded network. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError: `card_missing`, `card_invalid`, or as `Engine` for its file.

        It runs on one thread: it is too small for more.
        """
        self.card = read_gate_card(folder)
        content = read_checked(
            folder / self.card.file, self.card.bytes, self.card.sha256, name=self.card.name
        )
        self._session = load_inference_session(content, threads=1)
        size = self.card.input_size
        inputs = {node.name: node.shape[1:] for node in self._session.get_inputs()}
        if inputs != {"image": [1, size, size]} or set(OUTPUTS) != {
            node.name for node in self._session.get_outputs()
        }:
            raise ModelError("model_contract", name=self.card.name)

    def look(self, image: F32) -> Sight:
        """image: f32 [1, S, S], the whole of it, letterboxed, in ±1024.

        Raises ModelError `model_contract` or `model_not_finite`.
        """
        arrays = self._session.run(list(OUTPUTS), {"image": image[np.newaxis]})
        logits = {name: np.ravel(a) for name, a in zip(OUTPUTS, arrays, strict=True)}
        if any(len(logits[name]) != count for name, count in OUTPUTS.items()):
            raise ModelError("model_contract", name=self.card.name)
        if not all(np.isfinite(values).all() for values in logits.values()):
            raise ModelError("model_not_finite")
        upright, left, down, right = _softmax(logits["turn"])
        whole, cut_off, tiny = _softmax(logits["field"])
        return Sight(
            chest=float(sigmoid(logits["chest"])[0]),
            turn=(upright, left, down, right),
            inverted=float(sigmoid(logits["inverted"])[0]),
            mirrored=float(sigmoid(logits["mirrored"])[0]),
            field=(whole, cut_off, tiny),
        )


def read_gate_card(folder: Path) -> GateCard:
    """The card in `folder`. Raises ModelError `card_missing` or `card_invalid`."""
    return read_checked_json(folder / GATE_FILE, GateCard)


def _softmax(logits: F32) -> list[float]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return [float(share) for share in powers / powers.sum()]
