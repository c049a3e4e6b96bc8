import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.triage.tail import Tail

FINITE = st.floats(min_value=-50, max_value=50)
POPULATIONS = st.lists(FINITE, min_size=1, max_size=300)


@given(POPULATIONS, FINITE, FINITE)
def test_what_lies_over_a_value_never_rises_with_it(population, one, other):
    tail = Tail.of(population)
    low, high = sorted((one, other))
    assert 0 < tail.above(high) <= tail.above(low) <= 1
    assert 0 <= tail.below(low) <= tail.below(high) <= 1


@given(POPULATIONS, st.floats(min_value=0, max_value=1))
def test_at_most_the_wanted_share_reaches_the_value_at_it(population, share):
    tail = Tail.of(population)
    value = tail.value_at(share)
    assert np.mean(np.array(population) >= value) <= max(share, tail.share) + 1e-9
    if math.isfinite(value) and share > 0.5 / len(population):
        assert tail.above(value) <= share + 1e-9


@pytest.mark.parametrize("skew", [0.0, 1.0])
def test_many_at_once_are_as_one_by_one(skew):
    tail = Tail.of(np.exp(skew * np.random.default_rng(4).normal(0, 1, 400)))
    values = np.linspace(-1, 20, 50)
    assert tail.above_each(values).tolist() == [tail.above(value) for value in values]


def test_few_films_are_counted_as_they_are():
    tail = Tail.of([1.0, 2.0, 3.0])
    assert [tail.above(x) for x in (0.5, 1, 2, 3)] == [1, 1, 2 / 3, 1 / 3]
    assert tail.above(99) == pytest.approx(0.5 / 3)
    assert [tail.below(x) for x in (1, 1.5, 99)] == [0, 1 / 3, 1]


def test_a_cut_lies_halfway_between_two_films_and_just_over_the_last():
    tail = Tail.of([1.0, 2.0, 4.0])
    assert tail.value_at(0.7) == 1.5
    assert tail.value_at(0.5) == 3.0
    assert tail.value_at(0.1) == pytest.approx(4.0001, abs=1e-9)
    assert (tail.value_at(0.0), tail.value_at(1.0)) == (math.inf, -math.inf)
    assert tail.value_at(math.inf) == -math.inf


def test_a_share_is_so_many_films_whatever_a_float_makes_of_it():
    assert 0.29 * 100 < 29
    assert Tail.of(np.arange(100)).value_at(0.29) == 70.5


def test_ten_films_over_the_ninth_tenth_tell_a_shape_and_nine_do_not():
    nine, ten = Tail.of(np.arange(99)), Tail.of(np.arange(100))
    assert (nine.begins, nine.above(200)) == (math.inf, 0.5 / 99)
    assert (ten.begins, ten.share) == (89, 0.1)
    assert ten.above(89) == 0.11  # itself and ten others
    assert 0 < ten.above(100) < ten.above(99) < ten.above(89.001) < 0.1
    assert ten.below(95) == 1 - ten.above(95)
    assert ten.below(89) == 0.89


def test_a_cut_at_the_tenth_leaves_out_the_film_that_it_starts_from_and_no_other():
    wide, narrow = Tail.of(np.arange(200)), Tail.of(np.arange(200) * 1e-5)
    assert wide.value_at(0.1) == pytest.approx(179.0001, abs=1e-9)
    assert narrow.value_at(0.1) == pytest.approx(179.5e-5, abs=1e-12)
    tied = Tail.of([*range(100), *[100] * 80, *range(101, 121)])
    assert (tied.begins, tied.value_at(0.2)) == (100, 100.0001)


def test_between_two_cuts_of_the_tail_lies_what_its_shape_says():
    tail = Tail.of(np.random.default_rng(2).pareto(3.0, 5000))
    for share in (0.09, 0.03, 0.004, 1e-5):
        assert tail.above(tail.value_at(share)) == pytest.approx(share)
    assert tail.above(1e200) == 1e-12


def test_films_that_are_all_alike_are_not_unusual_and_what_lies_over_them_is():
    tail = Tail.of([4.0] * 500)
    assert (tail.above(4.0), tail.below(4.0)) == (1.0, 0.0)
    assert tail.above(4.1) == pytest.approx(0.001)
    assert tail.value_at(0.3) > 4.0


def test_the_tail_of_an_exponential_population_is_found_where_no_film_lies():
    population = np.random.default_rng(1).exponential(2.0, 2000)
    tail = Tail.of(population)
    for share in (0.05, 0.01, 0.001):
        assert tail.value_at(share) == pytest.approx(-2 * math.log(share), rel=0.12)
        assert tail.above(tail.value_at(share)) == pytest.approx(share)
    assert tail.above(1e6) > 0


def test_shape_and_scale_are_those_of_hosking_and_wallis():
    """Their moments α, their κ = −shape, and their plotting positions (i − 0.35) / n."""
    population = np.sort(np.random.default_rng(5).pareto(4.0, 150))
    excess = population[-15:] - population[-16]
    position = (np.arange(1, 16) - 0.35) / 15
    first, second = np.mean(excess), np.mean((1 - position) * excess)
    tail = Tail.of(population)
    assert 0 < tail.shape < 0.5
    assert tail.shape == pytest.approx(2 - first / (first - 2 * second))
    assert tail.scale == pytest.approx(2 * first * second / (first - 2 * second))


def test_shape_is_that_of_the_population_within_what_is_allowed():
    """Quantiles of a Pareto distribution; beyond a cut, one of the same shape."""
    over = 1 - (np.arange(5000) + 0.5) / 5000
    assert Tail.of(over**-0.25).shape == pytest.approx(0.25, abs=0.02)
    assert Tail.of(over**-0.9).shape == 0.5
    assert Tail.of(-(over**2)).shape == 0.0


@pytest.mark.parametrize("population", [[], [1.0, math.nan], [math.inf]])
def test_a_population_has_finite_values(population):
    with pytest.raises(ValueError, match=r"^a population has finite values$"):
        Tail.of(population)
