"""Train the baseline on NIH ChestX-ray14 films, with radiologists' boxes for its maps.

    python scripts/train_baseline.py --data DIR --out DIR [--steps N] [--seed N]

DIR holds labels.csv, images_128.tar, images_256.tar and warm_start.pt. Batch, augmentation
and schedule of a step follow from the seed and the step alone, so a run that was stopped
goes on from its checkpoint as if it had not been. Ends with OUT/best.pt, the state_dict of
the averaged weights that did best on the validation split. Films of people under 15 years
are left out. Needs the parity extra.
"""

import argparse
import csv
import io
import json
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torchxrayvision
from PIL import Image
from torch.nn import functional as nn

LABELS = (
    "Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema",
    "Fibrosis", "Effusion", "Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass",
    "Hernia",
)  # fmt: skip
ANY = len(LABELS)
OPACITIES = [LABELS.index(name) for name in ("Pneumonia", "Consolidation", "Infiltration")]
NIH_BOX_NAMES = {"Infiltrate": "Infiltration"}
MINIMUM_AGE_YEARS = 15
SIZE = 224
SIDES = ((0.0, 128), (0.55, 160), (0.75, SIZE))
"""From which share of the steps on, films have which side: small ones are learned from fast."""
GRID = 56  # cells a side of a box mask before it follows the augmentation
BATCH = 24
UNKNOWN = -1.0


@dataclass
class Film:
    """One film: grey u8 [h, w], targets [15] (−1: unknown), box mask [GRID, GRID] by label.

    reported: the text-mined labels [15] as they are, which `cxr-triage evaluate` compares with.
    """

    patient: str
    grey: np.ndarray
    targets: np.ndarray
    reported: np.ndarray
    boxes: dict[int, np.ndarray] = field(default_factory=dict)


def reported_of(row: dict[str, str]) -> np.ndarray:
    """Text-mined labels."""
    reported = np.zeros(len(LABELS) + 1, np.float32)
    found = [name for name in row["findings"].split("|") if name in LABELS]
    reported[[LABELS.index(name) for name in found]] = 1
    reported[ANY] = bool(found)
    return reported


def targets_of(row: dict[str, str]) -> np.ndarray:
    """Text-mined labels, corrected by what a radiologist said of the film."""
    targets = reported_of(row)
    if row["rsna_class"] == "Normal":
        targets[:] = np.where(targets == 1, UNKNOWN, 0)
        targets[ANY] = 0
    elif row["rsna_class"] == "Lung Opacity":
        targets[OPACITIES] = np.where(targets[OPACITIES] == 1, 1, UNKNOWN)
        targets[[OPACITIES[0], ANY]] = 1
    elif row["rsna_class"]:
        targets[OPACITIES] = np.where(targets[OPACITIES] == 1, UNKNOWN, 0)
        targets[[OPACITIES[0]]], targets[ANY] = 0, 1
    return targets


def mask(box: list[float]) -> np.ndarray:
    """A box (x, y, width, height in shares of the image) on the grid."""
    x, y, width, height = (value * GRID for value in box)
    cells = np.zeros((GRID, GRID), np.float32)
    cells[
        int(y) : max(int(y) + 1, round(y + height)), int(x) : max(int(x) + 1, round(x + width))
    ] = 1
    return cells


def boxes_of(row: dict[str, str]) -> dict[int, np.ndarray]:
    """The union of a film's boxes for each label that they belong to."""
    found: dict[int, np.ndarray] = {}

    def add(label: int, cells: np.ndarray) -> None:
        found[label] = np.maximum(found.get(label, 0), cells)

    for box in json.loads(row["rsna_boxes"] or "[]"):
        for label in (*OPACITIES, ANY):
            add(label, mask(box))
    for name, *box in json.loads(row["nih_boxes"] or "[]"):
        label = NIH_BOX_NAMES.get(name, name)
        if label in LABELS:
            add(LABELS.index(label), mask(box))
            add(ANY, mask(box))
    return found


