"""How many CPUs this process may really use."""

import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def usable_cpus(cgroup: Path = CGROUP, own_cgroup: Path = OWN_CGROUP) -> int:
    """CPUs left by affinity and by the container's quota; at least 1.

    A quota of 1.5 CPUs counts as 1: a second thread would be throttled half of the time.
    """
    quota = min(_quotas(cgroup, own_cgroup), default=float("inf"))
    return max(1, int(min(_affinity(), quota)))


def _affinity() -> int:
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        return len(process.cpu_affinity())
    return os.cpu_count() or 1


def _quotas(cgroup: Path, own_cgroup: Path) -> list[float]:
    """Quotas in CPUs of this process's control group and its parents (v2, then v1)."""
    quotas = []
    for folder in _control_groups(cgroup, own_cgroup):
        words = _words(folder / "cpu.max")
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit():
            quotas.append(int(words[0]) / max(1, int(words[1])))
    quota, period = (_words(cgroup / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota and period and quota[0].isdigit() and period[0].isdigit():
        quotas.append(int(quota[0]) / max(1, int(period[0])))
    return [quota for quota in quotas if quota > 0]


def _control_groups(cgroup: Path, own_cgroup: Path) -> list[Path]:
    try:
        lines = own_cgroup.read_text().splitlines()
    except OSError:
        lines = []
    own = next((line[3:].lstrip("/") for line in lines if line.startswith("0::")), "")
    folder = cgroup / own
    return [folder, *(parent for parent in folder.parents if parent.is_relative_to(cgroup))]


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
