"""Export a checkpoint to the ONNX contract, through torch.

A DenseNet of torchxrayvision's shape, or an EfficientNet-Lite0 of scripts/train_teacher.py.

Input: `image` f32 [N, 1, S, S]. Outputs: `logits` [N, L], `cams` [N, L, h, w] (the
classifier applied at each place of the last feature map) and `embedding` [N, 1024] (1280
for the EfficientNet). Labels and S come from the folder's card.json, whose `bytes` and `sha256`
are updated.

    python scripts/export_onnx.py CHECKPOINT.pt models/NAME
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
import torchxrayvision

OPSET = 17


class Contract(torch.nn.Module):
    """A network's features and classifier as the three outputs of the contract."""

    def __init__(self, network: torch.nn.Module, rows: list[int]) -> None:
        super().__init__()
        self.features = network.features
        weight, bias = network.classifier.weight[rows], network.classifier.bias[rows]
        self.classifier = torch.nn.Conv2d(weight.shape[1], len(rows), 1, bias=False)
        self.classifier.weight = torch.nn.Parameter(weight.detach()[:, :, None, None].clone())
        self.bias = torch.nn.Parameter(bias.detach().clone())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        features = torch.relu(self.features(image))
        cams = self.classifier(features)
        return cams.mean((2, 3)) + self.bias, cams, features.mean((2, 3))


def load_network(checkpoint: Path) -> torch.nn.Module:
    """A network from a state_dict; the number of outputs is read from its classifier."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "_conv_stem.weight" in state:
        from baseline_training import lite  # noqa: PLC0415 - its packages are for teachers alone

        return lite.from_file(checkpoint)
    outputs = state["classifier.weight"].shape[0]
    network = torchxrayvision.models.DenseNet(num_classes=outputs)
    network.load_state_dict({name: state[name] for name in network.state_dict() if name in state})
    return network.eval()


def export(network: torch.nn.Module, *, outputs: int, size: int, file: Path) -> None:
    """Write the first `outputs` outputs of `network` for images of `size` pixels to `file`."""
    contract = Contract(network, list(range(outputs))).eval()
    torch.onnx.export(
        contract,
        (torch.zeros(1, 1, size, size),),
        str(file),
        input_names=["image"],
        output_names=["logits", "cams", "embedding"],
        dynamic_axes={name: {0: "N"} for name in ("image", "logits", "cams", "embedding")},
        opset_version=OPSET,
        dynamo=False,
    )


def stamp(card_file: Path, model_file: Path) -> None:
    """Write the model file's size and SHA-256 into its card."""
    card = json.loads(card_file.read_text(encoding="utf-8"))
    content = model_file.read_bytes()
    card |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    card_file.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="state_dict (.pt)")
    parser.add_argument("folder", type=Path, help="folder with card.json; model.onnx goes there")
    arguments = parser.parse_args()
    card_file, model_file = arguments.folder / "card.json", arguments.folder / "model.onnx"
    card = json.loads(card_file.read_text(encoding="utf-8"))
    network = load_network(arguments.checkpoint)
    export(network, outputs=len(card["labels"]), size=card["input_size"], file=model_file)
    stamp(card_file, model_file)
    print(f"{model_file}: {model_file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
