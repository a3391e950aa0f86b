"""Candidate families: what holds of each, how many each stands for, and who is over-drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration import margins as m
from calibration import pool as module
from calibration.families import ALONE, CHILD, IMMIGRANT_COUPLE, LONE_PARENT, MIXED
from calibration.pool import COLUMNS, GROUPS, Pool, draw_pool
from calibration.prior import draw_prior
from sim.codes import DURATION_GROUP, EDUCATION, REASON, SEX, STATUS
from tests.odds import assert_share

PER_LEVEL, SCALE = 200, 0.05
SAME = ("sex", "group", "origin", "role", "family", "mother", "partner", "family_immigrants")
REDRAWN = ("age", "duration", "education", "status", "family_total")


@pytest.fixture(scope="module")
def pool():
    return draw_pool(PER_LEVEL, scale=SCALE)


@pytest.fixture(scope="module")
def plain():
    """The same families with nothing redrawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "REDRAWN", 1e-12)
        patch.setattr(module, "THEIR_SHARE", 0.0)
        return draw_pool(PER_LEVEL, scale=SCALE)


@pytest.fixture(scope="module")
def start():
    return draw_prior(scale=SCALE)


def members(pool, family):
    """Return the persons of a family as dictionaries."""
    some = np.flatnonzero(pool["family"] == family)
    return [{name: int(pool[name][i]) for name in COLUMNS} for i in some]


def kinds(level, immigrants, others, group):
    """Return the kind of each family: up to 6 immigrants and 3 others are told apart."""
    shape = (4, 7, 4, len(m.GROUPS))
    cell = (level, np.minimum(immigrants, 6), np.minimum(others, 3), group)
    return np.ravel_multi_index(cell, shape), int(np.prod(shape))


def kinds_of(pool):
    first = np.unique(pool["family"], return_index=True)[1]
    total, immigrants = pool["family_total"][first], pool["family_immigrants"][first]
    return kinds(pool.level, immigrants, total - immigrants, pool["group"][first])


# --- Order and links ---


def test_families_stand_together_and_by_level(pool):
    family = pool["family"]
    assert family[0] == 0
    assert set(np.diff(family)) == {0, 1}
    assert pool.level.size == pool.prior.size == family[-1] + 1
    assert (np.diff(pool.level) >= 0).all()
    assert_array_equal(pool.person_level, pool.level[family])


def test_bounds_say_where_levels_begin(pool):
    bounds = pool.bounds()
    assert_array_equal(np.diff(bounds), np.bincount(pool.level, minlength=4))
    for level in range(4):
        assert (pool.level[bounds[level] : bounds[level + 1]] == level).all()
    assert GROUPS == 8


def test_every_level_has_about_as_many_candidates_as_asked_for(pool):
    # Each kind is rounded up, so there are more; a level in a start too small has fewer.
    found = np.bincount(pool.level)
    assert ((found >= PER_LEVEL) & (found < 2 * PER_LEVEL)).all()


def test_columns_are_whole_numbers_and_complete(pool):
    assert tuple(pool.persons) == COLUMNS
    for name in COLUMNS:
        assert pool[name].dtype == np.int64, name
        assert pool[name].size == pool.size
    assert (pool["education"] < len(EDUCATION)).all() and (pool["status"] < len(STATUS)).all()


def test_family_sizes_recount(pool):
    assert_array_equal(np.bincount(pool["family"])[pool["family"]], pool["family_immigrants"])
    for name in ("family_total", "family_immigrants"):
        first = np.unique(pool["family"], return_index=True)[1]
        assert_array_equal(pool[name][first][pool["family"]], pool[name], err_msg=name)
    assert (pool["family_total"] >= pool["family_immigrants"]).all()


def test_partners_are_mutual_and_of_the_family(pool):
    has = np.flatnonzero(pool["partner"] >= 0)
    partner = pool["partner"][has]
    assert has.size > 100
    assert_array_equal(pool["partner"][partner], has)
    assert_array_equal(pool["family"][partner], pool["family"][has])
    assert (pool["sex"][partner] != pool["sex"][has]).all()
    assert_array_equal(pool["role"] == IMMIGRANT_COUPLE, pool["partner"] >= 0)


