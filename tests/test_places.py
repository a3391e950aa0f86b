"""Municipalities for families: persons, not families, add up to the counties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.places import LEVELS, by_level, settle
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF
from tests.conftest import load

EXISTS = np.zeros((LEVELS, len(COUNTY)), dtype=bool)
EXISTS[CENTRALITY_OF, COUNTY_OF] = True


def stock_like(rng, groups=1):
    """Return a random stock of persons by group, level and county, where municipalities are."""
    return rng.uniform(1, 50, (groups, LEVELS, len(COUNTY))) * EXISTS


def persons_found(place, level, members):
    """Return persons by group, level and county."""
    found = np.zeros((members.shape[1], LEVELS, len(COUNTY)))
    for group, persons in enumerate(members.T):
        np.add.at(found[group], (level, COUNTY_OF[place]), persons)
    return found


def test_a_family_stays_at_its_level():
    rng = np.random.default_rng(1)
    level = rng.integers(0, LEVELS, 5_000)
    place = settle(np.zeros(5_000, dtype=int), level, np.ones((5_000, 1)), stock_like(rng), rng)
    np.testing.assert_array_equal(CENTRALITY_OF[place], level)


def test_persons_and_not_families_add_up_to_the_counties():
    """Single workers live in some counties, pairs of refugees in others; stocks are of persons."""
    rng = np.random.default_rng(2)
    families = load(8_000, 4_000)
    kind, level = rng.integers(0, 2, families), rng.integers(0, LEVELS, families)
    members = np.array([[1.0, 0.0], [0.0, 5.0]])[kind]
    stock = stock_like(rng, 2)
    place = settle(kind, level, members, stock, rng)
    found = persons_found(place, level, members)
    wanted = stock / stock.sum(axis=2, keepdims=True) * found.sum(axis=2, keepdims=True)
    # Each kind is dealt to within two families a county at each level.
    assert (np.abs(found[0] - wanted[0]) <= 2 * 1 + 1e-6).all()
    assert (np.abs(found[1] - wanted[1]) <= 2 * 5 + 1e-6).all()


def test_mixed_families_are_settled_so_that_every_group_holds():
    """Two kinds share a group: the stocks of both groups hold, as they were made to be possible."""
    rng = np.random.default_rng(3)
    families = load(20_000, 10_000)
    kind = rng.integers(0, 2, families)
    level = np.full(families, 3)
    members = np.array([[1.0, 0.0], [1.0, 2.0]])[kind]
    share = np.where(EXISTS[3], rng.uniform(1, 9, (2, len(COUNTY))), 0)
    share /= share.sum(axis=1, keepdims=True)
    linked = np.stack([members[kind == k].sum(axis=0) for k in (0, 1)])
    stock = stock_like(rng, 2)
    stock[:, 3] = linked.T @ share
    found = persons_found(settle(kind, level, members, stock, rng), level, members)
    assert (np.abs(found - stock)[:, 3] <= 0.002 * families).all()


def test_counties_without_stock_get_nobody():
    rng = np.random.default_rng(4)
    stock = stock_like(rng)
    stock[:, :, 2] = 0  # Oslo, alone at its level
    stock[:, 3, 5] = 0
    level = rng.integers(0, LEVELS, 4_000)
    place = settle(np.zeros(4_000, dtype=int), level, np.ones((4_000, 1)), stock, rng)
    assert not (COUNTY_OF[place] == 2).any()
    assert not ((COUNTY_OF[place] == 5) & (level == 3)).any()


def test_municipalities_of_a_county_and_level_weigh_the_same():
    rng = np.random.default_rng(5)
    families = 40_000
    level = np.zeros(families, dtype=int)
    stock = stock_like(rng)
    place = settle(level, level, np.ones((families, 1)), stock, rng)
    count = np.bincount(place, minlength=COUNTY_OF.size)
    for county in np.flatnonzero(EXISTS[0]):
        alike = count[(county == COUNTY_OF) & (CENTRALITY_OF == 0)]
        assert alike.max() - alike.min() <= 1


@given(seed=st.integers(0, 10_000), families=st.integers(1, 60), kinds=st.integers(1, 5))
def test_hardly_any_families_are_settled_too(seed, families, kinds):
    rng = np.random.default_rng(seed)
    level = rng.integers(0, LEVELS, families)
    kind = rng.integers(0, kinds, families)
    members = rng.integers(0, 4, (families, 3)).astype(float)
    place = settle(kind, level, members, stock_like(rng, 3), rng)
    np.testing.assert_array_equal(CENTRALITY_OF[place], level)


def test_persons_of_counties_are_divided_so_that_levels_hold():
    rng = np.random.default_rng(6)
    like = stock_like(rng)[0]
    county = like.sum(axis=0) * rng.uniform(0.5, 2, len(COUNTY))
    level = like.sum(axis=1) * (county.sum() / like.sum())
    divided = by_level(county, level, like)
    np.testing.assert_allclose(divided.sum(axis=0), county, rtol=1e-6)
    np.testing.assert_allclose(divided.sum(axis=1), level, rtol=1e-3)
    assert divided.min() >= 0
    assert divided[~EXISTS].sum() < 1e-3 * county.sum()


@pytest.mark.parametrize("total", [0.01, 7.0])
def test_counties_are_scaled_to_the_levels(total):
    like = stock_like(np.random.default_rng(7))[0]
    level = like.sum(axis=1) * total
    assert by_level(like.sum(axis=0), level, like).sum() == pytest.approx(level.sum())
