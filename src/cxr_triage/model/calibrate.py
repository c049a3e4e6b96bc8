"""From logits to probabilities to scores, and back to where a threshold lies."""

import numpy as np

from cxr_triage.domain import F32

NEARLY_NEVER = 1e-9


def sigmoid(logits: F32) -> F32:
    """Probability of each logit, any shape; stable for large magnitudes."""
    positive = 1.0 / (1.0 + np.exp(-np.abs(logits)))
    return np.where(logits >= 0, positive, 1.0 - positive).astype(np.float32)


def logit(probability: float) -> float:
    """Log-odds of a probability in (0, 1) exclusive."""
    return float(np.log(probability) - np.log1p(-probability))


def calibrate(probability: F32, operating_points: F32) -> F32:
    """Scale probabilities [N, L] so that each label's operating point [L] is 0.5.

    Raises ValueError if the label counts differ.
    Source: torchxrayvision.models.op_norm.
    """
    if probability.shape[-1] != operating_points.shape[-1]:
        raise ValueError(
            f"{probability.shape[-1]} probabilities, {operating_points.shape[-1]} operating points"
        )
    below = probability / (2 * operating_points)
    above = 1 - (1 - probability) / (2 * (1 - operating_points))
    return np.where(probability < operating_points, below, above).astype(np.float32)


def probability_of_score(score: float, operating_point: float) -> float:
    """The raw probability that `calibrate` turns into `score`: its inverse."""
    if score < 0.5:
        return 2 * operating_point * score
    return 1 - 2 * (1 - operating_point) * (1 - score)


def logit_of_score(score: float, operating_point: float) -> float:
    """Log-odds behind a score; ±21 at either end, where no probability is."""
    probability = probability_of_score(score, operating_point)
    return logit(min(max(probability, NEARLY_NEVER), 1 - NEARLY_NEVER))


def score_of_probability(probability: float, operating_point: float) -> float:
    """`calibrate` for one number."""
    scaled = calibrate(
        np.asarray([probability], np.float32), np.asarray([operating_point], np.float32)
    )
    return float(scaled[0])
