"""A population that grows while it lives: rows, identifiers, families, counts, ceilings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.columns import COLUMNS
from sim.agents.families import Families, change_families, join_families, recount
from sim.agents.newcomers import (
    ARRIVALS_FROM,
    CHILDREN_FROM,
    arrival_identifiers,
    child_identifiers,
)
from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance
from sim.codes import AGE_GROUP, DURATION_GROUP
from sim.engine import Simulation
from sim.observe import Observer
from sim.transitions.mobility import Mobility
from sim.transitions.process import STAY, Settings, Year
from tests.conftest import load, made_people


def newcomers(n, first=0, **columns):
    """Rows of n persons who arrive in 2013, each a family of one from number 100,000 on."""
    made = {
        "person": arrival_identifiers(2013, np.arange(first, first + n)), "sex": np.arange(n) % 2,
        "birth_year": np.full(n, 1980), "origin": np.arange(n) % 19, "reason": np.arange(n) % 6,
        "first_arrival_year": np.full(n, 2013), "education": np.zeros(n), "status": np.zeros(n),
        "municipality": np.arange(n) % 428, "family": 100_000 + first + np.arange(n),
        "family_total": np.ones(n), "family_immigrants": np.ones(n),
    }  # fmt: skip
    return {**made, **columns}


class Arriving:
    """A process for tests: so many arrive each year."""

    name = "arriving"
    reads = frozenset({"person"})
    writes = frozenset()
    assumptions = ()
    many = 40

    @classmethod
    def ready(cls, settings):
        return cls()

    def happen(self, year):
        n = self.many
        rows = newcomers(n, 1000 * (year.year - 2013), first_arrival_year=np.full(n, year.year),
                         person=arrival_identifiers(year.year, np.arange(n)))  # fmt: skip
        year.record("arrive", year.population.grow(rows))


# --- Rows ---


def test_growing_adds_rows_at_the_end_and_leaves_the_others():
    people = made_people(50)
    before = people.copy()
    for first in (0, 7, 14):
        positions = people.grow(newcomers(7, first))
        assert positions.tolist() == list(range(50 + first, 57 + first))
    assert len(people) == 71
    people.year = 2014
    people.check()
    for column in COLUMNS:
        assert people[column.name].dtype == column.dtype
        np.testing.assert_array_equal(people[column.name][:50], before[column.name])
    assert people["family"][50:].tolist() == list(range(100_000, 100_021))
    assert (people["partner"][50:] == -1).all()
    assert (people["place"][50:] == RESIDENT).all()


def test_a_copy_that_grows_leaves_the_first_alone_and_columns_stay_locked():
    people = made_people(50)
    other = people.copy(only={"place"})
    other.columns["sex"].flags.writeable = False
    other.grow(newcomers(5))
    other["place"][:] = ABROAD
    assert len(people) == 50
    assert (people["place"] == RESIDENT).all()
    assert not other["sex"].flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        other["sex"][0] = 1
    other.grow(newcomers(5, 5))
    assert other["sex"][50:].tolist() == [0, 1, 0, 1, 0] * 2


def test_growing_by_nobody_is_nothing():
    people = made_people(20)
    assert people.grow(newcomers(0)).size == 0
    assert len(people) == 20


# --- Identifiers ---


def test_identifiers_of_arrivals_belong_to_year_and_slot():
    one = arrival_identifiers(2013, np.arange(1000))
    assert np.unique(np.concatenate([one, arrival_identifiers(2014, np.arange(1000))])).size == 2000
    assert one.min() >= ARRIVALS_FROM
    np.testing.assert_array_equal(arrival_identifiers(2013, np.array([7, 3])), one[[7, 3]])


def test_identifiers_of_children_belong_to_mother_and_year():
    mothers = np.arange(load(200_000, 5_000), dtype=np.int64) * 3
    one, later = child_identifiers(2013, mothers), child_identifiers(2014, mothers)
    grand = child_identifiers(2035, one)
    every = np.concatenate([one, later, grand])
    assert np.unique(every).size == every.size  # by chance in all but one of ten million cases
    assert every.min() >= CHILDREN_FROM
    assert every.max() < ARRIVALS_FROM
    np.testing.assert_array_equal(child_identifiers(2013, mothers[::-1]), one[::-1])


# --- Families ---


def equal_recount(people, others):
    """Check all counts of residents; others: members who are no persons, by family."""
    here = people["place"] == RESIDENT
    persons, immigrants = recount(people)
    np.testing.assert_array_equal((people["family_total"] - persons)[here],
                                  others[people["family"]][here])  # fmt: skip
    np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])


def others_of(people, families):
    """Members who are no persons, by family."""
    others = np.zeros(families, dtype=int)
    others[people["family"]] = people["family_total"] - recount(people)[0]
    return others


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_joining_and_changing_families_equals_a_recount(seed, many):
    people, rng = made_people(60, seed), np.random.default_rng(seed)
    others = others_of(people, 1000)
    joiners = people.grow(newcomers(many, family=rng.integers(0, 60, many)))
    changed = join_families(people, joiners)
    equal_recount(people, others)
    assert set(joiners) <= set(changed.tolist())
    movers = rng.choice(len(people), 20, replace=False)
    fresh = Families(people).new(5)
    assert fresh.min() > people["family"].max()
    target = np.where(rng.random(20) < 0.5, rng.choice(fresh, 20), people["family"][movers[::-1]])
    before = people["family_total"].copy(), people["family_immigrants"].copy()
    stayed = np.setdiff1d(people["family"], people["family"][movers])  # families that nobody leaves
    emptied = np.setdiff1d(people["family"][movers], np.delete(people["family"], movers))
    changed = change_families(people, movers, target.astype(np.int32))
    others[np.setdiff1d(emptied, stayed)] = 0  # who was no person stays with nobody we know
    equal_recount(people, others)
    altered = (people["family_total"] != before[0]) | (people["family_immigrants"] != before[1])
    assert set(np.flatnonzero(altered)) <= set(changed.tolist())


def test_a_new_family_takes_the_members_given_who_are_no_persons():
    people = made_people(10)
    joiners = people.grow(newcomers(2, family=np.full(2, 500)))
    join_families(people, joiners, others=1)
    assert people["family_total"][joiners].tolist() == [3, 3]
    assert people["family_immigrants"][joiners].tolist() == [2, 2]


# --- The year ---


def test_newcomers_are_counted_and_live_on():
    simulation = Simulation(made_people(load(2_000, 200)), Settings(), Chance(1),
                            processes=(Mobility, Arriving))  # fmt: skip
    first, second = simulation.step(), simulation.step()
    assert first.total("arrive") == second.total("arrive") == Arriving.many
    assert second.stock[1].sum() == first.stock[1].sum() + Arriving.many  # nobody leaves here
    assert second.total("stay") == second.stock[1].sum()
    assert second.structure.ages.sum() == second.stock[1].sum()


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_ceilings_are_extended_for_newcomers(draws):
    """One Mobility through the years says the same as a fresh one each year."""
    people = made_people(load(5_000, 300))
    settings = Settings(draws=draws, assumptions={"children": "stay"})
    process = Mobility.ready(settings)
    for t in range(2013, 2027):
        people.year = t
        year, fresh = (Year.begin(t, people, Chance(3)) for _ in range(2))
        process.happen(year)
        Mobility.ready(settings).happen(fresh)
        np.testing.assert_array_equal(year.outcome, fresh.outcome)
        assert (year.outcome != STAY).any()
        Arriving().happen(year)


def test_neither_order_nor_others_change_what_happens_to_newcomers():
    people = made_people(load(2_000, 200))
    turned = people.select(np.random.default_rng(1).permutation(len(people)))
    found = []
    for population in (people, turned):
        simulation = Simulation(population, Settings(), Chance(1), processes=(Mobility, Arriving))
        found.append([
            {e: dict(zip(c.tolist(), n.tolist(), strict=True)) for e, (c, n) in counts.flows.items()}
            for counts in simulation.run(4)
        ])  # fmt: skip
    assert found[0] == found[1]


def test_newcomers_are_counted_as_of_the_year_in_which_they_came():
    """By age and stay on its 1 January: a year later both would be in the next group."""
    observer = Observer(("age_group", "duration_group"))
    people = made_people(100)
    stock = observer.begin(people)
    year = Year.begin(2013, people, Chance(1))
    n = 30
    rows = newcomers(n, birth_year=np.full(n, 2013 - 15), first_arrival_year=np.full(n, 2013 - 3))
    year.record("arrive", people.grow(rows))
    people.year = 2014
    cells, counts = observer.finish(stock, year).flows["arrive"]
    age, stay = observer.labels(cells)
    assert (AGE_GROUP.names[age[0]], DURATION_GROUP.names[stay[0]]) == ("0-14", "0-2")
    assert counts.tolist() == [n]
