"""Families that move together: whose luck everybody has, and nobody's chances changed."""

import numpy as np
import pytest
from scipy import stats

from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance, between_0_and_1
from sim.engine import Simulation
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, STAY, Settings, Year
from sim.transitions.together import CORRELATION, SharedLuck
from tests import oracles
from tests.conftest import load, made_people
from tests.test_mobility import livelier, settings

TOLD = {"children": "stay"}


def lucky_persons(people, year, chance, correlation=CORRELATION):
    """Everybody's number of luck, looked up anew."""
    return SharedLuck(correlation).hold(Year.begin(year, people, chance))(slice(0, len(people)))


def whose(people, i, year, seed, correlation=CORRELATION):
    """The rule for one person: the luck of the family, if the coin is heads."""
    if people["place"][i] or people["family_total"][i] == 1 or people["birth_year"][i] > year - 16:
        return people["person"][i]
    coin = np.empty(1, dtype=np.uint32)
    Chance(seed).swift_word("families_together", year, people["person"][[i]], coin)
    if coin[0] >= round(np.sqrt(correlation) * 2**32):
        return people["person"][i]
    head = i
    if people["partner"][i] < 0 and near(people, i, people["mother"][i]):
        head = people["mother"][i]
    both = [head]
    if near(people, head, people["partner"][head]):
        both.append(people["partner"][head])
    return ~people["person"][both].min()


def near(people, i, other):
    """Whether somebody lives with another person."""
    return (other >= 0 and people["place"][other] == 0
            and people["family"][other] == people["family"][i])  # fmt: skip


def linked(n, seed=0):
    """People of whom some have partners and mothers, in their family or elsewhere."""
    people = made_people(n, seed)
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(n)[: n // 3 * 2].reshape(2, -1)
    people["partner"][pairs[0]], people["partner"][pairs[1]] = pairs[1], pairs[0]
    at_home = rng.random(pairs.shape[1]) < 0.8
    people["family"][pairs[0][at_home]] = people["family"][pairs[1][at_home]]
    people["family_total"][:] = 1 + rng.integers(0, 3, n)
    sons = rng.permutation(n)[: n // 3]
    people["mother"][sons] = rng.permutation(n)[: n // 3]
    people["mother"][people["mother"] == np.arange(n)] = -1
    there = sons[rng.random(sons.size) < 0.7]
    there = there[people["mother"][there] >= 0]
    people["family"][there] = people["family"][people["mother"][there]]
    return people


def test_everybody_has_the_luck_that_the_rule_for_one_person_says():
    people = linked(load(2_000, 300))
    people["place"][::9] = ABROAD
    lucky = lucky_persons(people, 2013, Chance(4))
    assert lucky.tolist() == [whose(people, i, 2013, 4) for i in range(len(people))]
    assert 0.3 < (lucky < 0).mean() < 0.9  # of a family, not of a person


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_everybody_does_what_the_rule_says_with_that_luck(draws):
    people = linked(load(1_500, 200))
    how = settings(draws=draws, assumptions=TOLD)
    year = Year.begin(2013, people, Chance(1))
    Mobility(livelier(), how).happen(year)
    for i in range(len(people)):
        weight = oracles.weights(oracles.person(people, i), 2013, livelier(), how.assumptions)
        who = np.array([whose(people, i, 2013, 1)])
        words = np.empty((4, 1), dtype=np.uint32)
        if draws == "explicit":
            Chance(1).block("mobility", 2013, who, words)
            expected = oracles.explicit(weight, between_0_and_1(words[:3, 0]))
        else:
            Chance(1).swift_word("mobility", 2013, who, words[0])
            expected = oracles.threshold(weight, between_0_and_1(words[0, 0]))
        assert year.outcome[i] == expected


def couples(n, seed=0):
    """So many couples, alike in everything."""
    people = made_people(2 * n, seed, families=False)
    columns = ("sex", "birth_year", "reason", "first_arrival_year", "education", "status",
               "municipality", "origin")  # fmt: skip
    for name in columns:
        people[name][1::2] = people[name][::2]
    people["birth_year"][:] = 1980
    people["first_arrival_year"][:] = 2010
    people["family"][1::2] = people["family"][::2]
    people["partner"][:] = np.arange(2 * n) ^ 1
    people["family_total"][:], people["family_immigrants"][:] = 2, 2
    return people


def lived(people, families, seed):
    year = Year.begin(2013, people, Chance(seed))
    Mobility(livelier(), settings(assumptions=TOLD | {"families": families})).happen(year)
    return year.outcome


def test_as_many_leave_and_couples_more_often_together():
    """Each comparison falls outside with a probability of 1e-6."""
    people = couples(load(40_000, 1_500))
    together, apart = (lived(people, how, 5) for how in ("together", "apart"))
    n = people["sex"].size
    for outcome in (EMIGRATE, STAY):
        some, others = ((found == outcome).sum() for found in (together, apart))
        p = others / n
        spread = stats.norm.isf(5e-7) * np.sqrt(2 * (1 + CORRELATION) * n * p * (1 - p))
        assert abs(int(some) - int(others)) < spread
    same = [(found[::2] == found[1::2]).mean() for found in (together, apart)]
    expected = CORRELATION + (1 - CORRELATION) * same[1]
    spread = stats.norm.isf(5e-7) * np.sqrt(2 * 0.25 / (n / 2))
    assert abs(same[0] - expected) < spread
    assert same[0] > same[1]


def test_families_of_one_share_with_nobody_and_a_correlation_of_none_change_nothing():
    people = made_people(500, families=False)
    lucky = lucky_persons(people, 2013, Chance(1))
    assert np.unique(lucky).size == 500  # everybody has luck of their own
    families = linked(500)
    np.testing.assert_array_equal(lucky_persons(families, 2013, Chance(1), 0.0), families["person"])
    whole = lucky_persons(families, 2013, Chance(1), 1.0)
    assert whole.tolist() == [whose(families, i, 2013, 1, 1.0) for i in range(500)]


def test_the_order_of_rows_does_not_matter():
    people = linked(600)
    order = np.random.default_rng(1).permutation(600)
    lucky = lucky_persons(people, 2013, Chance(1))
    np.testing.assert_array_equal(
        lucky_persons(people.select(order), 2013, Chance(1)), lucky[order]
    )


def test_settings_choose():
    assert Mobility.ready(Settings()).sharing.correlation == CORRELATION
    assert Mobility.ready(Settings(assumptions={"families": "apart"})).sharing.correlation == 0


def test_luck_kept_from_year_to_year_is_that_looked_up_anew():
    """Marriages, births, deaths, moves out and journeys all change who shares with whom."""
    simulation = Simulation(made_people(load(20_000, 600)), Settings(), Chance(2))
    mobility = simulation.processes[0]
    assert isinstance(mobility, Mobility)
    renewed = 0
    for _ in range(6):
        simulation.step()
        year = Year.begin(simulation.year, simulation.population, Chance(2))
        anew = mobility.lucky(year)
        year.regrouped = list(simulation._last.regrouped)
        renewed += sum(map(len, year.regrouped))
        found = mobility.sharing.hold(year)(slice(0, anew.size))
        here = simulation.population["place"] == RESIDENT  # of others it is not asked
        np.testing.assert_array_equal(found[here], anew[here])
    assert renewed > 100
