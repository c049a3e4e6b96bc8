"""Processes and threads are measured once for each CPU and model, and remembered."""

import json

import pytest

from cxr_triage.batch.archive import layout as module
from cxr_triage.batch.archive.layout import Layout, best_layout, layouts, rate
from cxr_triage.model.catalog import find_model


def test_layouts_use_every_processor_that_divides():
    assert layouts(1) == [Layout(processes=1, threads=1)]
    assert layouts(4) == [
        Layout(processes=4, threads=1),
        Layout(processes=2, threads=2),
        Layout(processes=1, threads=4),
    ]
    assert [one.processes * one.threads for one in layouts(6)] == [6, 6, 4]


def test_a_layout_is_measured_with_the_model_itself():
    lite = find_model("nih-lite")
    assert rate(lite, Layout(processes=2, threads=1), seconds=0.2) > 0


@pytest.mark.parametrize("best", layouts(4))
def test_the_fastest_is_taken_and_not_measured_again(tmp_path, monkeypatch, best):
    monkeypatch.setattr(module, "rate", lambda folder, one: float(one == best))
    data = tmp_path / "data"
    assert best_layout(tmp_path / "model", data, 4) == best
    monkeypatch.setattr(module, "rate", None)
    assert best_layout(tmp_path / "model", data, 4) == best
    (known,) = json.loads((data / "layouts.json").read_text())
    assert module.cpu_name() in known


def test_what_was_kept_and_is_damaged_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "rate", lambda folder, one: one.threads)
    (tmp_path / "layouts.json").write_text("{")
    assert best_layout(tmp_path / "model", tmp_path, 2) == Layout(processes=1, threads=2)