def test_mothers_are_women_of_the_family_and_15_to_50_years_older(pool):
    has = np.flatnonzero(pool["mother"] >= 0)
    mother = pool["mother"][has]
    gap = pool["age"][mother] - pool["age"][has]
    assert has.size > 50
    assert_array_equal(pool["family"][mother], pool["family"][has])
    assert (pool["sex"][mother] == SEX.index("female")).all()
    assert (pool["role"][has] == CHILD).all()
    assert ((gap >= 15) & (gap <= 50)).all()


def test_children_live_with_an_adult_and_lone_parents_with_a_child(pool):
    adults = np.bincount(pool["family"], pool["age"] >= 18)
    assert (adults[pool["family"][pool["age"] < 15]] > 0).all()
    role, total = pool["role"], pool["family_total"]
    assert (role == LONE_PARENT).sum() > 20
    assert (total[role == LONE_PARENT] >= 2).all()
    assert (total[role == ALONE] == 1).all()
    assert (total > pool["family_immigrants"])[role == MIXED].all()


# --- Truths about persons, redrawn or not ---


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_came_before_birth_or_for_a_reason_that_was_not_recorded(seed):
    pool = draw_pool(PER_LEVEL, scale=SCALE, seed=seed)
    stay, group = pool["duration"], pool["group"]
    assert (pool["age"] >= stay).all()
    assert (stay >= 0).all()
    assert (stay[group < m.NORDIC] <= 22).all()  # of 1990, the first year with a reason, or later
    assert (stay[group == m.EARLY] >= 23).all()  # of 1989 or earlier
    assert (group == m.EARLY).sum() > 30


def test_outside_the_ages_of_the_models_nobody_is_redrawn_into_work(pool):
    assert_array_equal(pool.grown, (pool["age"] >= 15) & (pool["age"] <= 74))
    assert (pool["status"][~pool.grown] == STATUS.index("outside")).all()
    assert (pool["education"][pool["age"] < 15] == EDUCATION.index("none")).all()


def test_mixed_families_and_norwegian_born_children_are_counted_family_by_family(pool):
    mixed, born = pool.mixed, pool.norwegian_born
    assert mixed.any() and (born > 0).any()
    for family in range(pool.level.size):
        people = members(pool, family)
        has_spouse = any(p["role"] == MIXED for p in people)
        others = people[0]["family_total"] - people[0]["family_immigrants"]
        assert mixed[family] == has_spouse
        assert born[family] == (0 if has_spouse else others)


def test_covariates_are_those_of_the_rule_for_one(pool):
    c = pool.covariates()
    first_years = (0, 3, 6, 11, 16)
    for i in range(0, pool.size, 7):
        groups = [g for g, first in enumerate(first_years) if pool["duration"][i] >= first]
        assert DURATION_GROUP.names[c.duration[i]].startswith(str(first_years[groups[-1]]))
        name = m.GROUPS[pool["group"][i]]
        reason = {"family_of_refugee": "family", "family_other": "family"}.get(name, name)
        reason = "unknown" if name == "early_refugee" else reason
        assert REASON.names[c.reason[i]] == reason
        assert c.centrality[i] == pool.level[pool["family"][i]]
        for same in ("age", "sex", "education", "status", "family_total", "family_immigrants"):
            assert getattr(c, same)[i] == pool[same][i]


# --- How many each stands for ---


def test_the_prior_adds_up_to_all_immigrants(pool):
    assert pool.prior[pool["family"]].sum() == pytest.approx(593_324)
    assert (pool.prior > 0).all()


def test_without_redrawing_every_kind_has_its_number_in_the_starting_people(plain, start):
    first = np.unique(start.family, return_index=True)[1]
    people, immigrants = start.people, start.immigrants[first]
    others = start.total[first] - immigrants
    kind, size = kinds(people.centrality[first], immigrants, others, people.group[first])
    there = np.bincount(kind, minlength=size)
    found = np.bincount(kinds_of(plain)[0], plain.prior, size)
    assert_array_equal(found > 0, there > 0)  # no kind is lost
    # Large families are told apart only so far, so all are scaled to the number of persons.
    ratio = found[there > 0] * SCALE / there[there > 0]
    assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert ratio[0] == pytest.approx(1, abs=0.05)


