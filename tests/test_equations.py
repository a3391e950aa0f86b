"""Margins as linear equations, on three families that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration.equations import Block, bands, block, in_persons
from calibration.pool import COLUMNS, Pool


def pool_of(family, **columns):
    """Return a pool of persons in these families; what is not given is 0."""
    family = np.asarray(family, dtype=np.int64)
    persons = {name: np.zeros(family.size, dtype=np.int64) for name in COLUMNS}
    persons |= {name: np.asarray(column, dtype=np.int64) for name, column in columns.items()}
    families = int(family.max()) + 1
    return Pool(
        {**persons, "family": family}, np.zeros(families, dtype=np.int64), np.ones(families)
    )


@pytest.fixture
def three():
    """A couple with a son, a man alone, two sisters."""
    return pool_of([0, 0, 0, 1, 2, 2], sex=[0, 1, 1, 1, 0, 0], age=[40, 42, 9, 30, 20, 22])


NUMBER = np.array([10.0, 4.0, 0.5])


def test_persons_are_counted_with_the_number_of_their_family(three):
    counted = block("sex", ["women", "men"], three, three["sex"], [12, 20], 2, "nobody")
    assert_array_equal(counted.matrix.toarray(), [[1, 0, 2], [2, 1, 0]])
    assert_allclose(counted.found(NUMBER), [11, 24])
    assert_allclose(counted.residuals(NUMBER), [-0.5, 2])
    assert (counted.name, counted.cells, counted.source) == ("sex", ("women", "men"), "nobody")


def test_persons_without_a_label_are_left_out(three):
    label = np.where(three["age"] >= 18, 0, -1)
    assert_allclose(block("adults", ["all"], three, label, 25, 1, "").found(NUMBER), [25])


def test_a_share_is_an_equation_with_target_0(three):
    """Half of all adults are women: 12 of 24 men and women are not met by 11 and 14."""
    value = (three["sex"] == 0) - 0.5
    label = np.where(three["age"] >= 18, 0, -1)
    share = block("women", ["all"], three, label, 0, 1, "", value)
    assert_allclose(share.found(NUMBER), 11 - 0.5 * 25)
    assert_allclose(share.found(np.array([1, 0, 0])), 0)


def test_one_target_and_one_tolerance_serve_every_cell(three):
    both = block("sex", ["women", "men"], three, three["sex"], 7, 3, "")
    assert_array_equal(both.target, [7, 7])
    assert_array_equal(both.tolerance, [3, 3])


def test_a_table_of_targets_is_read_row_by_row(three):
    label = three["sex"] * 2 + (three["age"] >= 30)
    table = block("sex x age", list("abcd"), three, label, [[1, 2], [3, 4]], [[5, 6], [7, 8]], "")
    assert_array_equal(table.target, [1, 2, 3, 4])
    assert_array_equal(table.tolerance, [5, 6, 7, 8])
    assert_allclose(table.found(NUMBER), [1, 10, 10, 14])


def test_no_tolerance_is_zero(three):
    exact = block("sex", ["women", "men"], three, three["sex"], [1, 0], [1, 0], "")
    assert (exact.tolerance > 0).all()
    assert np.isfinite(exact.residuals(NUMBER)).all()


def test_a_wrong_number_of_targets_is_an_error(three):
    with pytest.raises(ValueError):
        block("sex", ["women", "men"], three, three["sex"], [1, 2, 3], 1, "")


def test_every_person_has_the_number_of_the_family(three):
    assert_array_equal(in_persons(three, NUMBER), [10, 10, 10, 4, 0.5, 0.5])


@given(st.data())
def test_any_block_adds_up_values_person_by_person(data):
    n = data.draw(st.integers(1, 12))
    family = np.sort(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    family = np.unique(family, return_inverse=True)[1]
    label = data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n))
    value = data.draw(st.lists(st.floats(-5, 5), min_size=n, max_size=n))
    pool = pool_of(family)
    number = np.array(data.draw(st.lists(st.floats(0, 9), min_size=5, max_size=5)))
    number = number[: pool.level.size]
    found = block("any", list("abc"), pool, np.array(label), 0, 1, "", value)
    expected = [0.0, 0.0, 0.0]
    for person in range(n):
        if label[person] >= 0:
            expected[label[person]] += value[person] * number[family[person]]
    assert isinstance(found, Block)
    assert_allclose(found.found(number), expected, atol=1e-9)


@given(
    st.lists(st.integers(-5, 120), max_size=20),
    st.lists(st.integers(0, 100), min_size=1, max_size=8, unique=True).map(sorted),
)
def test_a_band_is_the_last_that_has_begun(values, starts):
    expected = [max((i for i, s in enumerate(starts) if s <= v), default=-1) for v in values]
    assert_array_equal(bands(np.array(values, dtype=int), starts), np.array(expected, dtype=int))
