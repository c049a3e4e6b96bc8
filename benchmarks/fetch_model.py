"""From a published checkpoint to a proven model: time and peak memory, without PyTorch.

    python benchmarks/fetch_model.py [--rounds N]

A server on this machine serves a checkpoint of the published size and layout (random
weights), so the network's share is left out. `score` with the fetched model follows.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import data_store
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.model.published import NAME, catalogue, serving  # noqa: E402


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds, and the peak MiB of the process tree together."""
    start = time.perf_counter()
    process = psutil.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0.0
    while process.poll() is None:
        try:
            tree = [process, *process.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in tree) / 2**20)
        except psutil.Error:
            pass
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"failed with {process.returncode}: {command[2:]}")
    return time.perf_counter() - start, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    film = str(next((Path(data_store.__file__).parent / "data").glob("RG1_UNCR*")))
    commands = {"model fetch": ["model", "fetch", NAME], "score, fetched model": ["score", film]}
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, serving() as server:
            cards = catalogue(Path(folder) / "cards", server.url)
            environment = os.environ | {
                "CXR_TRIAGE_DATA_DIR": f"{folder}/data",
                "CXR_TRIAGE_CATALOG": str(cards),
            }
            for name, command in commands.items():
                whole = [sys.executable, "-m", "cxr_triage", *command]
                measured[name].append(run(whole, environment))
    print(f"medians of {rounds} runs{'':<10}{'s':>7}{'MiB, tree':>11}")
    for name, runs in measured.items():
        seconds, peak = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:<26}{seconds:>7.2f}{peak:>11.0f}")


if __name__ == "__main__":
    main()
