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


@given(POPULATIONS, st.lists(FINITE, min_size=1, max_size=20))
def test_many_at_once_are_as_one_by_one(population, values):
    tail = Tail.of(population)
    assert tail.above_each(np.array(values)) == pytest.approx(
        [tail.above(value) for value in values], rel=1e-9
    )


def test_few_films_are_counted_as_they_are():
    tail = Tail.of([1.0, 2.0, 3.0])
    assert [tail.above(x) for x in (0.5, 1, 2, 3)] == [1, 1, 2 / 3, 1 / 3]
    assert tail.above(99) == pytest.approx(0.5 / 3)
    assert [tail.below(x) for x in (1, 1.5, 99)] == [0, 1 / 3, 1]


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


def test_a_heavy_tail_is_seen_to_be_heavy():
    population = np.random.default_rng(2).pareto(3.0, 5000)
    assert 0.15 < Tail.of(population).shape <= 0.5


@pytest.mark.parametrize("population", [[], [1.0, math.nan], [math.inf]])
def test_a_population_has_finite_values(population):
    with pytest.raises(ValueError, match="finite"):
        Tail.of(population)
