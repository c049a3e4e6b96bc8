"""The films of each step, prepared ahead by other processes where there are some."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from baseline_training.augmentation import BLURRED, augment
from baseline_training.films import Film, drawing_weights


@dataclass
class Step:
    """films: those drawn; images [N, 1, S, S] in ±1024; grids [N, S, S, 2] that made them."""

    films: list[Film]
    images: torch.Tensor
    grids: torch.Tensor


@dataclass
class Steps(Dataset):
    """A step's films follow from the seed and the step alone.

    side_at: pixels a side of the films of a step.
    """

    films: list[Film]
    size: int
    seed: int
    side_at: Callable[[int], int]
    one_sharpness: bool
    blurred: float = BLURRED

    def __post_init__(self) -> None:
        self.chances = drawing_weights(self.films)

    def __getitem__(self, step: int) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
        """Which films, their images and grids."""
        random = np.random.default_rng((self.seed, step))
        drawn = random.choice(len(self.films), self.size, replace=False, p=self.chances)
        films = [self.films[index] for index in drawn]
        side = self.side_at(step)
        return drawn, *augment(
            films, random, side, one_sharpness=self.one_sharpness, blurred=self.blurred
        )

    def between(self, first: int, last: int, workers: int = 0) -> Iterator[Step]:
        """The steps from `first` to before `last`, in order."""
        loader = DataLoader(
            self,
            batch_size=None,
            sampler=range(first, last),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )
        for drawn, images, grids in loader:
            yield Step([self.films[int(index)] for index in drawn], images, grids)
