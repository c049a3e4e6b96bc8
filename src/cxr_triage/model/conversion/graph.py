"""Writes the ONNX graph of a DenseNet-121 with every label's map, from its arrays.

Contract: `image` f32 [N, 1, S, S] → `logits` [N, L], `cams` [N, L, S/32, S/32] and
`embedding` [N, 1024]. The classifier is applied at each place of the last feature map;
`logits = mean(cams) + bias`. scripts/export_onnx.py writes the same through torch.

Architecture: torchxrayvision.models.DenseNet. Numbers of the fields: onnx.proto3.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from cxr_triage.domain import F32, Weights
from cxr_triage.errors import ModelError
from cxr_triage.model.conversion.protobuf import Pieces, block, integer, integers, message, text

OPSET: Final = 17
IR_VERSION: Final = 8
BLOCKS: Final = (6, 12, 24, 16)
FLOAT: Final = 1


class _Graph:
    """Collects nodes and initializers; each method returns the name of what it makes."""

    def __init__(self, weights: Weights) -> None:
        self.nodes: list[Pieces] = []
        self.initializers: list[Pieces] = []
        self._weights = weights

    def node(
        self, kind: str, inputs: Sequence[str], output: str, **attributes: int | list[int]
    ) -> str:
        parts = [*(text(1, name) for name in inputs), text(2, output), text(3, output)]
        parts.append(text(4, kind))
        parts.extend(_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(message(1, *parts))
        return output

    def constant(self, name: str, array: F32) -> str:
        values = np.ascontiguousarray(array, "<f4").tobytes()
        parts = [integers(1, array.shape), integer(2, FLOAT), text(8, name), block(9, values)]
        self.initializers.append(message(5, *parts))
        return name

    def weight(self, name: str, dimensions: int) -> F32:
        """The array `name`. Raises ModelError if it is absent, odd or not finite."""
        array = self._weights.get(name)
        if array is None or array.ndim != dimensions or array.dtype.kind != "f":
            raise ModelError("checkpoint_unexpected", name=name)
        if not np.isfinite(array).all():
            raise ModelError("checkpoint_not_finite", name=name)
        return array.astype(np.float32, copy=False)

    def convolution(self, source: str, name: str, *, stride: int = 1) -> str:
        weight = self.weight(f"{name}.weight", 4)
        side = weight.shape[2]
        kernel = self.constant(f"{name}.weight", weight)
        return self.node(
            "Conv",
            [source, kernel],
            name,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
        )

    def norm_relu(self, source: str, name: str) -> str:
        """Batch normalisation (ONNX's default epsilon is torch's, 1e-5), then ReLU."""
        parts = ("weight", "bias", "running_mean", "running_var")
        names = [
            self.constant(f"{name}.{part}", self.weight(f"{name}.{part}", 1)) for part in parts
        ]
        normed = self.node("BatchNormalization", [source, *names], name)
        return self.node("Relu", [normed], f"{name}.relu")


def densenet121(weights: Weights, *, outputs: Sequence[int], size: int) -> bytes:
    """The ONNX file of the network with the rows `outputs` of its classifier, in their order.

    Raises ModelError `checkpoint_unexpected` (an array is absent or of another shape) or
    `checkpoint_not_finite`.
    """
    graph = _Graph(weights)
    features = _features(graph)
    kernel, bias = _classifier(graph, outputs)
    cams = graph.node("Conv", [features, graph.constant("cams.weight", kernel)], "cams")
    means = graph.node("ReduceMean", [cams], "mean_of_cams", axes=[2, 3], keepdims=0)
    graph.node("Add", [means, graph.constant("bias", bias)], "logits")
    graph.node("ReduceMean", [features], "embedding", axes=[2, 3], keepdims=0)
    side = size // 32
    ports = [
        message(11, *_port("image", 1, size, size)),
        message(12, *_port("logits", len(outputs))),
        message(12, *_port("cams", len(outputs), side, side)),
        message(12, *_port("embedding", kernel.shape[1])),
    ]
    body = message(7, *graph.nodes, text(2, "densenet121"), *graph.initializers, *ports)
    opset = message(8, text(1, ""), integer(2, OPSET))
    return b"".join([*integer(1, IR_VERSION), *text(2, "cxr-triage"), *opset, *body])


def _features(graph: _Graph) -> str:
    """Nodes up to the last feature map after its ReLU."""
    top = graph.convolution("image", "features.conv0", stride=2)
    top = graph.norm_relu(top, "features.norm0")
    top = graph.node(
        "MaxPool",
        [top],
        "features.pool0",
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
    )
    for block_number, layers in enumerate(BLOCKS, start=1):
        name = f"features.denseblock{block_number}"
        for layer in range(1, layers + 1):
            top = _dense_layer(graph, top, f"{name}.denselayer{layer}")
        if block_number < len(BLOCKS):
            top = _transition(graph, top, f"features.transition{block_number}")
    return graph.norm_relu(top, "features.norm5")


def _dense_layer(graph: _Graph, source: str, name: str) -> str:
    narrow = graph.convolution(graph.norm_relu(source, f"{name}.norm1"), f"{name}.conv1")
    new = graph.convolution(graph.norm_relu(narrow, f"{name}.norm2"), f"{name}.conv2")
    return graph.node("Concat", [source, new], f"{name}.concat", axis=1)


def _transition(graph: _Graph, source: str, name: str) -> str:
    top = graph.convolution(graph.norm_relu(source, f"{name}.norm"), f"{name}.conv")
    return graph.node("AveragePool", [top], f"{name}.pool", kernel_shape=[2, 2], strides=[2, 2])


def _classifier(graph: _Graph, outputs: Sequence[int]) -> tuple[F32, F32]:
    """Kernel [L, 1024, 1, 1] and bias [L] of the rows that are kept."""
    weight = graph.weight("classifier.weight", 2)
    bias = graph.weight("classifier.bias", 1)
    if max(outputs) >= min(len(weight), len(bias)):
        raise ModelError("checkpoint_unexpected", name="classifier")
    rows = list(outputs)
    return weight[rows][:, :, None, None], bias[rows]


def _attribute(name: str, value: int | list[int]) -> Pieces:
    """INT is type 2 in field 3; INTS is type 7 in field 8."""
    if isinstance(value, int):
        return message(5, text(1, name), integer(3, value), integer(20, 2))
    return message(5, text(1, name), integers(8, value), integer(20, 7))


def _port(name: str, *sizes: int) -> list[Pieces]:
    """An input or output: f32 [N, *sizes]."""
    dimensions = [message(1, text(2, "N")), *(message(1, integer(1, size)) for size in sizes)]
    tensor = message(1, integer(1, FLOAT), message(2, *dimensions))
    return [text(1, name), message(2, tensor)]
