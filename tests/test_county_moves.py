"""Moves to another county at the same level: the rule for one person, and Table 4.1."""

import math

import numpy as np
import pytest

from calibration import county_moves, family_offsets, reconstruct
from calibration.calibrated_fit import ROWS
from sim.chance import Chance
from sim.codes import BACKGROUND, REASON
from sim.engine import Simulation
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.jit import COMPILED
from sim.transitions import calibrated
from sim.transitions.calibrated import KINDS
from sim.transitions.county_moves import SHAPE, CountyMoves, published_chances
from sim.transitions.process import STAY, Settings, Year
from sim.transitions.reason_offsets import WHAT, county_factor, no_offsets
from tests.conftest import Led, load, made_people
from tests.oracles import kind_of_family, offset_within_reason, person


def lived(people, process, outcome=None, seed=1):
    year = Year.begin(people.year, people, Chance(seed))
    if outcome is not None:
        year.outcome[:] = outcome
    before = people["municipality"].copy()
    process.happen(year)
    return year, before


def test_everybody_moves_by_the_rule_for_one_person():
    people = made_people(load(20_000, 1_500))
    people["background"][::7] = BACKGROUND.index("norwegian_born")
    outcome = np.random.default_rng(1).integers(0, 3, len(people))
    factors = [county_factor(calibrated.read().within, period) for period in (0, 1)]
    year, before = lived(people, CountyMoves(published_chances() * 5, factors), outcome)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("county_moves", 2013, people["person"], words)
    moved = np.flatnonzero(people["municipality"] != before)

    def moves(i):
        age = 2013 - 1 - int(people["birth_year"][i])
        covered = people["background"][i] != BACKGROUND.index("norwegian_born")
        someone = person(people, i)
        someone["municipality"] = int(before[i])
        kind = KINDS.index(kind_of_family(someone))
        luck = (words[i] + 0.5) / 2**32
        chance = 5 * published_chances()[people["reason"][i], kind, int(20 <= age <= 35)]
        chance *= math.exp(offset_within_reason(someone, 2013, "county"))
        return outcome[i] == STAY and age >= 15 and covered and luck < chance

    assert moved.tolist() == [i for i in range(len(people)) if moves(i)]
    assert moved.size > 10
    np.testing.assert_array_equal(np.sort(year.happened("county")), moved)
    assert (CENTRALITY_OF[people["municipality"]] == CENTRALITY_OF[before]).all()
    assert (COUNTY_OF[people["municipality"][moved]] != COUNTY_OF[before[moved]]).all()
    changed = np.sort(np.concatenate(year.changed))  # mobility looks at the county
    np.testing.assert_array_equal(changed, moved)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_certain_moves(chance):
    people = made_people(500)
    process = CountyMoves(np.full(SHAPE, chance))
    year, before = lived(people, process)
    adult = people["birth_year"] <= 2013 - 16
    moved = people["municipality"] != before
    np.testing.assert_array_equal(moved, adult if chance else np.zeros(500, dtype=bool))
    assert ("county" in year.events) == bool(chance)


def test_only_the_county_that_is_told_moves():
    """A factor of 0 everywhere but in Oslo for the later period; 2013 lies in it."""
    people = made_people(2_000, 3)
    log = no_offsets()
    log["county"][1, WHAT.index("county")] = -np.inf
    log["county"][1, WHAT.index("county"), :, 2] = 0.0
    factors = [county_factor(log, period) for period in (0, 1)]
    _, before = lived(people, CountyMoves(np.ones(SHAPE), factors))
    moved = people["municipality"] != before
    adult = people["birth_year"] <= 2013 - 16
    np.testing.assert_array_equal(moved, adult & (COUNTY_OF[before] == 2))
    assert moved.any()


def test_nobody_moves_if_so_chosen():
    people = made_people(2_000)
    process = CountyMoves.ready(Settings(assumptions={"county_moves": "none"}))
    _, before = lived(people, process)
    np.testing.assert_array_equal(people["municipality"], before)


def test_children_go_with_their_adult_unless_they_leave_anyway():
    people = made_people(400)
    year = Year.begin(2013, people, Chance(1))
    adults = np.flatnonzero(people["birth_year"] <= 1990)[:20]
    children = np.flatnonzero(people["birth_year"] >= 2000)[:20]
    year.followers = Led(children, adults)
    year.outcome[children[::2]] = 1
    before = people["municipality"].copy()
    CountyMoves(np.ones(SHAPE)).happen(year)
    for child, adult in zip(children[1::2], adults[1::2], strict=True):
        assert people["municipality"][child] == people["municipality"][adult]
    np.testing.assert_array_equal(people["municipality"][children[::2]], before[children[::2]])
    assert set(children[1::2]) <= set(year.happened("county").tolist())


def test_the_order_of_rows_does_not_matter():
    people = made_people(load(5_000, 600))
    order = np.random.default_rng(2).permutation(len(people))
    turned = people.select(order)
    process = CountyMoves(published_chances() * 5)
    lived(people, process)
    lived(turned, process)
    np.testing.assert_array_equal(turned["municipality"], people["municipality"][order])


@pytest.fixture(scope="module")
def made():
    return county_moves.chances()


@pytest.mark.skipif(not COMPILED, reason="needs the whole population")
@pytest.mark.parametrize(("table", "rows"), [("4.1", 48), ("4.2", 48), ("4.3", 18)])
def test_every_rate_of_the_tables_is_expected(made, table, rows):
    _, _, reached = made
    persons = family_offsets.cells_of(reconstruct()).persons
    published = family_offsets.published(table, "out_of_county_percent")
    wrong = {}
    for (reason, size, kind), told in published.items():
        kinds = [KINDS.index(k) for k in ROWS[kind][size]]
        at = np.ix_([REASON.index(reason)], kinds, [1] if table == "4.2" else [0, 1])
        here = (reached[at] * persons[at]).sum() / persons[at].sum()
        if abs(here - told) > 0.005 and abs(here / told - 1) > 0.15:
            wrong[reason, size, kind] = (here, told)
    assert not wrong
    assert len(published) == rows


@pytest.mark.skipif(not COMPILED, reason="needs the whole population")
def test_the_shipped_table_is_what_the_tool_makes(made):
    np.testing.assert_allclose(published_chances(), made[0], atol=6e-6)


@pytest.mark.skipif(not COMPILED, reason="needs the whole population")
def test_as_many_leave_their_county_as_is_expected(made):
    """By reason, in a whole year; six standard deviations, families counted as one move."""
    people = reconstruct()
    mine, county = people.immigrants.copy(), COUNTY_OF[people["municipality"]]
    simulation = Simulation(people, Settings(), Chance(3))
    simulation.step()
    left = COUNTY_OF[simulation.population["municipality"][: len(people)]] != county
    cells = family_offsets.cells_of(people)
    _, _, target = made
    for reason in range(len(REASON)):
        those = mine & (people["reason"] == reason)
        expected = (target[reason] * cells.persons[reason]).sum()
        assert abs(left[those].sum() - expected) < 6 * np.sqrt(3 * expected) + 0.01 * expected
