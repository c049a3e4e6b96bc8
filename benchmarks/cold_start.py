"""A whole process for one file: time and peak memory, beside torch + torchxrayvision.

    python benchmarks/cold_start.py [--rounds N]

Ours is `cxr-triage score FILE`. The peer, run where torch is installed, reads the same
file with torchxrayvision, scores it with the same architecture and makes one autograd
Grad-CAM. Peak memory is the largest single process and the sum over the process tree.
"""

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time
from pathlib import Path

import data_store
import psutil

PEER = """
import sys; sys.path.insert(0, sys.argv[2])
import torch, torchxrayvision
from tests import peer
pixels = torchxrayvision.utils.read_xray_dcm(sys.argv[1], voi_lut=True)
network = torchxrayvision.models.DenseNet(num_classes=14).eval()
image = peer.crop_and_resize(pixels)[None]
peer.logits(network, image); peer.grad_cam(network, image, 0)
"""


def run(command: list[str]) -> tuple[float, float, float]:
    """Seconds, peak MiB of the largest process, peak MiB of the process tree together."""
    start = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    largest = together = 0.0
    while process.poll() is None:
        try:
            tree = [process, *process.children(recursive=True)]
            sizes = [member.memory_info().rss / 2**20 for member in tree]
        except psutil.Error:
            sizes = [0.0]
        largest, together = max(largest, *sizes), max(together, sum(sizes))
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"failed with {process.returncode}: {command[:4]}")
    return time.perf_counter() - start, largest, together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    folder = Path(data_store.__file__).parent / "data"
    root = str(Path(__file__).resolve().parents[1])
    commands = {}
    for name in ("RG1_UNCR", "RG1_J2KR"):
        file = str(next(folder.glob(f"{name}*")))
        commands[f"cxr-triage score, {name}"] = [sys.executable, "-m", "cxr_triage", "score", file]
    if importlib.util.find_spec("torch"):
        file = str(next(folder.glob("RG1_UNCR*")))
        commands["torch + torchxrayvision, RG1_UNCR"] = [sys.executable, "-c", PEER, file, root]
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for command in commands.values():
        run(command)
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            measured[name].append(run(command))
    print(
        f"medians of {arguments.rounds} runs{'':<16}{'s':>7}{'MiB, largest':>14}{'MiB, tree':>11}"
    )
    for name, runs in measured.items():
        seconds, largest, together = (
            statistics.median(column) for column in zip(*runs, strict=True)
        )
        print(f"{name:<36}{seconds:>7.2f}{largest:>14.0f}{together:>11.0f}")


if __name__ == "__main__":
    main()
