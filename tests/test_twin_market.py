"""The smaller of two numbers by chance, beside sums over both distributions."""

import numpy as np
import pytest
from scipy.stats import poisson

from sim.twin.market import expected_smaller


def summed(one, other):
    """The mean of the smaller number, over all pairs of numbers."""
    most = int(max(one, other) + 12 * np.sqrt(max(one, other)) + 20)
    k = np.arange(most)
    both = np.outer(poisson.pmf(k, one), poisson.pmf(k, other))
    return float((both * np.minimum.outer(k, k)).sum())


@pytest.mark.parametrize(
    ("one", "other"), [(0.01, 0.02), (0.5, 0.4), (3, 9), (9.9, 10.5), (0.3, 80)]
)
def test_few_are_summed_exactly(one, other):
    np.testing.assert_allclose(expected_smaller(one, other), summed(one, other), rtol=1e-9)


@pytest.mark.parametrize(("one", "other"), [(11, 11), (40, 60), (150, 140)])
def test_of_many_the_difference_is_normal_within_half_a_percent(one, other):
    np.testing.assert_allclose(expected_smaller(one, other), summed(one, other), rtol=5e-3)


def test_where_one_side_is_empty_nobody_is_found():
    found = expected_smaller(np.array([0.0, 5.0, 0.0]), np.array([7.0, 0.0, 0.0]))
    np.testing.assert_array_equal(found, 0)


def test_never_more_than_there_are_of_either():
    rng = np.random.default_rng(1)
    one, other = rng.random((2, 500)) * 60
    found = expected_smaller(one, other)
    assert (found <= np.minimum(one, other)).all()
    assert (found > 0).all()
