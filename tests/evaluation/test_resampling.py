import numpy as np
import pytest

from cxr_triage.evaluation.resampling import proportion, resample, resampled_mean, wilson


def test_wilson_is_the_published_interval():
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263."""
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_films_of_different_patients_have_wilsons_interval():
    hit = np.arange(263) < 81
    estimate = proportion(hit, np.arange(263))
    assert (estimate.low, estimate.high) == pytest.approx(wilson(81 / 263, 263), abs=0.001)


def test_four_equal_films_of_a_patient_count_as_one():
    hit, patient = np.repeat(np.arange(100) < 30, 4), np.repeat(np.arange(100), 4)
    estimate = proportion(hit, patient)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.3, 100), abs=0.003)


def test_patients_who_differ_within_never_count_more_than_their_films():
    hit, patient = np.tile([True, False], 50), np.repeat(np.arange(50), 2)
    estimate = proportion(hit, patient)
    assert estimate.high - estimate.low > 0.15


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_or_none_still_has_an_interval_and_counts_patients_once(share):
    estimate = proportion(np.full(40, bool(share)), np.repeat(np.arange(10), 4))
    assert (estimate.low, estimate.high) == wilson(share, 10)
    assert estimate.high - estimate.low > 0.2


def test_nothing_to_count_has_no_figure():
    estimate = proportion(np.array([], np.bool_), np.array([], np.int64))
    assert (estimate.value, estimate.low) == (None, None)


def test_resampled_mean_has_the_interval_of_theory():
    values = np.random.default_rng(0).normal(5, 2, 400)
    drawn = resample(400, resamples=2000, seed=0)
    estimate = resampled_mean(values, np.arange(400), drawn)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.1, rel=0.1)
