"""Train the learned gate on chest films, pictures of other things, and drawings.

    python scripts/collect_negatives.py --out NEGATIVES
    python scripts/train_gate.py --data DIR --negatives NEGATIVES --out DIR \\
        [--start MODEL.onnx [--mix SHARE]] [--export models/gate-1] [--steps N] [--seed N]

DIR holds labels.csv, images_128.tar and images_256.tar. A step's batch follows from the
seed and the step alone, so a run that was stopped goes on from its checkpoint as if it had
not been. Only the train split's patients and the sources that are not held out are learned
from. Needs the group parity.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as nn

from cxr_triage.imaging.prepare import letterbox
from gate_training.batches import SIZE, UNKNOWN, Targets, batch
from gate_training.network import ANSWERS, Contract, GateNetwork
from gate_training.pictures import U8, read_films, read_negatives
from gate_training.start import begin_from

BATCH = 128
EMA = 0.998
OPSET = 17


def loss_of(logits: torch.Tensor, targets: Targets) -> torch.Tensor:
    """Cross-entropy of every answer, over the pictures for which it is defined."""
    parts = dict(zip(ANSWERS, torch.split(logits, list(ANSWERS.values()), 1), strict=True))
    total = logits.new_zeros(())
    for name, part in parts.items():
        wanted = getattr(targets, name)
        known = wanted != UNKNOWN
        if not known.any():
            continue
        if part.shape[1] == 1:
            loss = nn.binary_cross_entropy_with_logits(part[known, 0], wanted[known].float())
        else:
            loss = nn.cross_entropy(part[known], wanted[known])
        total = total + loss * (2 if name == "chest" else 1)
    return total


@torch.no_grad()
def answers(network: GateNetwork, pictures: U8) -> dict[str, np.ndarray]:
    """Probabilities of whole pictures u8 [N, H, W], letterboxed as the product does it."""
    network.eval()
    grey = pictures.astype(np.float32) * (2048 / 255) - 1024
    images = torch.from_numpy(np.stack([letterbox(picture, SIZE) for picture in grey]))
    logits = torch.cat([network(part) for part in images.split(256)])
    parts = torch.split(logits, list(ANSWERS.values()), 1)
    return {
        name: (part.sigmoid()[:, 0] if part.shape[1] == 1 else part.softmax(1)).numpy()
        for name, part in zip(ANSWERS, parts, strict=True)
    }


def validate(network: GateNetwork, films: U8) -> dict[str, float]:
    """How often the validation films are taken for what they are, each way up."""
    result = {"chest": float((answers(network, films)["chest"] > 0.5).mean())}
    for turn in range(4):
        seen = answers(network, np.rot90(films, turn, (1, 2)))["turn"]
        result[f"turn_{turn}"] = float((seen.argmax(1) == turn).mean())
    upright, negative = (answers(network, part)["inverted"] for part in (films, 255 - films))
    result["inverted"] = float(((upright < 0.5).mean() + (negative > 0.5).mean()) / 2)
    plain, mirror = (answers(network, part)["mirrored"] for part in (films, films[:, :, ::-1]))
    result["mirrored"] = float(((plain < 0.5).mean() + (mirror > 0.5).mean()) / 2)
    half = films.shape[1] // 2
    parts = (films[:, half:], films[:, :half], films[:, :, half:], films[:, :, :half])
    result["cut_off"] = float(np.mean([answers(network, p)["field"][:, 1] > 0.5 for p in parts]))
    result["whole"] = float((answers(network, films)["field"][:, 0] > 0.5).mean())
    return result


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Warm-up over a fortieth, then a cosine to nothing."""
    warm = max(1, steps // 40)
    if step < warm:
        return peak * (step + 1) / warm
    return float(peak * 0.5 * (1 + np.cos(np.pi * (step - warm) / max(1, steps - warm))))


def train(arguments: argparse.Namespace) -> GateNetwork:
    """Train, or go on from OUT/checkpoint.pt; returns the averaged network."""
    films, validation = (read_films(arguments.data, split) for split in ("train", "val"))
    sources = read_negatives(arguments.negatives)
    print({"train": len(films), "val": len(validation)} | {k: len(v) for k, v in sources.items()})
    network, average = GateNetwork(SIZE), GateNetwork(SIZE)
    if arguments.start is not None:
        random = np.random.default_rng(arguments.seed)
        begin_from(arguments.start, network, batch(films, sources, 4 * BATCH, random)[0])
    start = {name: value.clone() for name, value in network.state_dict().items()}
    average.load_state_dict(network.state_dict())
    network.to(memory_format=torch.channels_last)  # a third quicker on a CPU
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    checkpoint, first = arguments.out / "checkpoint.pt", 0
    arguments.out.mkdir(parents=True, exist_ok=True)
    parts = {"network": network, "average": average, "optimizer": optimizer}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        first = saved["step"]
    last = arguments.steps if arguments.stop is None else arguments.stop
    began = time.monotonic()
    for step in range(first, last):
        random = np.random.default_rng((arguments.seed, step))
        torch.manual_seed(arguments.seed * 1_000_003 + step)  # of the dropout
        images, targets = batch(films, sources, BATCH, random)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate)
        network.train()
        loss = loss_of(network(images.to(memory_format=torch.channels_last)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        follow(average, network, step)
        if (step + 1) % 50 == 0:
            pace = (time.monotonic() - began) / (step + 1 - first)
            print(step + 1, f"{loss:.4f} {pace:.2f} s/step", flush=True)
        if (step + 1) % arguments.every == 0 or step + 1 == last:
            print(json.dumps({"step": step + 1} | validate(average, validation)), flush=True)
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save(state | {"step": step + 1}, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    mix(average, start, arguments.mix)
    return average


@torch.no_grad()
def mix(network: GateNetwork, start: dict[str, torch.Tensor], share: float) -> None:
    """Leave so much of what was learned and fill up with the weights at the start: what was known
    before is kept better than by either (Wortsman et al., CVPR 2022)."""
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.lerp_(start[name], 1 - share)


@torch.no_grad()
def follow(average: GateNetwork, network: GateNetwork, step: int) -> None:
    """Move the averaged weights a little towards the network's, faster at the beginning."""
    share = 1 - min(EMA, (step + 1) / (step + 10))
    ours, theirs = average.state_dict(), network.state_dict()
    for name, value in ours.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], share)
        else:
            value.copy_(theirs[name])


def export(network: GateNetwork, folder: Path) -> None:
    """Write FOLDER/model.onnx and its size and SHA-256 into FOLDER/gate.json."""
    file, card_file = folder / "model.onnx", folder / "gate.json"
    torch.onnx.export(
        Contract(network).eval(),
        (torch.zeros(1, 1, SIZE, SIZE),),
        str(file),
        input_names=["image"],
        output_names=list(ANSWERS),
        dynamic_axes={name: {0: "N"} for name in ("image", *ANSWERS)},
        opset_version=OPSET,
        dynamo=False,
    )
    content = file.read_bytes()
    card = json.loads(card_file.read_text(encoding="utf-8"))
    card |= {
        "input_size": SIZE,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    card_file.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"{file}: {len(content):,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--negatives", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="an exported network to go on from")
    parser.add_argument("--mix", type=float, default=1.0, help="share learned; the rest: --start")
    parser.add_argument("--export", type=Path, help="folder with gate.json; model.onnx goes there")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--stop", type=int, help="end before the schedule does, at this step")
    parser.add_argument("--every", type=int, default=300, help="steps between validations")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    network = train(arguments)
    if arguments.export is not None:
        export(network, arguments.export)


if __name__ == "__main__":
    main()
