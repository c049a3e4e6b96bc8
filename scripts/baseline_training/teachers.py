"""What teachers say of augmented films, and how far a student is from it."""

from pathlib import Path

import torch
from torch.nn import functional as nn

from baseline_training.films import Film
from baseline_training.objective import forward

TEMPERATURE = 2.0

Teacher = tuple[int, torch.nn.Module]
"""Pixels a side of its films, and the network."""


def read_teacher(argument: str, films: list[Film]) -> Teacher:
    """SIDE=FILE: a teacher's .pt (EfficientNet-Lite0), or a DenseNet's .pt or .onnx."""
    side, _, name = argument.partition("=")
    file = Path(name)
    if file.suffix == ".pt" and is_lite(file):
        from baseline_training import lite  # noqa: PLC0415 - the packages that only teachers need

        return int(side), lite.from_file(file)
    from baseline_training import densenet  # noqa: PLC0415 - beside it

    return int(side), densenet.read_network(file, films).eval()


def is_lite(file: Path) -> bool:
    """Whether a state_dict is of an EfficientNet."""
    return "_conv_stem.weight" in torch.load(file, map_location="cpu", weights_only=True)


@torch.no_grad()
def mean_logits(teachers: list[Teacher], images: torch.Tensor) -> torch.Tensor:
    """The teachers' mean logits [N, L] of the images that the student sees, at their sides."""
    answers = []
    for side, network in teachers:
        seen = images
        if side != images.shape[-1]:
            seen = nn.interpolate(images, (side, side), mode="bilinear", antialias=True)
        answers.append(forward(network, seen)[0])
    return torch.stack(answers).mean(0)


def distillation(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross-entropy to the softened answers, less what it is at best."""
    soft = torch.sigmoid(wanted / TEMPERATURE)
    entropy = nn.binary_cross_entropy_with_logits(logits / TEMPERATURE, soft)
    least = nn.binary_cross_entropy(soft, soft)
    return TEMPERATURE**2 * (entropy - least)
