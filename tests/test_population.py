import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.columns import BYTES_PER_PERSON, COLUMNS
from sim.agents.population import ABROAD, DEAD, Population
from sim.problems import InputError
from tests.conftest import made_people

PLAIN = {
    "person": [1, 2, 3],
    "sex": [0, 1, 0],
    "birth_year": [1980, 1975, 2005],
    "origin": [0, 1, 2],
    "reason": [0, 1, 2],
    "first_arrival_year": [2000, 2001, 2006],
    "education": [0, 1, 0],
    "status": [1, 1, 0],
    "municipality": [0, 0, 0],
    "family": [0, 0, 0],
    "family_total": [3, 3, 3],
    "family_immigrants": [3, 3, 3],
}


def three(**columns):
    return Population.build(2013, "three", {**PLAIN, **columns})


def problems(**columns):
    with pytest.raises(InputError) as caught:
        three(**columns)
    return str(caught.value)


def equal(a, b):
    return all(np.array_equal(a[c.name], b[c.name]) for c in COLUMNS)


def test_a_person_fits_in_48_bytes_with_the_two_of_the_ceilings():
    assert BYTES_PER_PERSON + 2 <= 48
    assert made_people(1000).nbytes == 1000 * BYTES_PER_PERSON


def test_columns_left_out_take_their_default():
    population = three()
    assert population["partner"].tolist() == [-1, -1, -1]
    assert population["place"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            {"birth_year": [1980, 1975, 1700]},
            r"birth_year: 1 row (first: 3) hold such values as 1700",
        ),
        ({"birth_year": [1980, 1885, 2005]}, "imply such ages as 127 on 1 January 2013"),
        (
            {"birth_year": [1980, 1975, 2013], "first_arrival_year": [2000, 2001, 2013]},
            "such ages as -1",
        ),
        ({"sex": [0, 1, 2]}, "sex: 1 row (first: 3) hold such values as 2; allowed: 0 to 1"),
        ({"family_immigrants": [3, 4, 3]}, "exceed family_total, such as 4 of 3"),
        ({"family_immigrants": [3, 3, 0]}, "are 0 for resident immigrants"),
        ({"person": [1, 2, 2]}, "person: 1 row (first: 3) repeat an identifier, such as 2"),
        ({"first_arrival_year": [1970, 2001, 2006]}, "precede the birth"),
        ({"first_arrival_year": [2000, 2001, 2013]}, "lie after 1 January 2013; allowed: 2012 or"),
        ({"partner": [1, 0, 0]}, "partner: 1 row (first: 3) are not answered"),
        ({"partner": [0, -1, -1]}, "point to the person itself"),
        ({"mother": [-1, -1, 3]}, "point beyond the last person"),
        (
            {"place": [1, 0, 0], "left_year": [2013, 0, 0]},
            "left_year: 1 row (first: 1) lie after 1 January 2013; allowed: 2012 or earlier",
        ),
        (
            {"place": [1, 0, 0], "left_year": [1950, 0, 0]},
            "left_year: 1 row (first: 1) precede the arrival; allowed: first_arrival_year or later",
        ),
        ({"place": [1, 0, 0]}, "left_year: 1 row (first: 1) are empty for persons abroad"),
        (
            {"place": [1, 0, 0], "left_year": [2010, 0, 0], "registered_year": [2009, 0, 0]},
            "registered_year: 1 row (first: 1) precede left_year",
        ),
        (
            {"family_total": [2, 3, 3], "family_immigrants": [2, 3, 3]},
            "family_total: 1 row (first: 1) are smaller than the residents with that family "
            "number, such as 2 of 3; allowed: the residents of the family, or more. "
            "Is family a family number?",
        ),
        (
            {"family_immigrants": [3, 2, 2]},
            "family_immigrants: 2 rows (first: 2, 3) are smaller than the immigrant residents "
            "with that family number, such as 2 of 3; allowed: the immigrant residents of the "
            "family, or more. Is family a family number?",
        ),
        (
            {"place": [1, 1, 2], "left_year": [2010, 2010, 0]},
            "place: nobody is resident; allowed: one resident or more",
        ),
    ],
)
def test_a_broken_truth_is_named(columns, says):
    assert says in problems(**columns)


def test_all_problems_come_at_once():
    message = problems(sex=[0, 1, 2], person=[1, 2, 2], education=[0, 1, 9])
    assert "three has 3 problems" in message


def test_a_wrong_column_does_not_silence_the_relations_of_others():
    message = problems(sex=[0, 1, 2], family_immigrants=[3, 4, 3], partner=[1, 0, 0])
    assert "three has 3 problems" in message
    assert "exceed family_total, such as 4 of 3" in message
    assert "partner: 1 row (first: 3) are not answered" in message


def test_families_may_have_members_outside_the_population():
    assert len(three(family_total=[9, 9, 9], family_immigrants=[4, 4, 4])) == 3
    norwegian_born = three(background=[0, 0, 2], family_immigrants=[2, 2, 2])
    assert norwegian_born["family_immigrants"].tolist() == [2, 2, 2]
    abroad = three(
        place=[0, 0, 1], left_year=[0, 0, 2010], family_total=[2, 2, 1], family_immigrants=[2, 2, 1]
    )
    assert len(abroad) == 3


