"""Moves to another county at the same level: the rule for one person, and Table 4.1."""

import numpy as np
import pytest
from scipy import stats

from calibration import reconstruct
from sim.chance import Chance
from sim.codes import BACKGROUND, REASON
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.jit import COMPILED
from sim.transitions.county_moves import SIZES, CountyMoves, published_chances
from sim.transitions.destination import DomesticDestination
from sim.transitions.mobility import Mobility
from sim.transitions.process import STAY, Settings, Year
from sim.transitions.sources import rows
from tests.conftest import load, made_people


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
    year, before = lived(people, CountyMoves(published_chances() * 5), outcome)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("county_moves", 2013, people["person"], words)
    moved = np.flatnonzero(people["municipality"] != before)

    def moves(i):
        adult = 2013 - 1 - int(people["birth_year"][i]) >= 15
        covered = people["background"][i] != BACKGROUND.index("norwegian_born")
        size = min(int(people["family_total"][i]), 3) - 1
        luck = (words[i] + 0.5) / 2**32
        chance = 5 * published_chances()[people["reason"][i], size]
        return outcome[i] == STAY and adult and covered and luck < chance

    assert moved.tolist() == [i for i in range(len(people)) if moves(i)]
    assert moved.size > 10
    np.testing.assert_array_equal(np.sort(year.happened("county")), moved)
    assert (CENTRALITY_OF[people["municipality"]] == CENTRALITY_OF[before]).all()
    assert (COUNTY_OF[people["municipality"][moved]] != COUNTY_OF[before[moved]]).all()
    assert not np.concatenate(year.changed).size  # the level is what mobility looks at


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_certain_moves(chance):
    people = made_people(500)
    process = CountyMoves(np.full((len(REASON), len(SIZES)), chance))
    year, before = lived(people, process)
    adult = people["birth_year"] <= 2013 - 16
    moved = people["municipality"] != before
    np.testing.assert_array_equal(moved, adult if chance else np.zeros(500, dtype=bool))
    assert ("county" in year.events) == bool(chance)


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
    year.children, year.adults = children, adults
    year.outcome[children[::2]] = 1
    before = people["municipality"].copy()
    CountyMoves(np.ones((len(REASON), len(SIZES)))).happen(year)
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


@pytest.mark.skipif(not COMPILED, reason="needs the whole population")
def test_as_many_leave_their_county_as_table_4_1_says():
    """By reason, within sampling error; falls outside with a probability of 1e-6 each.

    By family size children differ from the adults that the chances were made for: within 0.6
    points.
    """
    people = reconstruct()
    settings, year = Settings(), Year.begin(2013, people, Chance(3))
    adults = people.immigrants & (people["birth_year"] <= 2013 - 16)
    size = np.minimum(people["family_total"], 3) - 1
    for process in (Mobility, DomesticDestination, CountyMoves):
        process.ready(settings).happen(year)
    left = np.zeros(len(people), dtype=bool)
    left[year.happened("county")] = True
    for reason, name in enumerate(REASON.names):
        mine = adults & (people["reason"] == reason)
        table = [r for r in rows("county_moves.csv") if r["reason"] == name]
        expected = np.array([float(r["out_of_county_percent"]) / 100 for r in table])
        persons = np.bincount(size[mine], minlength=3)
        found = np.bincount(size[mine], left[mine], 3)
        low, high = stats.norm.interval(1 - 1e-6, (persons * expected).sum(),
                                        np.sqrt((persons * expected * (1 - expected)).sum()))  # fmt: skip
        assert low <= found.sum() <= high
        np.testing.assert_allclose(found / persons, expected, atol=0.006)
