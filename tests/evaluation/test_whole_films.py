import numpy as np
import pytest

from cxr_triage.evaluation.film_figures import decision_figures, figures, table_of
from cxr_triage.evaluation.films import films_of, join
from cxr_triage.evaluation.resampling import resample
from cxr_triage.evaluation.results import read_results
from cxr_triage.evaluation.truth import read_truth
from cxr_triage.evaluation.whole_films import measure_films
from cxr_triage.triage.decision import decide
from cxr_triage.triage.policy import read_policy
from cxr_triage.triage.positions import positions_of
from tests.triage.builders import card
from tests.triage.test_decision import LABELS
from tests.triage.test_decision import films as made

from .builders import row, write_labels, write_results

MODEL = card(*LABELS)
SICK = np.array([True, True, True, False, False, False, False, False])
FLAGGED = np.array([True, True, False, True, False, False, False, False])


def of_eight(prevalence):
    return figures(
        FLAGGED,
        FLAGGED.astype(np.int64) * 2,
        sick=SICK,
        urgent=np.array([True] + [False] * 7),
        patient=np.arange(8),
        prevalence=prevalence,
        drawn=resample(8, resamples=1000, seed=0),
    )


def test_figures_are_those_of_the_counts():
    found = of_eight(0.5)
    assert found.well_flagged.value == pytest.approx(1 / 5)
    assert found.sensitivity.value == pytest.approx(2 / 3)
    assert found.sensitivity_urgent.value == 1.0
    assert (found.flags_well.value, found.flags_sick.value) == (
        pytest.approx(2 / 5),
        pytest.approx(4 / 3),
    )
    assert found.ppv.value == pytest.approx(2 / 3)
    assert found.npv.value == pytest.approx(4 / 5)


@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.5])
def test_predictive_values_follow_the_prevalence(prevalence):
    found = of_eight(prevalence)
    true, false = prevalence * 2 / 3, (1 - prevalence) / 5
    assert found.ppv_at.value == pytest.approx(true / (true + false))
    right, missed = (1 - prevalence) * 4 / 5, prevalence / 3
    assert found.npv_at.value == pytest.approx(right / (right + missed))
    assert found.ppv_at.low <= found.ppv_at.value <= found.ppv_at.high


def test_a_larger_share_flags_more_of_both():
    fit, measured = made(2000), made(1500, seed=2)
    positions = positions_of(MODEL, fit, measured, source="made-up films")
    policy = read_policy()
    decision = decide(MODEL, policy, positions)
    rows = table_of(decision, measured, policy)
    for name in ("well_flagged", "sensitivity", "sensitivity_urgent"):
        values = [one[name]["value"] for one in rows]
        assert values == sorted(values)
    for one in rows:
        assert one["well_flagged"]["value"] == pytest.approx(one["share"], abs=0.07)
        assert one["well_flagged"]["low"] < one["well_flagged"]["value"]
    whole = decision_figures(decision, measured, positions.labels, policy)
    assert whole.flagged.well_flagged.value == pytest.approx(0.3, abs=0.04)
    assert whole.urgent.well_flagged.value == pytest.approx(0.08, abs=0.02)
    assert whole.films == 1500


def measured_of(tmp_path, *, rarities, findings):
    rows, labels = [], []
    for place, (rarity, found) in enumerate(zip(rarities, findings, strict=True)):
        one = row(f"{place}.png", {"Effusion": 0.6 - 0.1 * (place % 5), "Nodule": 0.2})
        one["priority"] = "urgent" if rarity is not None and rarity < 0.1 else "none"
        for finding in one["findings"]:
            finding["rarity"] = rarity if finding["label"] == "Effusion" else rarity and 0.9
        rows.append(one)
        labels.append({"image": str(place), "findings": found, "patient": str(place), "sex": "F"})
    results = read_results(write_results(tmp_path / "r", rows))
    truth = read_truth(write_labels(tmp_path / "l.csv", labels))
    joined = join(results, truth)
    return measure_films(
        joined, films_of(results, truth, joined), read_policy(), prevalence=0.2,
        resamples=1000, seed=0,
    )  # fmt: skip


def test_films_are_measured_by_the_rarity_that_they_got(tmp_path):
    whole = measured_of(
        tmp_path,
        rarities=[0.03, 0.04, 0.3, 0.6, 0.04, 0.5, 0.7, 0.8, 0.9, 1.0],
        findings=["Effusion", "Effusion", "Nodule", "Nodule"] + [""] * 6,
    )
    assert whole.fitted
    assert (whole.sick, whole.well) == (4, 6)
    first = whole.rows[0].figures
    assert whole.rows[0].share == 0.05
    assert first.sensitivity.value == pytest.approx(0.5)
    assert first.sensitivity_urgent.value == 1.0
    assert first.well_flagged.value == pytest.approx(1 / 6)
    assert whole.urgent.auc.value == pytest.approx(11.5 / 12, abs=0.06)
    assert whole.given["urgent"].sensitivity.value == pytest.approx(0.5)
    assert [group.group for group in whole.groups["sex"]] == ["F"]


def test_films_that_were_not_fitted_get_cuts_of_their_own(tmp_path):
    whole = measured_of(tmp_path, rarities=[None] * 20, findings=["Effusion"] * 4 + [""] * 16)
    assert not whole.fitted
    for one in whole.rows:
        assert one.figures.well_flagged.value <= one.share + 1e-9


def test_without_well_films_nothing_is_measured(tmp_path):
    assert measured_of(tmp_path, rarities=[0.1] * 3, findings=["Effusion"] * 3) is None
