import pytest

from cxr_triage.model import cpus
from cxr_triage.model.cpus import usable_cpus


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A control group file system of a container on a machine with 16 CPUs."""
    monkeypatch.setattr(cpus, "_affinity", lambda: 16)
    own = tmp_path / "own"
    own.write_text("0::/system.slice/triage.service\n")
    root = tmp_path / "cgroup"
    (root / "system.slice" / "triage.service").mkdir(parents=True)
    return root, own


def test_no_quota_leaves_the_affinity(groups):
    assert usable_cpus(*groups) == 16


def test_quota_of_the_own_group_counts(groups):
    root, own = groups
    (root / "system.slice/triage.service/cpu.max").write_text("200000 100000\n")
    assert usable_cpus(root, own) == 2


def test_quota_of_a_parent_counts(groups):
    root, own = groups
    (root / "cpu.max").write_text("300000 100000\n")
    (root / "system.slice/triage.service/cpu.max").write_text("max 100000\n")
    assert usable_cpus(root, own) == 3


def test_version_1_quota_counts(groups):
    root, own = groups
    (root / "cpu").mkdir()
    (root / "cpu/cpu.cfs_quota_us").write_text("400000")
    (root / "cpu/cpu.cfs_period_us").write_text("100000")
    assert usable_cpus(root, own) == 4


@pytest.mark.parametrize(("quota", "threads"), [("150000", 1), ("50000", 1), ("250000", 2)])
def test_part_of_a_cpu_is_not_a_thread(groups, quota, threads):
    root, own = groups
    (root / "cpu.max").write_text(f"{quota} 100000")
    assert usable_cpus(root, own) == threads


@pytest.mark.parametrize("content", ["", "max", "x y", "-1 100000", "100000 0"])
def test_odd_quota_files_are_survived(groups, content):
    root, own = groups
    (root / "cpu.max").write_text(content)
    assert usable_cpus(root, own) >= 1


def test_machine_without_control_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(cpus, "_affinity", lambda: 4)
    assert usable_cpus(tmp_path / "none", tmp_path / "neither") == 4
