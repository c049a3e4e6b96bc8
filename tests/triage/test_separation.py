"""How well a score parts two kinds of films, and between which bounds that is known."""

import math

import numpy as np
import pytest

from cxr_triage.triage.separation import auc_interval


def interval(sick, well):
    score = np.array([*sick, *well], np.float64)
    return auc_interval(score, np.arange(len(score)) < len(sick))


def test_auc_is_the_share_of_pairs_in_which_the_sick_film_is_higher_ties_by_half():
    assert interval([3, 1], [0, 2]).value == pytest.approx(3 / 4)
    assert interval([3, 2], [0, 2, 2]).value == pytest.approx(5 / 6)
    assert interval([0, 1], [2, 3]).value == 0
    assert interval([5, 5], [5, 5, 5]).value == 0.5


@pytest.mark.parametrize("number", [2, 25])
def test_interval_is_that_of_delong(number):
    """Their formula over all pairs, where ours counts ranks."""
    random = np.random.default_rng(2)
    sick, well = random.normal(0.5, 1, number).round(1), random.normal(0, 1, 40).round(1)
    over = (sick[:, None] > well) + (sick[:, None] == well) / 2
    variance = np.var(over.mean(1), ddof=1) / len(sick) + np.var(over.mean(0), ddof=1) / len(well)
    found = interval(sick, well)
    assert found.value == pytest.approx(over.mean())
    assert found.low == pytest.approx(over.mean() - 1.96 * math.sqrt(variance), abs=1e-5)
    assert found.high == pytest.approx(over.mean() + 1.96 * math.sqrt(variance), abs=1e-5)


def test_one_film_of_a_kind_tells_nothing():
    for sick, well, low, high in (([9], range(5), 0.02, 1), (range(9, 12), [12], 0, 0.98)):
        found = interval(sick, well)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


def test_interval_stays_between_0_and_1():
    close = interval([2, 3, 4, 5, 6, 7], [0, 1, 1, 2, 3])
    assert close.high == 1
    turned = interval([0, 1, 1, 2, 3], [2, 3, 4, 5, 6, 7])
    assert turned.low == 0


def test_without_a_film_of_each_kind_there_is_nothing_to_part():
    assert interval([1, 2], []) is None
    assert interval([], [1, 2]) is None
