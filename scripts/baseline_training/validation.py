"""How good a network is on films that it did not learn from."""

import numpy as np
import torch
from torch.nn import functional as nn

from baseline_training.augmentation import SIZE
from baseline_training.films import ANY, GRID, LABELS, OPACITIES, Film
from baseline_training.objective import forward


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks."""
    order = np.argsort(np.concatenate([score[positive], score[~positive]]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n = positive.sum()
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * (len(order) - n)))


def whole(film: Film) -> torch.Tensor:
    """The film as the product prepares it: [1, 1, S, S] in ±1024."""
    grey = torch.from_numpy(film.grey.astype(np.float32))[None, None]
    resized = nn.interpolate(grey, (SIZE, SIZE), mode="bilinear", antialias=True)
    return resized / 255 * 2048 - 1024


@torch.no_grad()
def validate(network: torch.nn.Module, films: list[Film]) -> dict[str, float]:
    """Mean AUC over labels with 10 positives or more; how often a map's peak is in a box."""
    network.eval()
    scores, hits, chances = [], [], []
    for start in range(0, len(films), 32):
        batch = films[start : start + 32]
        logits, cams = forward(network, torch.cat([whole(film) for film in batch]))
        scores.append(logits.numpy())
        for film, maps in zip(batch, cams, strict=True):
            for label, cells in film.boxes.items():
                large = nn.interpolate(maps[None, label : label + 1], (GRID, GRID), mode="bicubic")
                hits.append((label, cells.flat[int(large.argmax())]))
                chances.append(cells.mean())
    score, truth = np.concatenate(scores), np.stack([film.reported for film in films])
    enough = [label for label in range(len(LABELS)) if (truth[:, label] == 1).sum() >= 10]
    aucs = [auc(score[:, label], truth[:, label] == 1) for label in enough]
    result = {"auc": float(np.mean(aucs)), "any": auc(score[:, ANY], truth[:, ANY] == 1)}
    for label in (*OPACITIES, ANY):
        found = [hit for which, hit in hits if which == label]
        result[f"points_{label}"] = float(np.mean(found)) if found else 0.0
    return result | {"chance": float(np.mean(chances or [0.0]))}
