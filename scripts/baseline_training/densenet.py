"""The baseline's DenseNet-121, from a state_dict or from the ONNX file that was shipped."""

import re
from pathlib import Path

import numpy as np
import onnx
import torch
import torchxrayvision
from onnx import numpy_helper

from baseline_training.films import ANY, LABELS, Film
from baseline_training.validation import whole

SHOWN, SHOWN_SIDE = 96, 160  # films that tell the statistics of norms that an export folded
NORM_AFTER = {"conv0": "norm0", "conv1": "norm2"}
"""Which norm of a dense layer was folded into which convolution."""


def new_network() -> torch.nn.Module:
    """Fourteen labels, then any finding."""
    return torchxrayvision.models.DenseNet(weights=None, num_classes=len(LABELS) + 1)


def read_network(file: Path, films: list[Film]) -> torch.nn.Module:
    """A network from a .pt (state_dict, or checkpoint: its averaged weights) or an .onnx."""
    if file.suffix == ".onnx":
        return from_onnx(file, films)
    network = new_network()
    state = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(state.get("average", state), strict=False)
    return network


def from_onnx(file: Path, films: list[Film]) -> torch.nn.Module:
    """The network behind an exported file, ready to learn on.

    The export folds norms into the convolutions before them. Here each gets its norm back, with
    the statistics that some of `films` give: the answers are the file's, and training can go on.
    A file without the output for any finding gets one: the mean of the others'.
    """
    network = new_network()
    network.load_state_dict(unfolded(file, network), strict=False)
    shown = films[:: max(1, len(films) // SHOWN)]
    remember_statistics(network, torch.cat([whole(film, SHOWN_SIDE) for film in shown]))
    return network.eval()


def unfolded(file: Path, network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A state_dict in which the norms that were folded only add their bias."""
    graph = onnx.load(file).graph
    values = {
        tensor.name: torch.from_numpy(np.array(numpy_helper.to_array(tensor)))
        for tensor in graph.initializer
    }
    state = {name: value for name, value in values.items() if name in network.state_dict()}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3:
            path = node.output[0].strip("/").rsplit("/", 1)[0].replace("/", ".")
            state |= with_norm(path, values[node.input[1]], values[node.input[2]])
    weight, bias = values["classifier.weight"][:, :, 0, 0], values["bias"]
    if len(weight) == ANY:
        weight = torch.cat([weight, 2 * weight.mean(0, keepdim=True)])
        bias = torch.cat([bias, 2 * bias.mean()[None] + 5])
    return state | {"classifier.weight": weight, "classifier.bias": bias}


def with_norm(path: str, weight: torch.Tensor, bias: torch.Tensor) -> dict[str, torch.Tensor]:
    """A folded convolution, and the norm after it as one that only adds the bias."""
    norm = re.sub(r"conv\d$", lambda found: NORM_AFTER[found.group()], path)
    ones = torch.ones_like(bias)
    return {
        f"{path}.weight": weight,
        f"{norm}.weight": ones,
        f"{norm}.bias": bias,
        f"{norm}.running_mean": 0 * ones,
        f"{norm}.running_var": ones - torch.nn.BatchNorm2d(1).eps,
    }


@torch.no_grad()
def remember_statistics(network: torch.nn.Module, images: torch.Tensor) -> None:
    """Give each folded norm the mean and variance of what it sees, without another answer."""
    norms = [
        module
        for name, module in network.features.named_modules()
        if name.rsplit(".", 1)[-1] in NORM_AFTER.values()
    ]
    hooks = [norm.register_forward_pre_hook(remember) for norm in norms]
    network.eval()
    network.features(images)
    for hook in hooks:
        hook.remove()


def remember(norm: torch.nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
    """Take the batch's statistics into a norm that only adds its bias."""
    variance, mean = torch.var_mean(inputs[0], (0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.add_(mean)
