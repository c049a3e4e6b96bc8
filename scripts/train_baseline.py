"""Train the baseline on NIH ChestX-ray14 films, with radiologists' boxes for its maps.

    python scripts/train_baseline.py --data DIR --out DIR [--start FILE] [--steps N]
        [--seed N] [--teachers SIDE=FILE ...] [--device cuda]

DIR holds labels.csv, images_128.tar, images_256.tar and warm_start.pt. Batch, augmentation
and schedule of a step follow from the seed and the step alone, so a run that was stopped
goes on from its checkpoint as if it had not been. Films of people under 15 years are left
out. Needs the group parity.

With teachers (scripts/train_teacher.py; an earlier baseline can be one) the network also learns
their mean answer to the same augmented films:

    python scripts/train_baseline.py --data DIR --out OUT --start models/nih-baseline/model.onnx
        --teachers 128=models/nih-baseline/model.onnx 160=A.pt 160=B.pt --one-sharpness
        --rate 4e-4 --entropy 0.5

Ends with OUT/best.pt, the state_dict of the averaged weights that did best on the validation
split by `quality` in baseline_training/validation.py: mean AUC + 0.3 × AUC of any finding +
0.1 × pointing. The test split is never read here.
"""

import argparse
from functools import partial
from pathlib import Path

import torch

from baseline_training.augmentation import SIZE, side_at
from baseline_training.densenet import read_network
from baseline_training.films import read_films
from baseline_training.objective import box_prior, forward, loss_of
from baseline_training.run import State, add_arguments, positive_weights, run
from baseline_training.steps import Step, Steps
from baseline_training.teachers import distillation, mean_logits, read_teacher

BATCH = 24


def train(arguments: argparse.Namespace) -> None:
    films, validation = (read_films(arguments.data, split) for split in ("train", "val"))
    prior, weight = box_prior(films), positive_weights(films).to(arguments.device)
    start = arguments.start or arguments.data / "warm_start.pt"
    state = State.at_the_start(lambda: read_network(start, films), arguments.device)
    teachers = [
        (side, network.to(arguments.device))
        for side, network in (read_teacher(name, films) for name in arguments.teachers)
    ]

    def parts_of(drawn: Step) -> dict[str, torch.Tensor]:
        images = drawn.images.to(arguments.device)
        logits, cams = forward(state.network, images)
        entropy, pointing = loss_of(logits, cams, drawn.films, drawn.grids, prior, weight)
        parts = {"entropy": entropy, "pointing": pointing}
        if teachers:
            parts["distillation"] = distillation(logits, mean_logits(teachers, images))
        return parts

    side_of_step = partial(side_at, steps=arguments.steps, sides=arguments.sides)
    steps = Steps(films, BATCH, arguments.seed, side_of_step, arguments.one_sharpness)
    run(state, steps, parts_of, validation, arguments, SIZE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser, steps=3000, rate=1e-3, clip=5.0)
    parser.add_argument("--start", type=Path, help="weights to begin from (DIR/warm_start.pt)")
    parser.add_argument("--teachers", nargs="*", default=[], metavar="SIDE=FILE")
    parser.add_argument("--entropy", type=float, default=1.0, help="weight of the labels' loss")
    parser.add_argument("--distillation", type=float, default=1.0, help="weight of the teachers'")
    parser.add_argument("--one-sharpness", action="store_true", help="of large and small films")
    parser.add_argument(
        "--sides", type=side_of, nargs="+", metavar="SHARE=SIDE", help="which films from when on"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train(arguments)


def side_of(argument: str) -> tuple[float, int]:
    """SHARE=SIDE: from this share of the steps on, films of so many pixels a side."""
    share, _, side = argument.partition("=")
    return float(share), int(side)


if __name__ == "__main__":
    main()
