"""`policy show` and `calibrate`, as commands."""

import json

from cxr_triage.calibration.reference import reference_films
from tests.cli.running import cxr_triage


def test_policy_show_says_what_the_policy_makes_of_the_model():
    shown = cxr_triage("policy", "show")
    assert shown.returncode == 0
    for part in ("films without findings of NIH", "517 without findings", "not measured", "Pareto"):
        assert part in shown.stdout
    assert "nothing is called critical" in shown.stdout


def test_policy_show_speaks_vietnamese_and_json():
    assert "Không ngưỡng nào được chọn" in cxr_triage("policy", "show", "--lang", "vi").stdout
    content = json.loads(cxr_triage("policy", "show", "--json", "--prevalence", "0.5").stdout)
    assert content["fitted"] is True
    assert content["prevalence"] == 0.5
    assert content["critical"] != "earned"
    assert 0.2 < content["figures"]["flagged"]["well_flagged"]["value"] < 0.36
    low = json.loads(cxr_triage("policy", "show", "--json", "--prevalence", "0.05").stdout)
    high = content["figures"]["flagged"]["ppv_at"]["value"]
    assert low["figures"]["flagged"]["ppv_at"]["value"] < high


def test_a_site_calibrates_with_its_own_films(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    part = reference_films("test")
    for name, content in zip(part.names[:12], part.contents(), strict=False):
        (films / name).write_bytes(content)
    out = tmp_path / "out"
    made = cxr_triage(
        "calibrate", films, "--policy", "research", "--out", out, "--name", "Station A"
    )
    assert made.returncode == 0, made.stderr
    assert "200 films without findings would move it" in made.stdout
    content = json.loads((out / "positions.json").read_text("utf-8"))
    assert content["population"] == "all"
    assert len(content["fit"]["patient"]) > 8
    assert "Station A" in (out / "calibration.html").read_text("utf-8")
    shown = cxr_triage("policy", "show", "--positions", out / "positions.json")
    assert "stays that of the reference films" in shown.stdout


def test_calibrate_wants_one_source():
    assert cxr_triage("calibrate").returncode == 2
