"""How many processes with how many threads: measured here with this model, and remembered."""

import json
import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cxr_triage.batch.archive.durable import replaced
from cxr_triage.domain import CropBox, Prepared
from cxr_triage.errors import OutputFailed
from cxr_triage.model.engine import Engine

LAYOUTS_FILE: Final = "layouts.json"
MEASURE_S: Final = 1.5
"""For each layout, after a first run that does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Processes that score, and threads of the model in each."""

    processes: int
    threads: int


def layouts(cpus: int) -> list[Layout]:
    """Those that use every CPU: the most processes first."""
    powers = (2**power for power in range(cpus.bit_length()))
    return [Layout(processes=cpus // threads, threads=threads) for threads in powers]


def best_layout(folder: Path, data: Path, cpus: int) -> Layout:
    """The one that scores most for the model in `folder`; what was measured is kept in `data`.

    Raises ModelError.
    """
    file = data / LAYOUTS_FILE
    known = _read(file)
    key = f"{folder.name} · {cpus} · {cpu_name()}"
    if key in known:
        return Layout(**known[key])
    rates = [(rate(folder, one), one) for one in layouts(cpus)]
    best = max(rates, key=lambda pair: pair[0])[1]
    try:
        data.mkdir(parents=True, exist_ok=True)
        replaced(file, [json.dumps(known | {key: asdict(best)}, indent=1).encode()])
    except (OSError, OutputFailed):  # it is measured again next time
        pass
    return best


def rate(folder: Path, layout: Layout, seconds: float = MEASURE_S) -> float:
    """Films a second through the network, as many at a time as there would be processes."""
    engines = [Engine(folder, threads=layout.threads) for _ in range(layout.processes)]
    for engine in engines:
        engine.run(_films(engine))
    counts = [0] * len(engines)
    end = time.monotonic() + seconds

    def score(place: int) -> None:
        films = _films(engines[place])
        while time.monotonic() < end:
            engines[place].run(films)
            counts[place] += 1

    started = time.monotonic()
    workers = [threading.Thread(target=score, args=(place,)) for place in range(len(engines))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.monotonic() - started)


def _films(engine: Engine) -> Sequence[Prepared]:
    size = engine.card.input_size
    tensor = np.random.default_rng(0).uniform(-1024, 1024, (1, size, size)).astype(np.float32)
    return [Prepared(tensor=tensor, crop=CropBox(top=0, left=0, side=size))]


def cpu_name() -> str:
    """As the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _read(file: Path) -> dict[str, dict[str, int]]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