def read_films(data: Path, split: str) -> list[Film]:
    """Films of a split, 15 years or more; the 256 px copy where there is one."""
    with (data / "labels.csv").open(encoding="utf-8") as file:
        rows = {row["image"]: row for row in csv.DictReader(file) if row["split"] == split}
    films = {}
    for archive_name in ("images_128.tar", "images_256.tar"):
        with tarfile.open(data / archive_name) as archive:
            for member in archive:
                row = rows.get(Path(member.name).stem)
                if row is None or not member.isfile() or float(row["age"]) < MINIMUM_AGE_YEARS:
                    continue
                content = archive.extractfile(member).read()
                grey = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
                films[row["image"]] = Film(
                    row["patient"], grey, targets_of(row), reported_of(row), boxes_of(row)
                )
    return [films[name] for name in sorted(films)]


def side_at(step: int, steps: int) -> int:
    """Pixels a side of the films of this step."""
    return [side for share, side in SIDES if step >= share * steps][-1]


def augment(
    films: list[Film], random: np.random.Generator, side: int = SIZE
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [N, 1, S, S] in ±1024 and the grids [N, S, S, 2] that made them."""
    images, grids = [], []
    for film in films:
        grey = torch.from_numpy(film.grey.astype(np.float32) / 255)[None, None]
        if random.random() < 0.6:
            grey = blur(grey, random.uniform(0.3, 1.1) * film.grey.shape[0] / 128)
        if side < film.grey.shape[0]:  # enough smoothing for the largest scale below
            grey = blur(grey, 0.5 * film.grey.shape[0] / side)
        grid = affine_grid(random, side)
        image = nn.grid_sample(grey, grid, padding_mode="reflection", align_corners=False)
        images.append(hide(tone(image, random), random))
        grids.append(grid)
    return torch.cat(images) * 2048 - 1024, torch.cat(grids)


def affine_grid(random: np.random.Generator, side: int) -> torch.Tensor:
    """Rotation to 12°, scale to 15 %, shift to 10 %."""
    angle = np.deg2rad(random.uniform(-12, 12))
    scale = np.exp(random.uniform(-0.15, 0.15))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    shift = random.uniform(-0.1, 0.1, 2)
    theta = torch.tensor([[[cos, -sin, shift[0]], [sin, cos, shift[1]]]], dtype=torch.float32)
    return nn.affine_grid(theta, [1, 1, side, side], align_corners=False)


def blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian, in pixels."""
    radius = max(1, int(3 * sigma))
    line = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    line = (line / line.sum())[None, None]
    padded = nn.pad(image, [radius] * 4, mode="reflect")
    return nn.conv2d(nn.conv2d(padded, line[..., None, :]), line[..., :, None])


def tone(image: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Contrast, brightness, gamma and noise."""
    image = (image - 0.5) * random.uniform(0.75, 1.3) + 0.5 + random.uniform(-0.1, 0.1)
    image = image.clamp(0, 1) ** np.exp(random.uniform(-0.3, 0.3))
    noise = torch.from_numpy(random.standard_normal(image.shape, np.float32))
    return (image + noise * random.uniform(0, 0.03)).clamp(0, 1)


def hide(image: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """One film in two with a grey patch, 8 to 30 % of a side, so that no place decides alone."""
    if random.random() < 0.5:
        side = image.shape[-1]
        height, width = (random.uniform(0.08, 0.3, 2) * side).astype(int)
        top, left = random.integers(0, side - height), random.integers(0, side - width)
        image[..., top : top + height, left : left + width] = random.uniform(0, 1)
    return image


def loss_of(
    logits: torch.Tensor,
    cams: torch.Tensor,
    films: list[Film],
    grids: torch.Tensor,
    prior: torch.Tensor,
    weight: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy of the scores, and of where the maps point."""
    targets = torch.from_numpy(np.stack([film.targets for film in films]))
    known = (targets >= 0).float()
    entropy = nn.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), pos_weight=weight, reduction="none"
    )
    places = torch.log_softmax(cams.flatten(2), 2)
    side = cams.shape[-1]
    pointing, count = logits.new_zeros(()), 0
    inside = to_cells(prior.expand(len(films), 1, GRID, GRID), grids, side).flatten(1)
    for index, film in enumerate(films):
        for label, cells in film.boxes.items():
            target = to_cells(torch.from_numpy(cells)[None, None], grids[index : index + 1], side)
            if target.sum() > 0:
                pointing = (
                    pointing - 2 * (target.flatten() / target.sum() * places[index, label]).sum()
                )
                count += 2
        for label in np.flatnonzero(film.targets == 1):
            if label not in film.boxes:
                mass = (places[index, label].exp() * inside[index]).sum()
                pointing = pointing - torch.log(mass + 1e-4)
                count += 1
    return (entropy * known).sum() / known.sum(), pointing / max(1, count)


