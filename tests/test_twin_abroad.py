"""Who is abroad and comes back, and what children do, beside sums made by hand."""

import numpy as np

from sim.codes import DESTINATION, ORIGIN
from sim.twin import abroad_kernel, kids_kernel
from sim.twin.kinds import ALONE, AT_HOME, MIXED, PAIRED, STATES

FEMALE, MALE = 0, 1


def entries(left, persons, **given):
    n = len(left)
    made = {name: np.asarray(given.get(name, np.zeros(n, dtype=np.int64)))
            for name in abroad_kernel.Entries._fields[:-3]}  # fmt: skip
    origins = np.zeros((n, len(ORIGIN)))
    origins[:, 2], origins[:, 5] = 0.75, 0.25
    return abroad_kernel.Entries(**made, left=np.array(left), origins=origins,
                                 persons=np.array(persons, dtype=float))  # fmt: skip


def test_leavers_head_for_the_destinations_of_their_origins_and_ages():
    """One is 30 and one 50; the young go to the first, the others to the second destination."""
    where = np.zeros((2, len(DESTINATION)))
    where[:, 0] = 8.0
    there = entries([2013, 2013], where, birth=[1983, 1963])
    shares = np.zeros((len(ORIGIN) * 4, len(DESTINATION)))
    shares[1::2, 0], shares[::2, 1] = 1.0, 1.0  # young and not
    shares[5 * 4, 1], shares[5 * 4, 2] = 0.0, 1.0  # but of origin 5, without a degree, elsewhere
    abroad_kernel.head_for(there, np.zeros(2, dtype=np.int64), shares, 2013)
    np.testing.assert_allclose(there.persons[0, :3], [8.0, 0.0, 0.0])
    np.testing.assert_allclose(there.persons[1, :3], [0.0, 6.0, 2.0])


def test_as_many_come_back_as_the_chances_of_their_origins_say_and_nobody_in_the_same_year():
    where = np.zeros((2, len(DESTINATION)))
    where[:, 3] = 100.0
    there = entries([2013, 2015], where)
    chances = np.zeros((11, 3, 2, len(ORIGIN), len(DESTINATION)))
    chances[2, 0, 0, 2, 3], chances[2, 0, 0, 5, 3] = 0.2, 0.4
    back, before = np.empty(2), np.empty(2)
    abroad_kernel.come_back(there, 2015, chances, back, before)
    np.testing.assert_allclose(back, [25.0, 0.0])
    assert before[0] == 100.0
    np.testing.assert_allclose(there.persons[:, 3], [75.0, 100.0])


def test_those_who_come_back_are_counted_by_how_they_left():
    """With a family since the start, with one before it, and alone, in state 4 of the leavers."""
    there = entries([2013, 2010, 2013], np.zeros((3, len(DESTINATION))), alone=[0, 0, 1])
    profile = np.zeros((4, 1, 1, 2, 2, STATES))
    profile[..., 4] = 1.0
    found, early = np.zeros((1, 3, STATES)), np.array([True, True, True, False])
    abroad_kernel.spread(there, 2010, np.array([1.0, 2.0, 4.0]), np.zeros(3, dtype=np.int64),
                         profile, early, found)  # fmt: skip
    np.testing.assert_array_equal(found[0, :, 4], [1.0, 2.0, 4.0])
    assert found.sum() == 7.0


def test_people_abroad_die_by_sex_and_age():
    there = entries([2013, 2013], np.ones((2, len(DESTINATION))), birth=[1950, 1950], sex=[0, 1])
    dying = np.zeros((2, 80))
    dying[1, 65] = 0.25
    abroad_kernel.die(there, 2015, dying)
    assert (there.persons[0] == 1.0).all()
    assert (there.persons[1] == 0.75).all()


def test_children_follow_mothers_in_couples_and_whoever_is_alone_with_them():
    """Of a couple's one child; two of a lone father, one of them born here; of a child at home."""
    columns = [[0, 0, 1, 1], [PAIRED, PAIRED, ALONE, AT_HOME], [FEMALE, MALE, MALE, FEMALE],
               [1, 1, 1, 1], [3, 3, 3, 3], [3, 3, 2, 3]]  # fmt: skip
    adults = kids_kernel.Adults(*(np.array(column) for column in columns))
    found = np.zeros((2, 3, 2))
    one = np.ones(4)
    kids_kernel.what_they_do(adults, one, one * 0.5, one * 0.25, found)
    np.testing.assert_allclose(found[0], [[1, 1], [0.5, 0.5], [0.25, 0.25]])
    np.testing.assert_allclose(found[1], [[0, 1], [0, 0.5], [0, 0.25]])


def test_children_are_counted_by_the_families_of_their_parents():
    columns = [[0, 0], [ALONE, MIXED], [FEMALE, FEMALE], [1, 1], [2, 3], [2, 2]]
    adults = kids_kernel.Adults(*(np.array(column) for column in columns))
    found, mixed = np.zeros((2, 1, 44)), np.zeros((2, 1))
    kids_kernel.where_they_live(adults, np.array([4, 7]), np.array([10.0, 3.0]), found, mixed)
    assert (found[0, 0, 4], found[0, 0, 7], found.sum()) == (10.0, 3.0, 13.0)
    assert mixed.tolist() == [[3.0], [0.0]]
