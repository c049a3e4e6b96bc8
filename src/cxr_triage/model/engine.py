"""Runs a model file on ONNX Runtime: prepared images in, logits, maps and embeddings out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from cxr_triage.domain import F32, ModelCard, Prepared, read_only
from cxr_triage.errors import ModelError
from cxr_triage.model.card import read_card
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.model.inference_session import load_inference_session, read_checked

OUTPUTS = ("logits", "cams", "embedding")
MAX_BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outputs:
    """Of one image. logits: f32 [L]. cams: f32 [L, h, w]. embedding: f32 [E].

    The cams lie on the image as it came, also where it was turned before it was scored.
    mean(cams) + bias is the logit, for each label.
    """

    logits: F32
    cams: F32
    embedding: F32


class Engine:
    """One loaded model. Safe to call from several threads.

    The file is hashed as it is read and never opened again: what was checked is what runs.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load `folder`/card.json and its model. `threads` 0: every CPU that may be used.

        Raises ModelError: `model_missing`, `model_altered` (size or SHA-256 differs from
        the card), `model_unloadable`, `model_contract` (inputs or outputs differ).
        """
        self.folder = folder
        self.card = read_card(folder)
        self.threads = threads or usable_cpus()
        content = read_checked(
            folder / self.card.file, self.card.bytes, self.card.sha256, name=self.card.name
        )
        self._session = load_inference_session(content, self.threads)
        _check_contract(self._session, self.card)

    def run(self, prepared: Sequence[Prepared]) -> list[Outputs]:
        """Outputs of each image, in order; at most `MAX_BATCH` at a time in memory.

        Raises ModelError `model_not_finite` if the network returns NaN or infinity.
        """
        starts = range(0, len(prepared), MAX_BATCH)
        batches = [prepared[start : start + MAX_BATCH] for start in starts]
        return [outputs for batch in batches for outputs in self._run_batch(batch)]

    def _run_batch(self, batch: Sequence[Prepared]) -> list[Outputs]:
        tensor = np.stack([image.tensor for image in batch])
        logits, cams, embedding = self._session.run(OUTPUTS, {"image": tensor})
        if not (np.isfinite(logits).all() and np.isfinite(cams).all()):
            raise ModelError("model_not_finite")
        return [
            Outputs(
                logits=read_only(logits[i]),
                cams=read_only(np.rot90(cams[i], batch[i].quarter_turns, (1, 2))),
                embedding=read_only(embedding[i]),
            )
            for i in range(len(batch))
        ]


def _check_contract(session: onnxruntime.InferenceSession, card: ModelCard) -> None:
    inputs = {node.name: (node.type, node.shape[1:]) for node in session.get_inputs()}
    size = card.input_size
    if inputs != {"image": ("tensor(float)", [1, size, size])}:
        raise ModelError("model_contract", name=card.name)
    outputs = {node.name: node.shape for node in session.get_outputs()}
    if set(outputs) != set(OUTPUTS) or outputs["logits"][1] != len(card.labels):
        raise ModelError("model_contract", name=card.name)