def to_cells(mask_: torch.Tensor, grids: torch.Tensor, side: int) -> torch.Tensor:
    """Masks [N, 1, GRID, GRID] after the augmentation, averaged to [N, 1, side, side]."""
    moved = nn.grid_sample(mask_, grids, padding_mode="zeros", align_corners=False)
    return nn.adaptive_avg_pool2d(moved, side)


def box_prior(films: list[Film]) -> torch.Tensor:
    """Where boxes lie, 0..1 [1, 1, GRID, GRID]: 1 where at least a tenth as often as at the
    commonest place."""
    total = sum(film.boxes[ANY] for film in films if ANY in film.boxes)
    smooth = blur(torch.from_numpy(total)[None, None], 3.0)
    return (smooth / smooth.max() / 0.1).clamp(max=1.0)


def forward(network: torch.nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, L] and CAMs [N, L, h, w]."""
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        features = network.features(images)
    features = torch.relu(features.float())
    cams = nn.conv2d(features, network.classifier.weight[:, :, None, None])
    return cams.mean((2, 3)) + network.classifier.bias, cams


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks."""
    order = np.argsort(np.concatenate([score[positive], score[~positive]]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n = positive.sum()
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * (len(order) - n)))


def whole(film: Film) -> torch.Tensor:
    """The film as the product prepares it: [1, 1, S, S] in ±1024."""
    grey = torch.from_numpy(film.grey.astype(np.float32))[None, None]
    resized = nn.interpolate(grey, (SIZE, SIZE), mode="bilinear", antialias=True)
    return resized / 255 * 2048 - 1024


@torch.no_grad()
def validate(network: torch.nn.Module, films: list[Film]) -> dict[str, float]:
    """Mean AUC over labels with 10 positives or more; how often a map's peak is in a box."""
    network.eval()
    scores, hits, chances = [], [], []
    for start in range(0, len(films), 32):
        batch = films[start : start + 32]
        logits, cams = forward(network, torch.cat([whole(film) for film in batch]))
        scores.append(logits.numpy())
        for film, maps in zip(batch, cams, strict=True):
            for label, cells in film.boxes.items():
                large = nn.interpolate(maps[None, label : label + 1], (GRID, GRID), mode="bicubic")
                hits.append((label, cells.flat[int(large.argmax())]))
                chances.append(cells.mean())
    score, truth = np.concatenate(scores), np.stack([film.reported for film in films])
    enough = [label for label in range(len(LABELS)) if (truth[:, label] == 1).sum() >= 10]
    aucs = [auc(score[:, label], truth[:, label] == 1) for label in enough]
    result = {"auc": float(np.mean(aucs)), "any": auc(score[:, ANY], truth[:, ANY] == 1)}
    for label in (*OPACITIES, ANY):
        found = [hit for which, hit in hits if which == label]
        result[f"points_{label}"] = float(np.mean(found)) if found else 0.0
    return result | {"chance": float(np.mean(chances or [0.0]))}


def batch_of(films: list[Film], weights: np.ndarray, random: np.random.Generator) -> list[Film]:
    """Films drawn by weight."""
    return [films[index] for index in random.choice(len(films), BATCH, replace=False, p=weights)]


