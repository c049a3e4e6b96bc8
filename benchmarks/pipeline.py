"""From bytes to ranked findings with every CAM, beside the bare model run and the gate's look.

    python benchmarks/pipeline.py [--threads N] [--rounds N]

Reads one uncompressed 1955×1841 radiograph of pydicom-data. Rounds alternate between the
three, so that all see the same machine. Prints medians and median ratios.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import data_store
import numpy as np

from cxr_triage.imaging.decoding.pool import DecoderPool
from cxr_triage.imaging.limits import Limits
from cxr_triage.model.catalog import find_model
from cxr_triage.model.engine import OUTPUTS, Engine
from cxr_triage.triage.loading import load_gate
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import read_policy


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=25)
    arguments = parser.parse_args()
    data = next((Path(data_store.__file__).parent / "data").glob("RG1_UNCR*")).read_bytes()
    engine = Engine(find_model(), threads=arguments.threads)
    with DecoderPool(workers=1, timeout_s=10, memory_bytes=2**30) as decoder:
        policy = read_policy()
        gate = load_gate(policy)
        pipeline = Pipeline(
            engine=engine, policy=policy, gate=gate, decoder=decoder, limits=Limits()
        )
        image = pipeline.read(data)
        radiograph, prepared = image.radiograph, image.prepared
        assert radiograph is not None
        assert prepared is not None
        tensor = prepared.tensor[np.newaxis]
        session = engine._session  # the bare run that the pipeline is compared with
        stages: dict[str, list[float]] = {}
        whole, bare, looks = [], [], []
        for warm_up in [True] * 3 + [False] * arguments.rounds:
            took = milliseconds(lambda: session.run(OUTPUTS, {"image": tensor}))
            look = milliseconds(lambda: gate.look(radiograph))
            start = time.perf_counter()
            assessment = pipeline.assess(data)
            total = (time.perf_counter() - start) * 1000
            if not warm_up:
                bare.append(took)
                looks.append(look)
                whole.append(total)
                for stage, ms in assessment.timings_ms.items():
                    stages.setdefault(stage, []).append(ms)
    ratio = statistics.median(a / b for a, b in zip(whole, bare, strict=True))
    print(f"{engine.threads} threads, median of {arguments.rounds} rounds, in ms")
    print(f"bare session.run          {statistics.median(bare):7.1f}")
    print(f"bytes to ranked findings  {statistics.median(whole):7.1f}")
    for stage, values in stages.items():
        print(f"  {stage:<8}                {statistics.median(values):7.1f}")
    print(f"ratio                     {ratio:7.2f}")
    share = statistics.median(a / (b - a) for a, b in zip(looks, whole, strict=True))
    print(f"the gate's look           {statistics.median(looks):7.1f}, {share:.1%} of the rest")


if __name__ == "__main__":
    main()
