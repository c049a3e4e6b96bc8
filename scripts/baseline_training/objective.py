"""What is learned: which findings a film has, and where each one's map lies."""

import numpy as np
import torch
from torch.nn import functional as nn

from baseline_training.augmentation import blur
from baseline_training.films import ANY, GRID, Film


def has_bfloat16(device: torch.device) -> bool:
    """Whether bf16 is a gain; a CPU without AVX-512 only imitates it, ten times as slowly."""
    return device.type == "cuda" or "AVX512" in torch.backends.cpu.get_cpu_capability()


def forward(network: torch.nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, L] and CAMs [N, L, h, w]."""
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=has_bfloat16(images.device)):
        features = network.features(images)
    features = torch.relu(features.float())
    cams = nn.conv2d(features, network.classifier.weight[:, :, None, None])
    return cams.mean((2, 3)) + network.classifier.bias, cams


def loss_of(
    logits: torch.Tensor,
    cams: torch.Tensor,
    films: list[Film],
    grids: torch.Tensor,
    prior: torch.Tensor,
    weight: torch.Tensor,
    smoothing: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of the scores, and of where the maps point."""
    targets = torch.from_numpy(np.stack([film.targets for film in films])).to(logits.device)
    known = (targets >= 0).float()
    entropy = nn.binary_cross_entropy_with_logits(
        logits, soften(targets.clamp(min=0), smoothing), pos_weight=weight, reduction="none"
    )
    return (entropy * known).sum() / known.sum(), pointing_loss(cams, films, grids, prior)


def soften(targets: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Targets that leave a little doubt."""
    return targets * (1 - smoothing) + smoothing / 2


def pointing_loss(
    cams: torch.Tensor, films: list[Film], grids: torch.Tensor, prior: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy of where the map of each finding that a film has lies.

    In its boxes where there are any (these count twice), else where boxes lie at all.
    """
    side = cams.shape[-1]
    places = torch.log_softmax(cams.flatten(2), 2)
    boxed, guessed = torch.zeros(places.shape), torch.zeros(places.shape[:2])
    for index, film in enumerate(films):
        guessed[index, np.flatnonzero(film.targets == 1)] = 1
        for label, cells in film.boxes.items():
            target = to_cells(torch.from_numpy(cells)[None, None], grids[index : index + 1], side)
            boxed[index, label] = target.flatten() / target.sum().clamp(min=1e-6)
            guessed[index, label] = 0
    inside = to_cells(prior.expand(len(films), 1, GRID, GRID), grids, side).flatten(1)
    boxed, guessed, inside = (part.to(cams.device) for part in (boxed, guessed, inside))
    mass = torch.log((places.exp() * inside[:, None]).sum(2) + 1e-4)
    count = 2 * boxed.sum() + guessed.sum()
    return -(2 * (boxed * places).sum() + (guessed * mass).sum()) / count.clamp(min=1)


def to_cells(mask_: torch.Tensor, grids: torch.Tensor, side: int) -> torch.Tensor:
    """Masks [N, 1, GRID, GRID] after the augmentation, averaged to [N, 1, side, side]."""
    moved = nn.grid_sample(mask_, grids, padding_mode="zeros", align_corners=False)
    return nn.adaptive_avg_pool2d(moved, side)


def box_prior(films: list[Film]) -> torch.Tensor:
    """Where boxes lie, 0..1 [1, 1, GRID, GRID]: 1 where at least a tenth as often as at the
    commonest place."""
    total = sum(film.boxes[ANY] for film in films if ANY in film.boxes)
    smooth = blur(torch.from_numpy(total)[None, None], 3.0)
    return (smooth / smooth.max() / 0.1).clamp(max=1.0)
