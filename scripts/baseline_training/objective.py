"""What is learned: which findings a film has, and where each one's map lies."""

import numpy as np
import torch
from torch.nn import functional as nn

from baseline_training.augmentation import blur
from baseline_training.films import ANY, GRID, Film


def forward(network: torch.nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, L] and CAMs [N, L, h, w]."""
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
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
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of the scores, and of where the maps point."""
    targets = torch.from_numpy(np.stack([film.targets for film in films]))
    known = (targets >= 0).float()
    entropy = nn.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), pos_weight=weight, reduction="none"
    )
    places = torch.log_softmax(cams.flatten(2), 2)
    side = cams.shape[-1]
    pointing, count = logits.new_zeros(()), 0
    inside = to_cells(prior.expand(len(films), 1, GRID, GRID), grids, side).flatten(1)
    for index, film in enumerate(films):
        for label, cells in film.boxes.items():
            target = to_cells(torch.from_numpy(cells)[None, None], grids[index : index + 1], side)
            if target.sum() > 0:
                pointing = (
                    pointing - 2 * (target.flatten() / target.sum() * places[index, label]).sum()
                )
                count += 2
        for label in np.flatnonzero(film.targets == 1).tolist():
            if label not in film.boxes:
                mass = (places[index, label].exp() * inside[index]).sum()
                pointing = pointing - torch.log(mass + 1e-4)
                count += 1
    return (entropy * known).sum() / known.sum(), pointing / max(1, count)


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