def test_without_redrawing_every_candidate_is_one_of_the_starting_people(plain, start):
    people = start.people
    columns = {
        "sex": people.sex, "group": people.group, "age": people.age, "origin": people.origin,
        "duration": 2012 - people.arrival, "education": start.education, "status": start.status,
        "role": start.families.role, "family_total": start.total,
        "family_immigrants": start.immigrants,
    }  # fmt: skip
    known = set(zip(*(columns[name].tolist() for name in columns), strict=True))
    drawn = list(zip(*(plain[name].tolist() for name in columns), strict=True))
    assert len(drawn) == plain.size
    assert set(drawn) <= known


def test_rare_kinds_are_drawn_more_often_than_they_occur(plain):
    kind, size = kinds_of(plain)
    drawn = np.bincount(kind, minlength=size)
    each = np.bincount(kind, plain.prior, size)[drawn > 0] / drawn[drawn > 0]
    number, drawn = (each * drawn[drawn > 0]), drawn[drawn > 0]
    common = number > np.quantile(number, 0.8)
    share_of_number, share_drawn = number[common].sum() / number.sum(), drawn[common].sum()
    assert share_of_number > 0.7 > 0.65 > share_drawn / drawn.sum()
    for level in range(4):
        here = plain.level == level
        one, many = (
            plain.prior[here & (np.bincount(plain["family"]) == size)].mean() for size in (1, 4)
        )
        assert one > many  # a candidate of a rare kind stands for fewer


def test_half_are_redrawn_and_carry_little(pool, plain):
    # The seed is the same, so are the families; what each stands for tells who was redrawn.
    ratio = pool.prior / plain.prior
    redrawn = ratio < 1
    assert_allclose(ratio[redrawn], ratio[redrawn][0])
    assert_allclose(ratio[~redrawn] / ratio[redrawn][0], (0.85 / 0.5) / (0.15 / 0.5))
    assert_share(redrawn.sum(), redrawn.size, 0.5)  # false alarm 1e-6
    person = redrawn[pool["family"]]
    for name in SAME:
        assert_array_equal(pool[name], plain[name], err_msg=name)
    for name in REDRAWN:
        assert_array_equal(pool[name][~person], plain[name][~person], err_msg=name)
        assert (pool[name][person] != plain[name][person]).any(), name


def test_redrawn_people_have_any_education(pool, plain):
    """Half of the redrawn of 15 or more get one of six levels at random: 5/12 another one."""
    redrawn = (pool.prior < plain.prior)[pool["family"]] & (plain["age"] >= 15)
    changed = (pool["education"] != plain["education"])[redrawn]
    assert_share(changed.sum(), changed.size, 5 / 12)  # false alarm 1e-6


# --- Seeds and edges ---


def test_the_same_seed_draws_the_same_pool(pool):
    again, other = draw_pool(PER_LEVEL, scale=SCALE), draw_pool(PER_LEVEL, scale=SCALE, seed=2)
    assert all(again[name].tobytes() == pool[name].tobytes() for name in COLUMNS)
    assert again.prior.tobytes() == pool.prior.tobytes()
    assert other.size != pool.size or (other["age"] != pool["age"]).any()


def test_a_pool_larger_than_the_starting_people_holds_every_family_once():
    everybody = draw_pool(100_000, scale=0.005)
    start = draw_prior(scale=0.005)
    assert everybody.size == len(start.people)
    assert everybody.level.size == start.family.max() + 1


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40).filter(any), st.integers(1, 2000))
def test_families_are_shared_out_among_any_kinds(sizes, per_level):
    size = np.array([sizes])
    wanted = module._allocate(size, per_level)
    assert ((wanted >= 0) & (wanted <= size)).all()
    assert ((wanted > 0) == (size > 0)).all()  # no kind is lost
    enough = min(per_level, size.sum())
    assert enough <= wanted.sum() <= enough + size.size
    order = np.argsort(size[0], kind="stable")
    assert (np.diff(wanted[0][order]) >= 0).all()  # more of a kind, more of them drawn


