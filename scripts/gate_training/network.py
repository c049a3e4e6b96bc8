"""The gate's network: five small stages, and a head that knows where things are."""

import torch

WIDTHS = (16, 32, 64, 96, 128)
ANSWERS = {"chest": 1, "turn": 4, "inverted": 1, "mirrored": 1, "field": 3}


def _stage(before: int, after: int, *, stride: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for source, step in ((before, stride), (after, 1)):
        layers += [
            torch.nn.Conv2d(source, after, 3, step, 1, bias=False),
            torch.nn.BatchNorm2d(after),
            torch.nn.ReLU(inplace=True),
        ]
    return torch.nn.Sequential(*layers)


class GateNetwork(torch.nn.Module):
    """f32 [N, 1, S, S] in ±1024 → logits [N, 10], in the order of ANSWERS."""

    def __init__(self, size: int) -> None:
        super().__init__()
        before = (1, *WIDTHS[:-1])
        self.stages = torch.nn.Sequential(
            *(
                _stage(source, width, stride=2 if number < 4 else 1)
                for number, (source, width) in enumerate(zip(before, WIDTHS, strict=True))
            )
        )
        side = size // 16
        self.squeeze = torch.nn.Conv2d(WIDTHS[-1], 24, 1)
        self.drop = torch.nn.Dropout(0.2)
        self.head = torch.nn.Linear(24 * side * side + WIDTHS[-1], sum(ANSWERS.values()))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features = self.stages(image / 1024)
        places = torch.relu(self.squeeze(features)).flatten(1)
        return self.head(self.drop(torch.cat([places, features.mean((2, 3))], 1)))


class Contract(torch.nn.Module):
    """The network with its answers apart, as the product wants them."""

    def __init__(self, network: GateNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parts = torch.split(self.network(image), list(ANSWERS.values()), 1)
        return tuple(
            part.squeeze(1) if count == 1 else part
            for part, count in zip(parts, ANSWERS.values(), strict=True)
        )