def test_uneven_columns_are_refused():
    population = three()
    population.columns["sex"] = np.zeros(2, dtype=np.uint8)
    with pytest.raises(InputError, match="sex: has 2 rows where person has 3"):
        population.check()


def test_selecting_everybody_in_order_changes_nothing(people):
    assert equal(people.select(np.ones(len(people), dtype=bool)), people)


def test_links_follow_their_persons():
    population = three(mother=[-1, -1, 0], partner=[1, 0, -1])
    turned = population.select(np.array([2, 0, 1]))
    assert turned["person"].tolist() == [3, 1, 2]
    assert turned["mother"].tolist() == [1, -1, -1]
    assert turned["partner"].tolist() == [-1, 2, 1]


def test_links_to_persons_left_out_are_cut():
    population = three(mother=[-1, -1, 0], partner=[1, 0, -1])
    rest = population.remove(np.array([0]))
    assert rest["person"].tolist() == [2, 3]
    assert rest["mother"].tolist() == rest["partner"].tolist() == [-1, -1]


@given(seed=st.integers(0, 1000), n=st.integers(0, 60))
def test_what_is_removed_and_appended_again_is_all_there(seed, n):
    people = made_people(60, seed)
    leave = np.random.default_rng(seed).permutation(60)[:n]
    both = people.remove(leave).append(people.select(np.sort(leave)), families="shared")
    assert sorted(both["person"]) == sorted(people["person"])
    assert sorted(both["family"]) == sorted(people["family"])


def test_appending_shifts_links_and_keeps_families_apart():
    one = three(partner=[1, 0, -1])
    other = three(person=[4, 5, 6], partner=[1, 0, -1])
    both = one.append(other)
    assert both["partner"].tolist() == [1, 0, -1, 4, 3, -1]
    assert both["family"].tolist() == [0, 0, 0, 1, 1, 1]
    six = {"family_total": [6, 6, 6], "family_immigrants": [6, 6, 6]}
    together = three(**six).append(three(person=[4, 5, 6], **six), families="shared")
    assert together["family"].tolist() == [0] * 6


def test_appending_a_person_twice_is_refused():
    with pytest.raises(InputError, match="repeat an identifier"):
        three().append(three())


def test_compacting_forgets_the_dead_and_renumbers_families():
    population = three(family=[5, 9, 9], place=[0, 0, DEAD])
    compact = population.compact()
    assert compact["person"].tolist() == [1, 2]
    assert compact["family"].tolist() == [0, 1]


def test_people_abroad_are_kept():
    population = three(place=[ABROAD, 0, 0], left_year=[2011, 0, 0])
    assert len(population.compact()) == 3


def test_a_copy_is_independent(people):
    twin = people.copy()
    twin["sex"][:] = 1
    assert not equal(twin, people)


def test_the_description_fits_on_one_screen_and_names_every_column(people):
    lines = people.describe().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 160
    assert all(any(c.name in line for line in lines) for c in COLUMNS)


def test_nobody_can_be_described():
    nobody = made_people(5).select(np.zeros(5, dtype=bool))
    assert "0 persons" in nobody.describe()


def test_a_copy_of_some_columns_shares_the_others(people):
    twin = people.copy(only={"place"})
    assert not np.shares_memory(twin["place"], people["place"])
    assert np.shares_memory(twin["sex"], people["sex"])
    twin["sex"].flags.writeable = False
    assert people["sex"].flags.writeable


@given(seed=st.integers(0, 1_000), share=st.floats(0, 1))
def test_taking_persons_out_leaves_the_others_and_no_copy_changes(seed, share):
    people, rng = made_people(60, seed), np.random.default_rng(seed)
    people.grow({name: column[:5] for name, column in people.columns.items()})  # memory of its own
    people["partner"][:] = rng.integers(-1, 65, 65)
    before, shared = people.copy(), people.copy(only=("place",))
    gone = rng.random(65) < share
    now, into, out_of = people.forget(gone)
    assert now[gone].tolist() == [-1] * gone.sum()
    assert sorted(now[~gone]) == list(range(len(people)))
    stood = np.empty(len(people), dtype=np.int64)
    stood[now[~gone]] = np.flatnonzero(~gone)
    moved = np.flatnonzero(stood != np.arange(len(people)))
    np.testing.assert_array_equal(moved, into)  # all others stand where they stood
    np.testing.assert_array_equal(stood[moved], out_of)
    expected = before.select(stood)
    for name in people.columns:
        np.testing.assert_array_equal(people[name], expected[name])
        np.testing.assert_array_equal(shared[name], before[name])
    again = people.copy()
    odd = np.arange(len(people)) % 2 == 1
    people.forget(~odd)
    assert sorted(people["person"]) == sorted(again["person"][odd])
