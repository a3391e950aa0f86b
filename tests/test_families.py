import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.families import (
    Families,
    add_others,
    children_and_adults,
    leave_families,
    recount,
)
from sim.agents.followers import Followers
from sim.agents.population import ABROAD
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings
from tests.conftest import load, made_people
from tests.oracles import adult_of
from tests.test_growth import newcomers

BORN_BY = 1997  # 15 or more in 2012


def mixed(seed, n=60):
    """Families of several members, some abroad, some children with a mother."""
    people = made_people(n, seed)
    rng = np.random.default_rng(seed)
    people["place"][rng.random(n) < 0.2] = ABROAD
    mothers = rng.integers(-1, n, n)
    people["mother"][:] = np.where(mothers == np.arange(n), -1, mothers)
    return people


@given(seed=st.integers(0, 10_000))
def test_every_child_is_found_with_the_adult_of_the_rule(seed):
    people = mixed(seed)
    found = dict(zip(*map(np.ndarray.tolist, children_and_adults(people, BORN_BY)), strict=True))
    expected = {}
    for i in range(len(people)):
        if people["birth_year"][i] > BORN_BY and people["place"][i] == 0:
            adult = adult_of(people, i, BORN_BY)
            if adult is not None:
                expected[i] = adult
    assert found == expected


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_children_of_some_adults_are_those_of_all_who_follow_them(seed, share):
    people = mixed(seed)
    followers = Followers(people, BORN_BY, Families(people))
    children, adults = followers.all()
    some = np.flatnonzero(np.random.default_rng(seed).random(len(people)) < share)
    found = followers.of(np.random.default_rng(seed).permutation(some))
    theirs = np.isin(adults, some)
    order = np.argsort(found[0])
    np.testing.assert_array_equal(found[0][order], children[theirs])
    np.testing.assert_array_equal(found[1][order], adults[theirs])


def test_without_children_there_is_nothing_to_do():
    people = made_people(30, birth_year=np.full(30, 1970), first_arrival_year=np.full(30, 2000))
    children, adults = children_and_adults(people, BORN_BY)
    assert children.size == adults.size == 0


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_counts_stay_equal_to_a_recount_when_people_leave(seed, share):
    people = made_people(80, seed)
    people["background"][np.random.default_rng(seed).random(80) < 0.3] = 2
    others = people["family_total"] - recount(people)[0]
    people["family_immigrants"][:] = recount(people)[1]
    leavers = np.flatnonzero(np.random.default_rng(seed + 1).random(80) < share)
    people["place"][leavers] = ABROAD
    before = people.copy()
    changed = leave_families(people, leavers)
    persons, immigrants = recount(people)
    here = people["place"] == 0
    np.testing.assert_array_equal((people["family_total"] - persons)[here], others[here])
    np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])
    altered = np.flatnonzero(
        (people["family_total"] != before["family_total"])
        | (people["family_immigrants"] != before["family_immigrants"])
    )
    assert set(altered) <= set(changed)
    assert here[changed].all()


def rings(families):
    """Every ring as the set of its members, by family."""
    found = {}
    for number, first in enumerate(families.first.tolist()):
        ring, at = [], first
        while at >= 0 and at not in ring:
            ring.append(at)
            at = int(families.following[at])
        if ring:
            assert at == first
            found[number] = set(ring)
    return found


def by_number(people):
    """Everybody's position by family number."""
    numbers = people["family"]
    return {int(f): set(np.flatnonzero(numbers == f).tolist()) for f in np.unique(numbers)}


@given(seed=st.integers(0, 10_000))
def test_rings_hold_everybody_and_follow_moves_and_newcomers(seed):
    people, rng = mixed(seed), np.random.default_rng(seed)
    families = Families(people)
    assert rings(families.hold()) == by_number(people)
    for _ in range(3):
        movers = rng.choice(len(people), 15, replace=False)
        numbers = rng.integers(0, families.size + 4, 15, dtype=np.int32)
        families.move(movers, numbers)
        np.testing.assert_array_equal(people["family"][movers], numbers)
        assert rings(families) == by_number(people)
        people.grow(newcomers(5, len(people), family=rng.integers(0, families.size + 3, 5)))
        assert rings(families.hold()) == by_number(people)
    wanted = rng.integers(0, families.size + 5, 20)
    expected = np.flatnonzero(np.isin(people["family"], wanted))
    np.testing.assert_array_equal(np.sort(families.of(wanted)), expected)
    whom = rng.choice(len(people), 8, replace=False)
    expected = np.flatnonzero(np.isin(people["family"], people["family"][whom]))
    np.testing.assert_array_equal(np.sort(families.beside(whom)), expected)
    people.forget(rng.random(len(people)) < 0.3)
    assert rings(families.hold()) == by_number(people)
    families.forget(rng.random(len(people)) < 0.3)
    assert families.known == len(people)
    assert rings(families.hold()) == by_number(people)


def test_nobody_has_no_family():
    families = Families(made_people(0))
    assert families.size == 0
    assert families.of(np.array([0, 7])).size == 0


def test_the_rings_of_a_simulation_are_those_looked_up_anew():
    """Births, unions, partings, moves out, arrivals and people taken out all change them."""
    simulation = Simulation(made_people(load(5_000, 400)), Settings(), Chance(1), forgetful=True)
    for _ in range(8):
        simulation.step()
        anew = Families(simulation.population).hold()
        known = simulation._families.begin_year()
        assert rings(known) == rings(anew)
        assert known.size == anew.size


def test_members_who_are_no_persons_come_and_go():
    people = made_people(3)
    people["family"][:], people["family_total"][:] = [4, 4, 9], [2, 2, 255]
    people["place"][1] = ABROAD
    families = Families(people)
    numbers, more = np.array([4, 9], dtype=np.int32), np.array([2, 1], dtype=np.int32)
    changed = add_others(people, numbers, more, families)
    assert sorted(changed) == [0, 2]
    assert people["family_total"].tolist() == [4, 2, 255]  # abroad: as they were; 255 at most
    add_others(people, numbers[:1], np.array([-3], dtype=np.int32), families)
    assert people["family_total"].tolist() == [1, 2, 255]
