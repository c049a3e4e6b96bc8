"""Average the weights of networks that began from the same ones, each with its share.

    python scripts/average_weights.py 0.4=A.pt 0.3=B.pt 0.3=C.pt --out MEAN.pt [--data DIR]

A file is a state_dict, a checkpoint of scripts/train_baseline.py, of which the averaged weights
are taken, or the exported model.onnx that a run began from (which needs --data). Shares are
divided by their sum. With --data the mean is validated on the validation split, so that shares
can be chosen. Needs the group parity.
"""

import argparse
import json
from pathlib import Path

import torch

from baseline_training.densenet import new_network, read_network
from baseline_training.films import Film, read_films
from baseline_training.validation import validate

Weights = dict[str, torch.Tensor]


def read_weights(file: Path, films: list[Film]) -> Weights:
    """A state_dict, the averaged weights of a checkpoint, or what an export began from."""
    if file.suffix == ".onnx":
        return read_network(file, films).state_dict()
    state = torch.load(file, map_location="cpu", weights_only=True)
    return state.get("average", state)


def mean_of(parts: list[tuple[float, Weights]]) -> Weights:
    """The mean by shares; counters are the first one's."""
    total = sum(share for share, _ in parts)
    first = parts[0][1]
    return {
        name: sum(share / total * weights[name] for share, weights in parts)
        if value.is_floating_point()
        else value
        for name, value in first.items()
    }


def part_of(argument: str) -> tuple[float, Path]:
    """SHARE=FILE."""
    share, _, file = argument.partition("=")
    return float(share), Path(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", type=part_of, metavar="SHARE=FILE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="validate the mean on the films in DIR")
    arguments = parser.parse_args()
    films = read_films(arguments.data, "train") if arguments.data else []
    mean = mean_of([(share, read_weights(file, films)) for share, file in arguments.parts])
    torch.save(mean, arguments.out)
    if arguments.data:
        network = new_network()
        network.load_state_dict(mean, strict=False)
        print(json.dumps(validate(network, read_films(arguments.data, "val"))))


if __name__ == "__main__":
    main()
