import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.families import children_and_adults, leave_families, recount
from sim.agents.population import ABROAD
from tests.conftest import made_people
from tests.oracles import adult_of

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
