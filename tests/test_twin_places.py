"""Shares of places of a type, and rows of children, beside sums made by hand."""

import numpy as np
import pytest

from sim.twin import places_kernel
from sim.twin.kids import NOBODY, YEARS, Kids

PLACES = 8  # two counties of four levels


def test_a_level_has_the_mean_factor_of_its_places():
    """A quarter lives in place 0 and a half in place 4, both of level 0; a quarter in place 1."""
    shares, factor = np.zeros((1, PLACES)), np.ones((1, PLACES, 2))
    shares[0, [0, 4, 1]] = 0.25, 0.5, 0.25
    factor[0, 0], factor[0, 4] = (2.0, 1.0), (5.0, 4.0)
    levels, mean = np.zeros((1, 4)), np.zeros((1, 4, 2))
    places_kernel.see(shares, factor, np.array([0]), levels, mean)
    np.testing.assert_allclose(levels, [[0.75, 0.25, 0, 0]])
    np.testing.assert_allclose(mean[0, 0], [4.0, 3.0])
    np.testing.assert_allclose(mean[0, 1:], 1.0)


def test_movers_and_leavers_are_of_the_places_that_let_them():
    """Of 100 persons half live in place 0 and half in place 4; ten move, all to 3; eight leave."""
    shares, factor = np.zeros((1, PLACES)), np.ones((1, PLACES, 2))
    shares[0, [0, 4]] = 0.5
    factor[0, 0] = 4.0, 1.0  # from place 0 four times as often, from place 4 thrice abroad
    factor[0, 4] = 1.0, 3.0
    by_level, to_level, to_county = np.zeros((1, 4, 2)), np.zeros((1, 4, 4)), np.zeros((1, 4, 2, 2))
    by_level[0, 0] = 10.0, 8.0
    to_level[0, :, 3], to_county[0, 3, :, 0] = 1.0, 1.0
    after = np.zeros((1, PLACES))
    places_kernel.part_with(
        shares, np.array([100.0]), factor, np.array([0]), by_level, to_level, to_county, after
    )
    expected = np.zeros(PLACES)
    expected[[0, 4, 3]] = 50 - 8 - 2, 50 - 2 - 6, 10
    np.testing.assert_allclose(after[0], expected)


def kids(kind, parents, persons):
    same = np.zeros(len(kind), dtype=np.int64)
    return Kids(np.array(kind), same, same + 2010, same + 2012, same, same, same, same,
                np.array(parents), np.array(persons))  # fmt: skip


def test_few_children_join_the_parents_of_the_heaviest_row_of_their_kind():
    """Rows of kind 0 with parents of kind 3 are one; those without parents or of kind 4 not."""
    three, four = 3 * YEARS, 4 * YEARS
    some = kids([0] * 4, [three + 300, three + 301, four + 300, NOBODY], [5.0, 0.01, 0.02, 0.01])
    found = some.lightened(0.05)
    held = dict(zip(found.parents.tolist(), found.persons.tolist(), strict=True))
    assert held == pytest.approx({three + 300: 5.01, four + 300: 0.02, NOBODY: 0.01})


def test_rows_left_out_are_stood_for_by_others_of_their_kind():
    found = kids([0, 0, 1], [NOBODY] * 3, [4.0, 0.001, 2.0]).without(0.01)
    assert found.kind.tolist() == [0, 1]
    np.testing.assert_allclose(found.persons, [4.001, 2.0])


def test_of_a_kind_with_light_rows_alone_the_heaviest_stands_for_all():
    found = kids([0, 0, 1], [NOBODY] * 3, [0.002, 0.001, 2.0]).without(0.01)
    assert found.kind.tolist() == [0, 1]
    np.testing.assert_allclose(found.persons, [0.003, 2.0])
