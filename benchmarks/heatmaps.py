"""Heatmaps of one label and of all labels: ours beside torch + torchxrayvision.

    python benchmarks/heatmaps.py [--threads N] [--rounds N]      (needs the group parity)

The same prepared radiograph and the same weights in the same run. Peers: torch with
autograd Grad-CAM (one backward pass a label), and, as the fair peer, torch with the
one-pass CAM of every label and no gradients.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import data_store
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import peer

from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.limits import Limits
from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import Engine
from cxr_triage.triage.loading import load_gate
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import read_policy
from pipeline import milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = peer.realistic_network()
    data = next((Path(data_store.__file__).parent / "data").glob("RG1_UNCR*")).read_bytes()
    with (
        tempfile.TemporaryDirectory() as folder,
        DecoderPool(workers=1, timeout_s=10, memory_bytes=2**30) as decoder,
    ):
        engine = Engine(
            peer.export(network, Path(folder) / "model", find_model()), threads=arguments.threads
        )
        policy = read_policy()
        pipeline = Pipeline(
            engine=engine, policy=policy, gate=load_gate(policy), decoder=decoder, limits=Limits()
        )
        prepared = pipeline.read(data).prepared
    assert prepared is not None
    image = torch.from_numpy(prepared.tensor.copy())[None]
    labels = len(engine.card.labels)
    contenders = {
        "ours: scores and every heatmap, one pass": lambda: engine.run([prepared]),
        "torch, one-pass CAM of every label": lambda: peer.one_pass_cams(network, image),
        "torch, autograd Grad-CAM of one label": lambda: peer.grad_cam(network, image, 0),
        f"torch, autograd Grad-CAM of {labels} labels": lambda: [
            peer.grad_cam(network, image, label) for label in range(labels)
        ],
    }
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for work in contenders.values():
        work()
    for _ in range(arguments.rounds):
        for name, work in contenders.items():
            took[name].append(milliseconds(work))
    ours = next(iter(took.values()))
    print(f"{arguments.threads} threads, medians of {arguments.rounds} rounds")
    print(f"{'':<46}{'ms':>8}{'× ours':>9}")
    for name, values in took.items():
        ratio = statistics.median(a / b for a, b in zip(values, ours, strict=True))
        print(f"{name:<46}{statistics.median(values):>8.0f}{ratio:>9.1f}")


if __name__ == "__main__":
    main()