def drawing_weights(films: list[Film]) -> np.ndarray:
    """Boxed films three times, 256 px films twice, rare findings up to three times as often."""
    truth = np.stack([film.targets == 1 for film in films])
    rarity = np.minimum(3, np.sqrt(0.04 / np.maximum(truth.mean(0), 1e-4)))
    weights = np.maximum(1, (truth * rarity).max(1))
    weights *= [3 if film.boxes else 1 for film in films]
    weights *= [2 if film.grey.shape[0] > 128 else 1 for film in films]
    return weights / weights.sum()


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Warm-up over a twentieth, then a cosine to nothing."""
    warm = max(1, steps // 20)
    if step < warm:
        return peak * (step + 1) / warm
    return float(peak * 0.5 * (1 + np.cos(np.pi * (step - warm) / max(1, steps - warm))))


def train(arguments: argparse.Namespace) -> None:
    films, validation = (read_films(arguments.data, split) for split in ("train", "val"))
    weights, prior = drawing_weights(films), box_prior(films)
    truth = np.stack([film.targets == 1 for film in films]).mean(0)
    positive_weight = torch.tensor(np.clip(np.sqrt(0.05 / np.maximum(truth, 1e-4)), 1, 4)).float()
    network, average = (torchxrayvision.models.DenseNet(num_classes=len(LABELS) + 1) for _ in "ab")
    start = torch.load(arguments.data / "warm_start.pt", weights_only=True)
    network.load_state_dict(start, strict=False)
    network = network.to(memory_format=torch.channels_last)
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    checkpoint, first, best = arguments.out / "checkpoint.pt", 0, -1.0
    arguments.out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        for part, name in ((network, "network"), (average, "average"), (optimizer, "optimizer")):
            part.load_state_dict(saved[name])
        first, best = saved["step"], saved["best"]
    print(len(films), "films to train on,", len(validation), "to validate on", flush=True)
    if not first:
        print(json.dumps({"step": 0} | validate(average, validation)), flush=True)
    began = time.monotonic()
    last = arguments.steps if arguments.stop is None else arguments.stop
    for step in range(first, last):
        random = np.random.default_rng((arguments.seed, step))
        batch = batch_of(films, weights, random)
        images, grids = augment(batch, random, side_at(step, arguments.steps))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate)
        network.train()
        entropy, pointing = loss_of(*forward(network, images), batch, grids, prior, positive_weight)
        optimizer.zero_grad()
        (entropy + arguments.pointing * pointing).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        follow(average, network, arguments.ema)
        if (step + 1) % 20 == 0:
            pace = (time.monotonic() - began) / (step + 1 - first)
            print(step + 1, f"{entropy:.4f} {pointing:.3f} {pace:.2f} s/step", flush=True)
        if (step + 1) % arguments.every == 0 or step + 1 == last:
            result = validate(average, validation)
            print(json.dumps({"step": step + 1} | result), flush=True)
            quality = result["auc"] + 0.2 * result[f"points_{ANY}"]
            if quality > best:
                best = quality
                torch.save(average.state_dict(), arguments.out / "best.pt")
            parts = {"network": network, "average": average, "optimizer": optimizer}
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save(state | {"step": step + 1, "best": best}, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)


@torch.no_grad()
def follow(average: torch.nn.Module, network: torch.nn.Module, ema: float) -> None:
    """Move the averaged weights a little towards the network's."""
    ours, theirs = average.state_dict(), network.state_dict()
    for name, value in ours.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - ema)
        else:
            value.copy_(theirs[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--stop", type=int, help="end before the schedule does, at this step")
    parser.add_argument("--every", type=int, default=250, help="steps between validations")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--pointing", type=float, default=0.1, help="weight of the maps' loss")
    parser.add_argument("--ema", type=float, default=0.995, help="share kept of the average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train(arguments)


if __name__ == "__main__":
    main()
