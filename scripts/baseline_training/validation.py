"""How good a network is on films that it did not learn from."""

import numpy as np
import torch
from torch.nn import functional as nn

from baseline_training.augmentation import SIZE
from baseline_training.films import ANY, GRID, LABELS, OPACITIES, Film
from baseline_training.objective import forward

ENOUGH = 20  # true films for a label to count in the mean


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks."""
    order = np.argsort(np.concatenate([score[positive], score[~positive]]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n = positive.sum()
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * (len(order) - n)))


def whole(film: Film, side: int = SIZE) -> torch.Tensor:
    """The film as the product prepares it: [1, 1, S, S] in ±1024."""
    grey = torch.from_numpy(film.grey.astype(np.float32))[None, None]
    resized = nn.interpolate(grey, (side, side), mode="bilinear", antialias=True)
    return resized / 255 * 2048 - 1024


def counted_labels(truth: np.ndarray) -> list[int]:
    """Labels of the mean AUC: 20 true films or more, without pneumonia.

    Most films with pneumonia are of one batch, larger and sharper than the others.
    """
    return [
        label
        for label, name in enumerate(LABELS)
        if name != "Pneumonia" and (truth[:, label] == 1).sum() >= ENOUGH
    ]


def quality(result: dict[str, float]) -> float:
    """The one number by which weights are chosen on the validation split."""
    return result["auc"] + 0.3 * result["any"] + 0.1 * result["points"]


@torch.no_grad()
def answers(
    network: torch.nn.Module, films: list[Film], side: int = SIZE
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, L] and maps [N, L, h, w] of whole films."""
    network.eval()
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(films), 32):
        images = torch.cat([whole(film, side) for film in films[start : start + 32]])
        parts.append([part.cpu() for part in forward(network, images.to(device))])
    logits, cams = (torch.cat(part) for part in zip(*parts, strict=True))
    return logits, cams


def scores_of(score: np.ndarray, films: list[Film]) -> dict[str, float]:
    """Mean AUC over the counted labels, and the AUC of any finding, of logits [N, L]."""
    truth = np.stack([film.reported for film in films])
    aucs = {
        LABELS[label]: auc(score[:, label], truth[:, label] == 1) for label in counted_labels(truth)
    }
    mean = float(np.mean(list(aucs.values()))) if aucs else 0.0
    return {"auc": mean, "any": auc(score[:, ANY], truth[:, ANY] == 1)} | aucs


def pointing(cams: torch.Tensor, films: list[Film]) -> dict[str, float]:
    """How often the peak of a map [N, L, h, w] is in a radiologist's box.

    points: of all boxed films and labels; chance: how much of a film its boxes cover.
    """
    hits, chances = [], []
    for film, maps in zip(films, cams, strict=True):
        for label, cells in film.boxes.items():
            large = nn.interpolate(maps[None, label : label + 1], (GRID, GRID), mode="bicubic")
            hits.append((label, cells.flat[int(large.argmax())]))
            chances.append(cells.mean())
    result = {}
    for label in (*OPACITIES, ANY):
        found = [hit for which, hit in hits if which == label]
        result[f"points_{label}"] = float(np.mean(found)) if found else 0.0
    result["points"] = float(np.mean([hit for _, hit in hits] or [0.0]))
    return result | {"chance": float(np.mean(chances or [0.0]))}


def validate(network: torch.nn.Module, films: list[Film], side: int = SIZE) -> dict[str, float]:
    """AUCs of a network's scores and how well its maps point, on films of `side` pixels."""
    logits, cams = answers(network, films, side)
    return scores_of(logits.numpy(), films) | pointing(cams, films)
