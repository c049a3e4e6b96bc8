import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'cxr-triage[evaluate]'")

from sklearn.metrics import brier_score_loss, roc_auc_score

from cxr_triage.evaluation.metrics import (
    at_cut,
    auc,
    auc_interval,
    brier,
    curves,
    is_small,
    reliability,
    resampled_auc,
)
from cxr_triage.evaluation.resampling import resample


def films(count=300, *, seed=1, ties=False):
    random = np.random.default_rng(seed)
    positive = random.random(count) < 0.3
    value = np.clip(random.normal(0.4 + 0.2 * positive, 0.15), 0, 1)
    return (np.round(value, 1) if ties else value), positive, random.integers(0, 90, count)


@pytest.mark.parametrize("ties", [False, True])
def test_auc_is_that_of_scikit_learn_with_and_without_ties(ties):
    value, positive, _ = films(ties=ties)
    assert auc(value, positive) == pytest.approx(roc_auc_score(positive, value), abs=1e-12)


def test_auc_of_a_case_done_by_hand():
    value = np.array([0.1, 0.4, 0.4, 0.8])
    positive = np.array([False, True, False, True])
    assert auc(value, positive) == (2 + 1.5) / 4


def test_no_auc_without_a_positive_or_without_a_negative():
    value = np.array([0.1, 0.9])
    assert auc(value, np.array([True, True])) is None
    assert auc(value, np.array([False, False])) is None
    assert curves(value, np.array([False, False]), np.array([0, 1])) is None


@pytest.mark.parametrize("ties", [False, True])
def test_each_resample_is_the_auc_of_the_films_drawn_again(ties):
    value, positive, patient = films(ties=ties)
    drawn = resample(90, resamples=20, seed=3)
    for counts, got in zip(
        drawn.counts, resampled_auc(value, positive, patient, drawn), strict=True
    ):
        again = np.repeat(np.arange(len(value)), counts[patient])
        assert got == pytest.approx(roc_auc_score(positive[again], value[again]), abs=1e-12)


def test_resamples_are_the_same_for_a_seed_and_draw_as_many_patients():
    first, second = (resample(40, resamples=30, seed=5) for _ in range(2))
    assert (first.counts == second.counts).all()
    assert (first.counts.sum(axis=1) == 40).all()
    assert (resample(40, resamples=30, seed=6).counts != first.counts).any()


def test_films_of_one_patient_widen_the_interval():
    value, positive, _ = films(150)
    value, positive = np.repeat(value, 4), np.repeat(positive, 4)
    alone, alike = np.arange(600), np.repeat(np.arange(150), 4)
    widths = []
    for patient in (alone, alike):
        drawn = resample(int(patient.max()) + 1, resamples=1000, seed=0)
        estimate = auc_interval(value, positive, patient, drawn)
        widths.append(estimate.high - estimate.low)
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.2)


def test_interval_holds_the_true_auc_about_as_often_as_it_says():
    """Normal scores one standard deviation apart: the true AUC is Φ(1/√2) = 0.760."""
    random, held = np.random.default_rng(0), 0
    for _ in range(100):
        positive = np.arange(120) < 40
        value = random.normal(positive.astype(float), 1)
        drawn = resample(120, resamples=1000, seed=1)
        estimate = auc_interval(value, positive, np.arange(120), drawn)
        held += estimate.low <= 0.7602 <= estimate.high
    assert 86 <= held <= 100


def test_no_interval_where_most_resamples_lack_a_positive():
    value, patient = np.linspace(0, 1, 30), np.arange(30)
    positive = np.zeros(30, np.bool_)
    positive[20:22] = True
    patient[20:22] = 20
    always = auc_interval(value, positive, patient, resample(30, resamples=1000, seed=0))
    assert always.low is not None
    one = resample(3000, resamples=1000, seed=0)
    one.counts[:, 20] = 0
    assert auc_interval(value, positive, patient, one).low is None


def test_brier_is_that_of_scikit_learn():
    value, positive, _ = films()
    assert brier(value, positive) == pytest.approx(brier_score_loss(positive, value))


def test_figures_at_a_cut_done_by_hand():
    flagged = np.array([1, 1, 1, 0, 0, 0, 0, 0], np.bool_)
    positive = np.array([1, 1, 0, 1, 0, 0, 0, 0], np.bool_)
    at = at_cut(flagged, positive, np.arange(8))
    assert (at.flagged, at.sensitivity.value, at.specificity.value, at.ppv.value) == (
        3,
        2 / 3,
        4 / 5,
        2 / 3,
    )


def test_no_predictive_value_where_nothing_is_flagged():
    at = at_cut(np.zeros(4, np.bool_), np.array([True, False, True, False]), np.arange(4))
    assert (at.sensitivity.value, at.ppv.value) == (0.0, None)


def test_reliability_of_a_model_that_is_right_lies_on_the_diagonal():
    random = np.random.default_rng(2)
    probability = random.random(20_000)
    bins = reliability(probability, random.random(20_000) < probability, np.arange(20_000))
    assert len(bins) == 10
    assert sum(one.films for one in bins) == 20_000
    assert all(abs(one.predicted - one.observed.value) < 0.04 for one in bins)


def test_curves_begin_and_end_in_their_corners_and_stay_short():
    value, positive, patient = films(5000)
    drawn = curves(value, positive, patient)
    assert (drawn.roc[0], drawn.roc[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert drawn.precision_recall[-1] == (0.0, 1.0)
    assert len(drawn.roc) <= 400
    x, y = np.array(drawn.roc).T
    assert np.trapezoid(y, x) == pytest.approx(auc(value, positive), abs=0.01)


@pytest.mark.parametrize(("positives", "small"), [(19, True), (20, False), (80, False), (81, True)])
def test_under_twenty_of_either_kind_is_small(positives, small):
    assert is_small(np.arange(100) < positives) is small
