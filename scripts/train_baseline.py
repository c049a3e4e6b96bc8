"""Train the baseline on NIH ChestX-ray14 films, with radiologists' boxes for its maps.

    python scripts/train_baseline.py --data DIR --out DIR [--start FILE] [--steps N]
        [--seed N]

DIR holds labels.csv, images_128.tar, images_256.tar and warm_start.pt. Batch, augmentation
and schedule of a step follow from the seed and the step alone, so a run that was stopped
goes on from its checkpoint as if it had not been. Ends with OUT/best.pt, the state_dict of
the averaged weights that did best on the validation split. Films of people under 15 years
are left out. Needs the group parity.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchxrayvision

from baseline_training.augmentation import augment, side_at
from baseline_training.films import ANY, LABELS, Film, batch_of, drawing_weights, read_films
from baseline_training.objective import box_prior, forward, loss_of
from baseline_training.validation import validate

BATCH = 24
PARTS = ("network", "average", "optimizer")  # of a checkpoint, beside step and best


@dataclass
class State:
    """A run between two steps: the network, its running average, and how far it has come.

    best: the quality of the averaged weights in best.pt.
    """

    network: torch.nn.Module
    average: torch.nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    best: float = -1.0

    @classmethod
    def from_weights(cls, file: Path) -> "State":
        """Step 0, from a state_dict."""
        network, average = (
            torchxrayvision.models.DenseNet(num_classes=len(LABELS) + 1) for _ in "ab"
        )
        network.load_state_dict(torch.load(file, weights_only=True), strict=False)
        network = network.to(memory_format=torch.channels_last)
        average.load_state_dict(network.state_dict())
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
        return cls(network, average, optimizer)

    def save(self, file: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        part = file.with_suffix(".part")
        torch.save(
            {name: getattr(self, name).state_dict() for name in PARTS}
            | {"step": self.step, "best": self.best},
            part,
        )
        part.replace(file)

    def load(self, file: Path) -> None:
        """Go on from a checkpoint."""
        saved = torch.load(file, weights_only=True)
        for name in PARTS:
            getattr(self, name).load_state_dict(saved[name])
        self.step, self.best = saved["step"], saved["best"]


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Warm-up over a twentieth, then a cosine to nothing."""
    warm = max(1, steps // 20)
    if step < warm:
        return peak * (step + 1) / warm
    return float(peak * 0.5 * (1 + np.cos(np.pi * (step - warm) / max(1, steps - warm))))


def positive_weights(films: list[Film]) -> torch.Tensor:
    """How much a film with the finding counts against one without [15]: rare ones more, 1..4."""
    share = np.stack([film.targets == 1 for film in films]).mean(0)
    return torch.tensor(np.clip(np.sqrt(0.05 / np.maximum(share, 1e-4)), 1, 4)).float()


def train(arguments: argparse.Namespace) -> None:
    films, validation = (read_films(arguments.data, split) for split in ("train", "val"))
    chances, prior, weight = drawing_weights(films), box_prior(films), positive_weights(films)
    state = State.from_weights(arguments.start or arguments.data / "warm_start.pt")
    checkpoint = arguments.out / "checkpoint.pt"
    arguments.out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        state.load(checkpoint)
    print(len(films), "films to train on,", len(validation), "to validate on", flush=True)
    if not state.step:
        print(json.dumps({"step": 0} | validate(state.average, validation)), flush=True)
    began, first = time.monotonic(), state.step
    last = arguments.steps if arguments.stop is None else arguments.stop
    for step in range(first, last):
        random = np.random.default_rng((arguments.seed, step))
        batch = batch_of(films, BATCH, chances, random)
        images, grids = augment(batch, random, side_at(step, arguments.steps))
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate)
        state.network.train()
        entropy, pointing = loss_of(*forward(state.network, images), batch, grids, prior, weight)
        state.optimizer.zero_grad()
        (entropy + arguments.pointing * pointing).backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), 5.0)
        state.optimizer.step()
        follow(state.average, state.network, arguments.ema)
        state.step = step + 1
        if state.step % 20 == 0:
            pace = (time.monotonic() - began) / (state.step - first)
            print(state.step, f"{entropy:.4f} {pointing:.3f} {pace:.2f} s/step", flush=True)
        if state.step % arguments.every == 0 or state.step == last:
            look(state, validation, arguments.out / "best.pt")
            state.save(checkpoint)


def look(state: State, validation: list[Film], best: Path) -> None:
    """Validate the averaged weights, and keep them if they are the best so far."""
    result = validate(state.average, validation)
    print(json.dumps({"step": state.step} | result), flush=True)
    quality = result["auc"] + 0.2 * result[f"points_{ANY}"]
    if quality > state.best:
        state.best = quality
        torch.save(state.average.state_dict(), best)


@torch.no_grad()
def follow(average: torch.nn.Module, network: torch.nn.Module, ema: float) -> None:
    """Move the averaged weights a little towards the network's."""
    ours, theirs = average.state_dict(), network.state_dict()
    for name, value in ours.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - ema)
        else:
            value.copy_(theirs[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="state_dict to begin from (DIR/warm_start.pt)")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--stop", type=int, help="end before the schedule does, at this step")
    parser.add_argument("--every", type=int, default=250, help="steps between validations")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--pointing", type=float, default=0.1, help="weight of the maps' loss")
    parser.add_argument("--ema", type=float, default=0.995, help="share kept of the average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train(arguments)


if __name__ == "__main__":
    main()
