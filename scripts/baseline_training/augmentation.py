"""Films as other machines and other patients' positions would give them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as nn

from baseline_training.films import Film

SIZE = 224
SMALL = 128  # pixels a side of most films
BLURRED = 0.6
SIDES = ((0.0, 128), (0.55, 160), (0.75, SIZE))
"""From which share of the steps on, films have which side: small ones are learned from fast."""


def side_at(step: int, steps: int, sides: Sequence[tuple[float, int]] | None = None) -> int:
    """Pixels a side of the films of this step."""
    return [side for share, side in sides or SIDES if step >= share * steps][-1]


def augment(
    films: list[Film],
    random: np.random.Generator,
    side: int = SIZE,
    *,
    one_sharpness: bool = False,
    blurred: float = BLURRED,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [N, 1, S, S] in ±1024 and the grids [N, S, S, 2] that made them.

    one_sharpness: take from the larger films what the small ones have, so that nothing can be
    learned from which is which (nearly all films with pneumonia are large ones).
    blurred: the share of films that are blurred.
    """
    images, grids = [], []
    for film in films:
        grey = torch.from_numpy(film.grey.astype(np.float32) / 255)[None, None]
        if one_sharpness:
            grey = sharpen(as_small(grey, random), random)
        if random.random() < blurred:
            grey = blur(grey, random.uniform(0.3, 1.1) * grey.shape[-1] / 128)
        if side < grey.shape[-1]:  # enough smoothing for the largest scale below
            grey = blur(grey, 0.5 * grey.shape[-1] / side)
        grid = affine_grid(random, side)
        image = nn.grid_sample(grey, grid, padding_mode="reflection", align_corners=False)
        images.append(hide(tone(image, random), random))
        grids.append(grid)
    return torch.cat(images) * 2048 - 1024, torch.cat(grids)


def as_small(grey: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Every second pixel of a 256 px film, as the 128 px films were made: without smoothing."""
    if grey.shape[-1] <= SMALL:
        return grey
    top, left = random.integers(0, 2, 2)
    return grey[..., top::2, left::2]


def sharpen(grey: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """One film in four with its edges raised, as full-size films have them."""
    if random.random() < 0.25:
        grey = (grey + random.uniform(0.2, 1.0) * (grey - blur(grey, 1.0))).clamp(0, 1)
    return grey


def affine_grid(random: np.random.Generator, side: int) -> torch.Tensor:
    """Rotation to 12°, scale to 15 %, shift to 10 %."""
    angle = np.deg2rad(random.uniform(-12, 12))
    scale = np.exp(random.uniform(-0.15, 0.15))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    shift = random.uniform(-0.1, 0.1, 2)
    theta = torch.tensor([[[cos, -sin, shift[0]], [sin, cos, shift[1]]]], dtype=torch.float32)
    return nn.affine_grid(theta, [1, 1, side, side], align_corners=False)


def blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian, in pixels."""
    radius = max(1, int(3 * sigma))
    line = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    line = (line / line.sum())[None, None]
    padded = nn.pad(image, [radius] * 4, mode="reflect")
    return nn.conv2d(nn.conv2d(padded, line[..., None, :]), line[..., :, None])


def tone(image: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Contrast, brightness, gamma and noise."""
    image = (image - 0.5) * random.uniform(0.75, 1.3) + 0.5 + random.uniform(-0.1, 0.1)
    image = image.clamp(0, 1) ** np.exp(random.uniform(-0.3, 0.3))
    noise = torch.from_numpy(random.standard_normal(image.shape, np.float32))
    return (image + noise * random.uniform(0, 0.03)).clamp(0, 1)


def hide(image: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """One film in two with a grey patch, 8 to 30 % of a side, so that no place decides alone."""
    if random.random() < 0.5:
        side = image.shape[-1]
        height, width = (random.uniform(0.08, 0.3, 2) * side).astype(int)
        top, left = random.integers(0, side - height), random.integers(0, side - width)
        image[..., top : top + height, left : left + width] = random.uniform(0, 1)
    return image
