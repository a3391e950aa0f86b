"""Norwegian-born to two immigrant parents: ages, mothers, and who lives alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import start_years
from calibration.descendants import (
    GROWN,
    LATEST_BIRTH,
    OLDEST_AT_HOME,
    OLDEST_MOTHER,
    YOUNGEST_MOTHER,
    Homes,
    at_home,
    counties_left,
    norwegian_born,
)
from sim.codes import EDUCATION, STATUS
from tests.conftest import load

OUTSIDE, NONE = STATUS.index("outside"), EDUCATION.index("none")


def homes_of(stay, age, number=1, mother=None):
    """Return homes with these mothers, all of origin 3."""
    n = len(stay)
    position = np.arange(n) * 2 if mother is None else np.asarray(mother)
    return Homes(
        np.broadcast_to(number, (n,)), np.arange(n), position, np.asarray(stay),
        np.asarray(age), np.full(n, 3),
    )  # fmt: skip


def ordinary_homes(n, seed=0):
    """Return homes of mothers of 24 to 44 who have been in the country 5 to 29 years."""
    rng = np.random.default_rng(seed)
    return homes_of(rng.integers(5, 30, n), rng.integers(24, 45, n), rng.integers(1, 4, n))


def test_ages_never_exceed_the_mothers_stay_nor_her_youth():
    homes = ordinary_homes(2_000)
    found = norwegian_born(homes, 2013, 0.05, np.random.default_rng(1))
    child = np.repeat(np.arange(2_000), homes.number)
    age = found["age"][: child.size]
    assert (age <= homes.stay[child]).all()
    assert (homes.age[child] - age >= YOUNGEST_MOTHER).all()
    assert age.max() <= OLDEST_AT_HOME


def test_an_old_mother_has_no_small_child_unless_her_stay_is_short():
    homes = homes_of([29, 29, 2, 2], [60, 74, 60, 40])
    for seed in range(30):
        found = norwegian_born(homes, 2013, 4 / 117_144, np.random.default_rng(seed))
        first, second, late, young = found["age"][:4]
        assert 60 - OLDEST_MOTHER <= first <= OLDEST_AT_HOME
        assert second == OLDEST_AT_HOME == 74 - OLDEST_MOTHER
        assert late <= 2 and young <= 2
        mothers = found["mother"][:4].tolist()
        assert mothers[0] == 0 and mothers[1] == 2 and mothers[3] == 6
        assert mothers[2] == -1  # 58 or more at the birth: not hers
        assert 60 - late > LATEST_BIRTH


def test_ages_follow_the_published_where_mothers_allow_all():
    """Mothers of 45 who have been there for 29 years could have children of any age to 29."""
    n = load(60_000, 20_000)
    found = norwegian_born(
        homes_of(np.full(n, 29), np.full(n, 45)), 2013, n / 117_144, np.random.default_rng(2)
    )
    living = at_home(2013)[: OLDEST_AT_HOME + 1]
    count = np.bincount(found["age"][:n], minlength=living.size)
    # Ages are dealt systematically, within one of the share; then children of one age in a
    # family are moved apart, here in families of up to a few.
    off = np.abs(count - n * living / living.sum())
    assert off.max() <= 0.05 * n / living.size + 1.01


def test_those_who_left_home_make_up_the_published_ages():
    """At home by the assumed shares, so that all together have the published ages."""
    year, scale = 2013, 0.2
    number = round(float(at_home(year).sum()) * scale)
    homes = homes_of(np.full(number, 29), np.full(number, 45))
    found = norwegian_born(homes, year, scale, np.random.default_rng(3))
    by_age = start_years.norwegian_born_by_age(year) * scale
    count = np.bincount(found["age"], minlength=by_age.size)
    assert (np.abs(count - by_age) <= 3).all()


def test_everybody_lives_at_home_until_18_and_nobody_from_30():
    by_age, home = start_years.norwegian_born_by_age(2013), at_home(2013)
    np.testing.assert_array_equal(home[:18], by_age[:18])
    share = home[18:30] / by_age[18:30]
    assert (np.diff(share) <= 1e-12).all() and share[0] > 0.8 and 0 < share[-1] < 0.2
    assert home[30:].sum() == 0
    assert 0.8 < home.sum() / 117_144 < 0.95


def test_only_grown_ups_live_alone():
    homes = ordinary_homes(500)
    found = norwegian_born(homes, 2010, 0.05, np.random.default_rng(4))
    alone = found["family"] < 0
    assert alone.sum() == round(92_967 * 0.05) - homes.number.sum() > 1_000
    assert found["age"][alone].min() == GROWN
    assert (found["mother"][alone] == -1).all()


def test_children_have_their_mothers_origin_and_family():
    homes = ordinary_homes(300)
    found = norwegian_born(homes, 2013, 0.01, np.random.default_rng(5))
    size = int(homes.number.sum())
    assert (found["origin"][:size] == 3).all()
    assert found["family"][:size].tolist() == np.repeat(homes.family, homes.number).tolist()
    assert found["mother"][:size].tolist() == np.repeat(homes.mother, homes.number).tolist()


def test_children_of_unknown_mothers_have_none():
    homes = homes_of([10, 10], [40, 40], 2, mother=[-1, 4])
    found = norwegian_born(homes, 2013, 4 / 117_144, np.random.default_rng(6))
    assert found["mother"][:4].tolist() == [-1, -1, 4, 4]


def test_before_15_and_from_75_nobody_works_or_learns():
    found = norwegian_born(ordinary_homes(500), 2013, 0.2, np.random.default_rng(7))
    age = found["age"]
    assert (found["status"][(age < 15) | (age >= 75)] == OUTSIDE).all()
    assert (found["education"][age < 15] == NONE).all()
    assert (found["education"][age >= 15] != NONE).all()
    assert len(np.unique(found["status"][(age >= 19) & (age < 62)])) == 5


@pytest.mark.parametrize("year", [2004, 2009, 2013])
def test_sexes_are_shared_as_published(year):
    found = norwegian_born(ordinary_homes(100), year, 0.5, np.random.default_rng(8))
    published = start_years.norwegian_born(year).sum(axis=1)
    count = np.bincount(found["sex"], minlength=2)
    assert (np.abs(count - published * (found["sex"].size / published.sum())) <= 1).all()


@given(
    people=st.lists(
        st.tuples(st.integers(0, 70), st.integers(15, 100), st.integers(0, 6)), max_size=12
    ),
    year=st.integers(2004, 2013),
    scale=st.floats(0.0001, 0.003),
    seed=st.integers(0, 99),
)
def test_any_homes_give_possible_children(people, year, scale, seed):
    """Few homes, which allow but some of the ages, are no reason to fail."""
    stay, age, number = np.array(people, dtype=np.int64).reshape(-1, 3).T
    stay = np.minimum(stay, age)
    homes = homes_of(stay, age, number)
    found = norwegian_born(homes, year, scale, np.random.default_rng(seed))
    child = np.repeat(np.arange(number.size), number)
    published = start_years.norwegian_born(year).sum()
    total = max(child.size, round(float(published) * scale))
    assert {len(column) for column in found.values()} == {total}
    young = found["age"][: child.size]
    assert (young <= stay[child]).all()
    assert (young <= np.maximum(age[child] - YOUNGEST_MOTHER, 0)).all()
    has = found["mother"][: child.size] >= 0
    assert (age[child] - young <= LATEST_BIRTH)[has].all()
    assert (found["age"][child.size :] >= GROWN).all()


def test_counties_of_those_alone_fill_what_families_leave():
    published = start_years.norwegian_born(2013).sum(axis=0)
    there = np.repeat(np.arange(published.size), (published * 0.8).astype(int))
    alone = int(published.sum()) - there.size
    left = counties_left(2013, 1.0, there, alone)
    assert left.sum() == alone
    assert (np.abs(left + np.bincount(there) - published) <= 1).all()


def test_counties_that_are_full_get_nobody_more():
    full = np.full(5_000, 2)  # all in Oslo
    left = counties_left(2013, 0.1, full, 300)
    assert left.sum() == 300 and left[2] == 0
