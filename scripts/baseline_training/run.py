"""A training run: what it keeps between two steps, how it goes on, and which weights it keeps."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from baseline_training.augmentation import SIZE
from baseline_training.films import Film
from baseline_training.steps import Step, Steps
from baseline_training.validation import quality, validate

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
    def at_the_start(
        cls, make: Callable[[], torch.nn.Module], device: str = "cpu", weight_decay: float = 0.05
    ) -> "State":
        """Step 0; `make` gives the network, twice."""
        network, average = (
            make().to(device=device, memory_format=torch.channels_last) for _ in "ab"
        )
        average.load_state_dict(network.state_dict())
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=weight_decay)
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
        saved = torch.load(file, map_location="cpu", weights_only=True)
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


@torch.no_grad()
def follow(average: torch.nn.Module, network: torch.nn.Module, ema: float) -> None:
    """Move the averaged weights a little towards the network's."""
    ours, theirs = average.state_dict(), network.state_dict()
    for name, value in ours.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - ema)
        else:
            value.copy_(theirs[name])


def run(
    state: State,
    steps: Steps,
    loss_of: Callable[[Step], dict[str, torch.Tensor]],
    validation: list[Film],
    arguments: argparse.Namespace,
    side: int = SIZE,
) -> None:
    """Go on from OUT's checkpoint to the last step; `loss_of(films)` gives the parts of the loss.

    A part's weight is the argument of its name, 1 where there is none.
    """
    checkpoint = arguments.out / "checkpoint.pt"
    arguments.out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        state.load(checkpoint)
    print(len(steps.films), "films to train on,", len(validation), "to validate on", flush=True)
    if not state.step:
        print(json.dumps({"step": 0} | validate(state.average, validation, side)), flush=True)
    began, first = time.monotonic(), state.step
    last = arguments.steps if arguments.stop is None else arguments.stop
    for step, drawn in enumerate(steps.between(first, last, arguments.workers), first):
        torch.manual_seed(arguments.seed * 1_000_003 + step)  # of what the network drops
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate)
        state.network.train()
        parts = loss_of(drawn)
        state.optimizer.zero_grad()
        sum(getattr(arguments, name, 1.0) * part for name, part in parts.items()).backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), arguments.clip)
        state.optimizer.step()
        follow(state.average, state.network, arguments.ema)
        state.step = step + 1
        if state.step % 20 == 0:
            pace = (time.monotonic() - began) / (state.step - first)
            said = " ".join(f"{name} {float(part.detach()):.4f}" for name, part in parts.items())
            print(state.step, said, f"{pace:.2f} s/step", flush=True)
        if state.step % arguments.every == 0 or state.step == last:
            look(state, validation, arguments.out / "best.pt", side)
            state.save(checkpoint)


def look(state: State, validation: list[Film], best: Path, side: int) -> None:
    """Validate the averaged weights, and keep them if they are the best so far."""
    result = validate(state.average, validation, side)
    print(json.dumps({"step": state.step} | result), flush=True)
    if quality(result) > state.best:
        state.best = quality(result)
        torch.save(state.average.state_dict(), best)


def add_arguments(parser: argparse.ArgumentParser, *, steps: int, rate: float, clip: float) -> None:
    """The options that every run has."""
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--stop", type=int, help="end before the schedule does, at this step")
    parser.add_argument("--every", type=int, default=250, help="steps between validations")
    parser.add_argument("--rate", type=float, default=rate, help="highest learning rate")
    parser.add_argument("--clip", type=float, default=clip, help="largest norm of a gradient")
    parser.add_argument("--pointing", type=float, default=0.1, help="weight of the maps' loss")
    parser.add_argument("--ema", type=float, default=0.995, help="share kept of the average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare films")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