def test_a_kind_a_hundred_times_as_rare_is_drawn_25_times_as_seldom():
    wanted = module._allocate(np.array([[1_000_000, 10_000]]), 1_000)
    assert wanted[0, 0] / wanted[0, 1] == pytest.approx(100**0.7, rel=0.05)
    assert module._allocate(np.array([[1_000_000, 3]]), 1_000)[0, 1] == 1


@pytest.mark.parametrize("group", range(len(m.GROUPS)), ids=m.GROUPS)
def test_whoever_lives_alone_is_redrawn_within_what_is_possible(group):
    n = 3_000
    persons = {name: np.zeros(n, dtype=np.int64) for name in COLUMNS}
    persons |= {name: np.ones(n, dtype=np.int64) for name in ("family_total", "family_immigrants")}
    early = group in (m.UNKNOWN, m.EARLY)
    persons |= {
        "family": np.arange(n), "age": np.full(n, 40), "group": np.full(n, group),
        "duration": np.full(n, 30 if early else 10), "mother": np.full(n, -1),
        "partner": np.full(n, -1),
    }  # fmt: skip
    module._redraw(persons, np.ones(n, dtype=bool), np.random.default_rng(0))
    age, stay = persons["age"], persons["duration"]
    assert len(set(age)) > 50 and len(set(stay)) > 15
    assert (age >= stay).all() and (stay >= 0).all() and (age >= 18).all() and (age <= 74).all()
    if group < m.NORDIC:
        assert stay.max() == 22  # of 1990, the first year with a reason
    elif group == m.EARLY:
        assert stay.min() == 23  # of 1989
    else:
        assert stay.min() == 0 and stay.max() > 30
    assert (persons["family_total"] == 1).all()  # no child without a parent's role


def test_a_pool_of_two_persons_by_hand():
    """A mother born in 1980 and her daughter, with a Norwegian-born son: no spouse."""
    columns = {name: np.zeros(2, dtype=np.int64) for name in COLUMNS}
    columns |= {
        "age": np.array([32, 10]), "duration": np.array([5, 5]), "role": np.array([1, 4]),
        "family_total": np.array([3, 3]), "family_immigrants": np.array([2, 2]),
        "mother": np.array([-1, 0]), "group": np.array([m.FAMILY_OF_REFUGEE, m.EARLY]),
    }  # fmt: skip
    pool = Pool(columns, np.array([2]), np.array([1.5]))
    assert pool.size == 2
    assert pool.grown.tolist() == [True, False]
    assert pool.norwegian_born.tolist() == [1]
    assert pool.mixed.tolist() == [False]
    assert pool.bounds().tolist() == [0, 0, 0, 1, 1]
    assert pool.covariates().duration.tolist() == [1, 1]
    assert [REASON.names[r] for r in pool.covariates().reason] == ["family", "unknown"]


def test_in_an_earlier_year_early_arrivals_are_the_same_people_younger(pool):
    """Who came before 1990 keeps the year of birth and of arrival; others keep age and stay."""
    then = pool.as_of(2006)
    early = np.isin(pool["group"], (m.UNKNOWN, m.EARLY)) & (pool["duration"] >= 23)
    family = np.isin(pool["family"], pool["family"][early])
    for name in ("age", "duration"):
        assert_array_equal(then[name][family], pool[name][family] - 7)
        assert_array_equal(then[name][~family], pool[name][~family])
    children = family & (then["age"] < 15)
    assert (then["status"][children] == 0).all() and (then["education"][children] == 0).all()
    for name in ("sex", "group", "origin", "family_total", "mother"):
        assert_array_equal(then[name], pool[name])
    assert pool.as_of(2013)["age"] is not None
    assert_array_equal(pool.as_of(2013)["age"], pool["age"])
