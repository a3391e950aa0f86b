"""Raking and whole numbers, on tables small enough to check by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration.raking import Margin, cut_lines, deal, pair_up, rake, smooth_counts, whole_numbers


def test_raking_reaches_its_margins_and_keeps_the_odds_ratio():
    start = np.array([[1.0, 2.0], [3.0, 1.0]])
    rows = Margin("rows", np.array([[0], [1]]), np.array([30.0, 70.0]))
    columns = Margin("columns", np.array([0, 1]), np.array([60.0, 40.0]))

    table = rake(start, [rows, columns])

    assert_allclose(table.sum(axis=1), [30, 70], rtol=1e-8)
    assert_allclose(table.sum(axis=0), [60, 40], rtol=1e-8)
    assert_allclose(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]), 1 / 6)


def test_cells_outside_a_margin_are_left_alone():
    some = Margin("some", np.array([0, 0, -1]), np.array([10.0]))
    assert_allclose(rake(np.array([1.0, 4.0, 7.0]), [some]), [2, 8, 7])


def test_a_margin_over_an_empty_start_is_refused():
    wanted = Margin("rows", np.array([0, 1]), np.array([1.0, 5.0]))
    with pytest.raises(ValueError, match=r"'rows': entry 1 should hold 5, but .* is empty there"):
        rake(np.array([1.0, 0.0]), [wanted])


def test_whole_numbers_add_up_and_are_within_one():
    shares = np.array([0.5, 1.5, 2.2, 0.0, 5.8])
    whole = whole_numbers(shares, 101)
    assert whole.sum() == 101
    assert (np.abs(whole - shares * 10.1) < 1).all()
    assert_array_equal(whole_numbers([1, 1, 1], 2), [1, 1, 0])  # ties go to the earlier cell
    assert_array_equal(whole_numbers([1, 2], 0), [0, 0])


def test_dealing_gives_every_group_its_shares_to_within_one():
    group = np.repeat([2, 0, 1], [100, 7, 33])
    shares = np.array([[1.0, 1, 0], [0.2, 0.3, 0.5], [0, 0, 9]])
    cell = deal(group, shares, np.random.default_rng(0))
    for g in range(3):
        found = np.bincount(cell[group == g], minlength=3)
        expected = shares[g] / shares[g].sum() * (group == g).sum()
        assert (np.abs(found - expected) < 1).all()


def test_two_deals_are_independent():
    group, half = np.zeros(40_000, dtype=int), np.array([[1.0, 1.0]])
    rng = np.random.default_rng(0)
    first, second = deal(group, half, rng), deal(group, half, rng)
    # Standard error of the correlation is 0.005: six of them, false alarm 2e-9.
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_whole_shares_are_dealt_exactly():
    cells = cut_lines(np.array([5, 3]), np.array([[2.0, 3], [3, 0]]), np.random.default_rng(1))
    assert_array_equal(cells, [0, 0, 1, 1, 1, 0, 0, 0])


def test_pairs_have_equal_keys_and_nobody_is_paired_twice():
    left, right = np.array([3, 1, 3, 2, 3]), np.array([2, 3, 3, 5, 2])
    a, b = pair_up(left, right)
    assert_array_equal(left[a], right[b])
    assert_array_equal(np.sort(a), [0, 2, 3])
    assert np.unique(b).size == 3
    assert pair_up(left[:0], right)[0].size == 0


def test_smoothing_keeps_totals_and_a_straight_line():
    edges = np.array([0, 3, 10, 20])
    line = 20.0 - np.arange(20)  # runs out at 20: no bend anywhere
    totals = np.add.reduceat(line, edges[:-1])
    assert_allclose(smooth_counts(edges, totals), line, rtol=1e-6)
    steep = smooth_counts(edges, np.array([1.0, 500.0, 3.0]))
    assert_allclose(np.add.reduceat(steep, edges[:-1]), [1, 500, 3], rtol=1e-6)
    assert (steep > 0).all()


# --- Edges ---

shares = st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda s: sum(s) > 1e-3)


@given(shares, st.integers(0, 10_000))
def test_any_shares_are_rounded_to_their_total_and_within_one(parts, total):
    whole = whole_numbers(parts, total)
    exact = np.array(parts) * (total / np.sum(parts))
    assert whole.sum() == total
    assert (np.abs(whole - exact) < 1 + 1e-6).all()
    assert (whole[exact == 0] == 0).all()


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 200), st.integers(0, 2**32 - 1))
def test_any_deal_gives_shares_to_within_one_and_never_an_empty_cell(groups, cells, n, seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 4, (groups, cells)) + np.eye(groups, cells)
    table[:, 0] += table.sum(axis=1) == 0
    group = rng.integers(0, groups, n)
    cell = deal(group, table, rng)
    assert (table[group, cell] > 0).all()
    found = np.zeros(table.shape)
    np.add.at(found, (group, cell), 1)
    expected = table / table.sum(axis=1, keepdims=True) * found.sum(axis=1, keepdims=True)
    assert (np.abs(found - expected) < 1 + 1e-9).all()


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(1, 1e5)), min_size=2, max_size=8))
def test_any_group_totals_are_smoothed_without_a_negative_year(groups):
    lengths, totals = zip(*groups, strict=True)
    edges = np.cumsum([0, *lengths])
    curve = smooth_counts(edges, np.array(totals))
    assert curve.size == edges[-1]
    assert (curve > 0).all()
    assert_allclose(np.add.reduceat(curve, edges[:-1]), totals, rtol=1e-6)


@given(st.lists(st.integers(0, 5), max_size=40), st.lists(st.integers(0, 5), max_size=40))
def test_any_lists_are_paired_as_far_as_both_reach(left, right):
    left, right = np.array(left, dtype=int), np.array(right, dtype=int)
    a, b = pair_up(left, right)
    assert_array_equal(left[a], right[b])
    assert np.unique(a).size == a.size == np.unique(b).size
    assert a.size == sum(min((left == key).sum(), (right == key).sum()) for key in range(6))


def test_margins_that_contradict_each_other_leave_the_last_one_met():
    wanted = [Margin("all", np.array([0, 0]), np.array([n])) for n in (10.0, 30.0)]
    assert_allclose(rake(np.ones(2), wanted), [15, 15])
