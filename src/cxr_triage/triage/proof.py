"""Proves a model on this machine: its published scores, reproduced by our whole path."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from cxr_triage.domain import F32, PREPROCESSING_VERSION, Reference
from cxr_triage.imaging.decoding.pool import Decoder, DecoderPool
from cxr_triage.imaging.limits import Limits
from cxr_triage.imaging.prepare import prepare
from cxr_triage.imaging.source import open_image
from cxr_triage.model.calibrate import calibrate, sigmoid
from cxr_triage.model.card import Proof
from cxr_triage.model.engine import Engine

TOLERANCE: Final = 0.01
"""Of a score. The published ones were made with other versions of the same libraries."""


def prove(engine: Engine, images: Sequence[tuple[Reference, bytes]]) -> Proof:
    """Score the reference images and compare each published score.

    Raises ImageError if an image cannot be read, ModelError if the model fails.
    """
    with DecoderPool(workers=1) as decoder:
        deviations = {
            reference.image.file: _deviation(engine, reference, image, decoder)
            for reference, image in images
        }
    return Proof(
        sha256=engine.card.sha256,
        preprocessing=PREPROCESSING_VERSION,
        passed=max(deviations.values()) <= TOLERANCE,
        scores=sum(len(reference.scores) for reference, _ in images),
        deviations={name: round(value, 6) for name, value in deviations.items()},
        tolerance=TOLERANCE,
        proven_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def scores_of(engine: Engine, image: bytes, decoder: Decoder) -> dict[str, float]:
    """The score of each label of one image, whatever the gate would say of it."""
    radiograph = open_image(image, Limits()).decode(decoder)
    prepared = prepare(radiograph.pixels, engine.card.input_size)
    logits = engine.run([prepared])[0].logits
    labels = engine.card.labels
    points: F32 = np.asarray([label.operating_point for label in labels], np.float32)
    scores = calibrate(sigmoid(logits), points)
    return {label.label: float(score) for label, score in zip(labels, scores, strict=True)}


def _deviation(engine: Engine, reference: Reference, image: bytes, decoder: Decoder) -> float:
    """The largest over the published labels; 1 for a label that the model does not have."""
    ours = scores_of(engine, image, decoder)
    published = reference.scores.items()
    return max(abs(ours[label] - score) if label in ours else 1.0 for label, score in published)
