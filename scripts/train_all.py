"""Train three teachers, then the baseline as their student: one command for a GPU.

    python scripts/pack_films.py DIR --out PACKED
    python scripts/train_all.py --data PACKED --out OUT --device cuda --workers 14

What it runs it prints first, each a command that can be run alone. A run that is there is gone
on with, so the same command again goes on after an interruption. To try it out on a
CPU: `--share 0.001`. Ends with OUT/student/best.pt. Needs what
scripts/train_teacher.py and scripts/train_baseline.py need.
"""

import argparse
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parent
SHIPPED = SCRIPTS.parent / "models" / "nih-baseline" / "model.onnx"
TEACHERS = ((11, 160), (12, 192), (13, 224))
"""Seed and pixels a side."""
TEACHER_STEPS, STUDENT_STEPS = 2500, 3000


def commands(arguments: argparse.Namespace) -> list[list[str]]:
    """What is run, in this order."""
    common = ["--data", str(arguments.data), "--device", arguments.device,
              "--workers", str(arguments.workers), "--threads", str(arguments.threads)]  # fmt: skip
    runs, kept = [], list(arguments.teachers)
    for seed, side in TEACHERS:
        out = arguments.out / f"teacher-{seed}"
        runs.append([
            "train_teacher.py", *common, "--out", str(out), "--seed", str(seed),
            "--side", str(side), *length(TEACHER_STEPS, arguments.share),
        ])  # fmt: skip
        kept.append(f"{side}={out / 'teacher.pt'}")
    runs.append([
        "train_baseline.py", *common, "--out", str(arguments.out / "student"),
        "--start", str(SHIPPED), "--teachers", f"224={SHIPPED}", *kept, "--one-sharpness",
        "--rate", "4e-4", "--entropy", "0.5", *length(STUDENT_STEPS, arguments.share),
    ])  # fmt: skip
    return [[sys.executable, str(SCRIPTS / script), *rest] for script, *rest in runs]


def length(steps: int, share: float) -> list[str]:
    """Steps, and a look at the validation split ten times on the way."""
    steps = max(1, round(steps * share))
    return ["--steps", str(steps), "--every", str(max(1, steps // 10))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare films")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the steps, to try it out")
    parser.add_argument(
        "--teachers", nargs="*", default=[], metavar="SIDE=FILE", help="more that are there"
    )
    arguments = parser.parse_args()
    for command in commands(arguments):
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
