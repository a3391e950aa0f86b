"""Which replicates share a draw: ten by ten, in rings."""

import numpy as np
import pytest

from runs.crossing import ALONE, RING, draws_of, settled, sharing_of
from sim.economy import YEARS, deviations


def sharing_of_run(replicates):
    return sharing_of(*np.array([draws_of(k) for k in range(replicates)]).T)


def test_ten_replicates_or_fewer_share_nothing():
    drawn = [draws_of(k) for k in range(RING)]
    assert drawn == [(k, k) for k in range(RING)]
    shared = sharing_of_run(RING)
    assert shared.drawn == (True, True)
    assert not shared.parameters.size
    assert not shared.economy.size


@pytest.mark.parametrize("rings", [1, 2, 5])
def test_in_full_rings_everybody_shares_each_kind_with_one_other(rings):
    n = 2 * RING * rings
    shared = sharing_of_run(n)
    for pairs in shared.kinds:
        assert sorted(pairs.ravel()) == list(range(n))
    both = {frozenset(pair) for pair in shared.parameters.T}
    assert not both & {frozenset(pair) for pair in shared.economy.T}  # nobody shares all


def test_pairs_are_those_that_look_at_every_pair_finds():
    n = 47
    draws = [draws_of(k) for k in range(n)]
    shared = sharing_of_run(n)
    for kind, pairs in enumerate(shared.kinds):
        found = {(i, j) for i in range(n) for j in range(i) if draws[i][kind] == draws[j][kind]}
        assert {tuple(sorted(pair, reverse=True)) for pair in pairs.T} == found


def test_what_is_the_same_for_all_is_not_drawn():
    assert sharing_of([0] * 5, [0] * 5).drawn == ALONE.drawn
    one = sharing_of([0, 1, 2, 0], [0] * 4)
    assert one.drawn == (True, False)
    assert one.parameters.tolist() == [[0], [3]]
    assert not one.economy.size


def test_draws_of_the_economy_are_alike_as_long_as_they_are_told_to_be():
    """The year is that of the draws themselves: the first in which any of them strays."""
    strayed = np.any([deviations(number, 3) != 0 for number in range(3)], axis=(0, 2))
    np.testing.assert_array_equal(settled(YEARS), ~strayed)
    assert settled([2013, 2023, 2024, 2060]).tolist() == [True, True, False, False]
