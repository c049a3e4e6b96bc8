"""Every comparison in one run: JSON, Markdown and plots in out/bench.

    python benchmarks/bench.py [--out DIR] [--films N] [--rounds N] [--only NAME ...] [--large]

Both sides of a row see the same files in the same run, in turn; what counts is the ratio. Films are
links to the demonstration's real ones. Without torch and torchxrayvision their side is missing.
--large: 10,000 files too. The service and its pages have commands of their own in `make bench`.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import psutil

import bench_sections as sections
from bench_sections import Measured

SECTIONS: dict[str, Callable[[argparse.Namespace], list[Measured]]] = {
    "film": sections.one_film,
    "folder": sections.folder,
    "engine": sections.engine,
    "decoding": sections.decoding,
    "size": sections.size,
    "number": sections.number,
    "install": sections.install,
}


def cpu_name() -> str:
    """As the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "?")


def markdown(machine: str, measured: list[Measured]) -> str:
    """A table, ratios in words."""
    lines = [f"On {machine}.", "", "| what | ours | beside it | ratio |", "|---|---|---|---|"]
    for one in measured:
        beside = "" if one.beside is None else f"{one.beside:.3g} {one.unit} ({one.peer})"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        lines.append(f"| {one.what} | {one.value:.3g} {one.unit} | {beside} | {ratio} |")
    return "\n".join(lines) + "\n"


def plot(folder: Path, measured: list[Measured]) -> None:
    """A bar a ratio, and lines of what grows, as SVG; nothing without matplotlib."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (an extra)
    except ImportError:
        return
    compared = [one for one in measured if one.ratio is not None]
    if compared:
        figure = Figure(figsize=(9, 0.45 * len(compared) + 1), layout="constrained")
        axes = figure.subplots()
        lengths = [one.ratio or 0.0 for one in compared]
        axes.barh([one.what for one in compared], lengths, color="#3f7fc4")
        axes.axvline(1, color="#14181d", linewidth=1)
        axes.invert_yaxis()
        axes.set_xlabel("ratio")
        figure.savefig(folder / "ratios.svg")
    for name in ("size", "number"):
        lines: dict[str, list[tuple[float, float]]] = {}
        for one in measured:
            if one.section == name and one.at is not None:
                lines.setdefault(one.unit, []).append((one.at, one.value))
        if not lines:
            continue
        figure = Figure(figsize=(4.5 * len(lines), 3.2), layout="constrained")
        for axes, (unit, points) in zip(
            figure.subplots(1, len(lines), squeeze=False)[0], lines.items(), strict=True
        ):
            axes.plot(*zip(*sorted(points), strict=True), marker="o")
            axes.set_xlabel("megapixels" if name == "size" else "files")
            axes.set_ylabel(unit)
            axes.set_ylim(bottom=0)
        figure.savefig(folder / f"{name}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", choices=sorted(SECTIONS), default=[])
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    load = psutil.getloadavg()[0]
    machine = f"{psutil.cpu_count()} cores of {cpu_name()}, {platform.system()}, Python "
    machine += f"{platform.python_version()}, load {load:.1f} at the start"
    measured: list[Measured] = []
    for name, section in SECTIONS.items():
        if arguments.only and name not in arguments.only:
            continue
        start = time.monotonic()
        measured += section(arguments)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
        said = {"machine": machine, "measured": [asdict(one) for one in measured]}
        (arguments.out / "bench.json").write_text(json.dumps(said, indent=1) + "\n")
    table = markdown(machine, measured)
    (arguments.out / "bench.md").write_text(table)
    plot(arguments.out, measured)
    print(table)


if __name__ == "__main__":
    main()
