"""Whole families from weighted ones: sizes exact to the person, on pools small enough to see."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import margins as m
from calibration.pool import COLUMNS, LEVEL_COUNT, Pool
from calibration.whole import Sizes, whole_families

WOMAN, MAN = 0, 1
OFFICIAL = len(m.OFFICIAL)
FIRST_GROUP = [int(np.argmax(official == m.OFFICIAL_OF_GROUP)) for official in range(OFFICIAL)]


def pool_of(*families, level=0):
    """Return a pool of families, each a list of (sex, official reason, age)."""
    family = np.repeat(np.arange(len(families)), [len(members) for members in families])
    sex, official, age = np.array([person for members in families for person in members]).T
    persons = {name: np.zeros(family.size, dtype=np.int64) for name in COLUMNS}
    persons |= {"family": family, "sex": sex, "age": age}
    persons["group"] = np.array(FIRST_GROUP)[official]
    persons["family_immigrants"] = np.bincount(family)[family]
    persons["family_total"] = persons["family_immigrants"]
    persons["mother"], persons["partner"] = (np.full(family.size, -1) for _ in range(2))
    return Pool(persons, np.full(len(families), level), np.ones(len(families)))


def sizes_with(official, within, level=0):
    """Return sizes that hold somebody at one level only: official (sex, reason), within (sex)."""
    stock, grown = np.zeros((2, OFFICIAL, LEVEL_COUNT)), np.zeros((LEVEL_COUNT, 2))
    stock[:, :, level], grown[level] = official, within
    return Sizes(stock, grown)


def counted(pool, families):
    """Return persons by sex and official reason, and those of 15 or more by sex, one by one."""
    official, within = np.zeros((2, OFFICIAL), dtype=int), np.zeros(2, dtype=int)
    members = {}
    for row in range(pool.size):
        members.setdefault(int(pool["family"][row]), []).append(row)
    for family in families:
        for row in members[int(family)]:
            sex = pool["sex"][row]
            official[sex, m.OFFICIAL_OF_GROUP[pool["group"][row]]] += 1
            within[sex] += pool["age"][row] >= 15
    return official, within


def by_hand():
    """A couple, a mother with a son, and single people: two reasons, below 15 and above."""
    return pool_of(
        [(WOMAN, 0, 15), (MAN, 0, 91)],
        [(WOMAN, 1, 40), (MAN, 1, 8)],
        [(WOMAN, 0, 25)], [(WOMAN, 0, 9)], [(WOMAN, 1, 50)], [(WOMAN, 1, 12)],
        [(MAN, 0, 25)], [(MAN, 0, 14)], [(MAN, 1, 50)], [(MAN, 1, 3)],
    )  # fmt: skip


NUMBER = np.array([7.3, 4.6, 11.0, 2.2, 6.1, 1.7, 15.4, 0.4, 8.9, 2.0])
STOCK = np.array([[21, 12, 0, 0, 0], [24, 15, 0, 0, 0]])
WITHIN = np.array([29, 32])


@pytest.mark.parametrize("seed", range(20))
def test_sizes_hold_to_the_person(seed):
    pool = by_hand()
    rng = np.random.default_rng(seed)
    drawn = whole_families(pool, NUMBER, sizes_with(STOCK, WITHIN), 1.0, rng)
    official, within = counted(pool, drawn)
    assert official.tolist() == STOCK.tolist()
    assert within.tolist() == WITHIN.tolist()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_families_of_several_occur_as_often_as_they_should_to_within_one(scale):
    pool = by_hand()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        drawn = whole_families(pool, NUMBER, sizes_with(STOCK, WITHIN), scale, rng)
        copies = np.bincount(drawn, minlength=NUMBER.size)
        assert (np.abs(copies[:2] - NUMBER[:2] * scale) < 1).all()


def test_single_persons_of_a_cell_occur_in_their_proportions_to_within_one():
    singles = [[(WOMAN, 0, age)] for age in (20, 30, 40, 50)]
    pool, number = pool_of(*singles), np.array([1.0, 2.0, 3.0, 0.0])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        drawn = whole_families(pool, number, sizes_with([[50] + [0] * 4, [0] * 5], [50, 0]), 1, rng)
        copies = np.bincount(drawn, minlength=4)
        assert copies.sum() == 50
        assert (np.abs(copies - number / 6 * 50) < 1).all()
        assert copies[3] == 0


def test_without_single_children_families_with_one_child_are_exchanged_until_it_fits():
    """11 girls and 7 boys below 15 can only live in families of several: they are made to."""
    pool = pool_of(
        [(WOMAN, 0, 30), (WOMAN, 0, 4)], [(WOMAN, 0, 35), (MAN, 0, 9)],
        [(WOMAN, 0, 40), (MAN, 0, 9), (WOMAN, 0, 4)], [(WOMAN, 0, 25)], [(MAN, 0, 25)],
    )  # fmt: skip
    number, stock = np.array([9.3, 3.1, 2.4, 30.0, 40.0]), np.zeros((2, OFFICIAL))
    stock[:, 0] = 60, 50
    for seed in range(20):
        sizes = sizes_with(stock, [60 - 11, 50 - 7])
        drawn = whole_families(pool, number, sizes, 1, np.random.default_rng(seed))
        official, within = counted(pool, drawn)
        assert official[:, 0].tolist() == [60, 50]
        assert within.tolist() == [49, 43]
        copies = np.bincount(drawn, minlength=5)
        assert copies[2] in (2, 3)  # two children: drawn, never exchanged


def test_more_children_than_families_can_lose_stay():
    """Nobody may be below 15, and no family with one child can leave: the rest still holds."""
    pool = pool_of([(WOMAN, 0, 30), (WOMAN, 0, 4), (WOMAN, 0, 2)], [(WOMAN, 0, 25)])
    sizes = sizes_with([[50, 0, 0, 0, 0], [0] * 5], [50, 0])
    drawn = whole_families(pool, np.array([5.0, 30.0]), sizes, 1, np.random.default_rng(0))
    official, within = counted(pool, drawn)
    assert official[WOMAN, 0] == 50
    assert within[WOMAN] == 40


def test_families_come_in_random_order():
    pool = pool_of([(WOMAN, 0, 30)], [(WOMAN, 0, 60)])
    sizes = sizes_with([[4000] + [0] * 4, [0] * 5], [4000, 0])
    drawn = whole_families(pool, np.ones(2), sizes, 1, np.random.default_rng(1))
    # Neighbours agree half the time, with a standard error of 0.008: six of them, false alarm 2e-9.
    assert abs(np.mean(drawn[1:] == drawn[:-1]) - 0.5) < 0.05


def test_the_same_generator_draws_the_same():
    pool, sizes = by_hand(), sizes_with(STOCK, WITHIN)
    one, again, other = (
        whole_families(pool, NUMBER, sizes, 1, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


def test_a_cell_without_candidates_is_refused():
    pool = pool_of([(WOMAN, 0, 30)], [(MAN, 0, 30)])
    sizes = sizes_with([[5, 3, 0, 0, 0], [5, 0, 0, 0, 0]], [8, 5])
    with pytest.raises(ValueError, match=r"no candidate for 3 persons, first cell \(0, 0, 1, 1\)"):
        whole_families(pool, np.ones(2), sizes, 1, np.random.default_rng(0))


def test_without_candidates_of_one_age_the_reason_still_holds():
    """Nobody of the pool is below 15: all five are older, whatever was asked."""
    pool = pool_of([(WOMAN, 0, 30)])
    sizes = sizes_with([[5, 0, 0, 0, 0], [0] * 5], [2, 0])
    drawn = whole_families(pool, np.ones(1), sizes, 1, np.random.default_rng(0))
    assert counted(pool, drawn)[0].sum() == 5


def test_a_stock_in_fractions_keeps_its_total():
    """Stocks of earlier years are scaled, so their cells are no whole numbers."""
    pool = by_hand()
    stock = STOCK * 1.0137 + np.array([[0.4, 0.3, 0, 0, 0], [0.2, 0.1, 0, 0, 0]])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        drawn = whole_families(pool, NUMBER, sizes_with(stock, WITHIN * 1.01), 1, rng)
        official, _ = counted(pool, drawn)
        assert official.sum() == round(stock.sum())
        assert (np.abs(official - stock) < 1).all()


CELLS = [(sex, reason, age) for sex, reason in product((0, 1), range(3)) for age in (5, 30)]


def attempt(*asked):
    """Return the families drawn, or why none were."""
    pool, number, sizes, rng = asked
    try:
        return whole_families(pool, number, sizes, 1.0, rng), ""
    except ValueError as refusal:
        return None, str(refusal)


@given(
    singles=st.permutations(CELLS) | st.lists(st.sampled_from(CELLS), min_size=1, max_size=14),
    pairs=st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS)), max_size=6),
    stock=st.lists(st.integers(0, 12), min_size=6, max_size=6),
    within=st.lists(st.integers(0, 30), min_size=2, max_size=2),
    level=st.integers(0, 3),
    data=st.data(),
)
def test_totals_are_exact_or_refused(singles, pairs, stock, within, level, data):
    """Families of several that overfill a cell stay; every other cell is filled to the person."""
    pool = pool_of(*map(list, pairs), *([single] for single in singles), level=level)
    k = len(pairs) + len(singles)
    weight = st.floats(0, 4) | st.sampled_from([0.0, 1e-9, 1.0])
    number = np.array(data.draw(st.lists(weight, min_size=k, max_size=k)))
    wanted = np.zeros((2, OFFICIAL), dtype=int)
    wanted[:, :3] = np.reshape(stock, (2, 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    usable = {single for single, n in zip(singles, number[len(pairs) :], strict=True) if n > 0}
    drawn, refusal = attempt(pool, number, sizes_with(wanted, within, level), rng)
    if refusal:
        assert "no candidate for" in refusal
        served = {(sex, reason) for sex, reason, _ in usable}
        assert any(wanted[cell] and cell not in served for cell in np.ndindex(2, 3))
        return
    official, _ = counted(pool, drawn)
    several, grown = counted(pool, drawn[drawn < len(pairs)])
    assert official.tolist() == np.maximum(wanted, several).tolist()
    assert (number[drawn] > 0).all()
    if usable == set(CELLS):  # then persons of 15 or more hold too, as far as families leave room
        lacking = np.maximum(wanted - several, 0).sum(axis=1)
        expected = np.clip(within, grown, grown + lacking)
        assert counted(pool, drawn)[1].tolist() == expected.tolist()
