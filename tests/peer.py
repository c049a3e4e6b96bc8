"""The peer that parity tests and benchmarks compare with: torchxrayvision on torch.

Imported only where torch is installed.
"""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import torchxrayvision

ROOT = Path(__file__).resolve().parents[1]


def export_script() -> ModuleType:
    """scripts/export_onnx.py as a module."""
    spec = importlib.util.spec_from_file_location("export_onnx", ROOT / "scripts/export_onnx.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def realistic_network(outputs: int = 14, seed: int = 3) -> torch.nn.Module:
    """torchxrayvision's DenseNet with random weights whose activations have real sizes.

    The running statistics of the batch normalisations come from smooth noise in ±1024, and
    the classifier gives logits of several units, as trained ones do.
    """
    torch.manual_seed(seed)
    network = torchxrayvision.models.DenseNet(num_classes=outputs)
    coarse = torch.randn(4, 1, 28, 28) * 500
    images = torch.nn.functional.interpolate(coarse, size=(224, 224), mode="bicubic")
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of this one pass, whole
    network.train()
    with torch.no_grad():
        network.features(images.clamp(-1024, 1024))
        torch.nn.init.normal_(network.classifier.weight, std=0.15)
        torch.nn.init.normal_(network.classifier.bias, std=1.0)
    return network.eval()


def export(network: torch.nn.Module, folder: Path, like: Path) -> Path:
    """A model folder with `network`, its card copied from the folder `like`."""
    folder.mkdir(parents=True)
    (folder / "card.json").write_text((like / "card.json").read_text("utf-8"), "utf-8")
    labels = len(json.loads((folder / "card.json").read_text("utf-8"))["labels"])
    script = export_script()
    script.export(network, outputs=labels, size=224, file=folder / "model.onnx")
    script.stamp(folder / "card.json", folder / "model.onnx")
    return folder


def features(network: torch.nn.Module, image: torch.Tensor) -> torch.Tensor:
    """The post-ReLU feature map [N, 1024, 7, 7]."""
    return torch.relu(network.features(image))


def logits(network: torch.nn.Module, image: torch.Tensor) -> torch.Tensor:
    """Raw outputs [N, L], before sigmoid and op_norm."""
    return network.classifier(features(network, image).mean((2, 3)))


def grad_cam(network: torch.nn.Module, image: torch.Tensor, label: int) -> np.ndarray:
    """Autograd Grad-CAM [7, 7] of one label's logit, before Grad-CAM's own ReLU.

    As the usual tools do it: a forward and a whole backward pass for each label.
    """
    maps = features(network, image)
    maps.retain_grad()
    network.classifier(maps.mean((2, 3)))[0, label].backward()
    return _weighted(maps, maps.grad)


def grad_cam_of_maps(network: torch.nn.Module, maps: torch.Tensor, label: int) -> np.ndarray:
    """The same from a feature map: the gradient there needs no more of the network."""
    maps = maps.detach().requires_grad_()
    logit = network.classifier(maps.mean((2, 3)))[0, label]
    return _weighted(maps, torch.autograd.grad(logit, maps)[0])


def _weighted(maps: torch.Tensor, gradient: torch.Tensor) -> np.ndarray:
    return (gradient.mean((2, 3), keepdim=True) * maps).sum(1)[0].detach().numpy()


def one_pass_cams(network: torch.nn.Module, image: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Logits [L] and every label's CAM [L, 7, 7] in one forward pass without gradients."""
    with torch.inference_mode():
        maps = features(network, image)
        cams = torch.einsum("lk,nkhw->nlhw", network.classifier.weight, maps)
        return (cams.mean((2, 3)) + network.classifier.bias)[0].numpy(), cams[0].numpy()


def crop_and_resize(pixels: np.ndarray, size: int = 224) -> torch.Tensor:
    """[1, size, size] from pixels [H, W] by torchxrayvision's crop and torch's resize."""
    cropped = torchxrayvision.datasets.XRayCenterCrop()(pixels[None])
    return torch.nn.functional.interpolate(
        torch.from_numpy(cropped.copy())[None],
        size=(size, size),
        mode="bilinear",
        antialias=True,
    )[0]
