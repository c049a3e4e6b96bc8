"""An exported network's weights, to go on training from.

An export has its batch normalisation folded into the convolutions. It is taken apart again by
measuring what each convolution gives, so that the network begins as the one that was exported
and can be trained as any other.
"""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from gate_training.network import GateNetwork


@torch.no_grad()
def begin_from(file: Path, network: GateNetwork, images: torch.Tensor) -> None:
    """Give `network` the weights in `file`; images [N, 1, S, S] are those of a batch or more."""
    graph = onnx.load(str(file)).graph
    stored = {x.name: torch.from_numpy(numpy_helper.to_array(x).copy()) for x in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    values = images / 1024
    layers = [layer for stage in network.stages for layer in stage]
    for node, place in zip(convolutions, range(0, len(layers), 3), strict=False):
        convolution, norm = layers[place], layers[place + 1]
        weight, bias = (stored[name] for name in node.input[1:3])
        convolution.weight.copy_(weight)
        given = convolution(values)
        variance, mean = torch.var_mean(given, (0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)
        values = torch.relu(given + bias[:, None, None])
    for name in ("squeeze.weight", "squeeze.bias", "head.weight", "head.bias"):
        dict(network.named_parameters())[name].copy_(stored[f"network.{name}"])
