"""Deaths: the rule for one person, the published rates, families and partners left behind."""

import numpy as np
import pytest
from scipy import stats

from sim.agents.families import recount
from sim.agents.population import ABROAD, DEAD, RESIDENT
from sim.chance import Chance
from sim.transitions import deaths
from sim.transitions.deaths import IN_BIRTH_YEAR, Deaths, cuts, probabilities, rates
from sim.transitions.process import Settings, Year
from tests.conftest import load, made_people


def died(people, choice="falling", seed=1):
    """Let a year of deaths happen; return the year and who was alive before."""
    before = people["place"].copy()
    year = Year.begin(people.year, people, Chance(seed))
    Deaths(choice).happen(year)
    return year, before


def dies(year, sex, birth_year, luck):
    """The rule for one person."""
    age, rate = year - birth_year, rates(year, falling=True)[sex]
    if age == 0:
        hazard = IN_BIRTH_YEAR * rate[0]
    elif age == 1:
        hazard = (1 - IN_BIRTH_YEAR) * rate[0] + rate[1] / 2
    else:
        hazard = (rate[age - 1] + rate[age]) / 2
    return luck < 1 - np.exp(-hazard)


def test_everybody_dies_by_the_rule_for_one_person():
    people = made_people(load(20_000, 1_500))
    people["place"][::5] = ABROAD
    people["left_year"][::5] = 2010
    year, before = died(people)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("deaths", 2013, people["person"], words)
    for i in range(len(people)):
        expected = dies(
            2013, people["sex"][i], int(people["birth_year"][i]), (words[i] + 0.5) / 2**32
        )
        assert (people["place"][i] == DEAD) == expected
    gone = np.flatnonzero(people["place"] == DEAD)
    assert gone.size > 10
    np.testing.assert_array_equal(year.happened("death"), gone[before[gone] == RESIDENT])
    assert (people["place"][people["place"] != DEAD] == before[people["place"] != DEAD]).all()


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 0), (1.0, 1)])
def test_certain_deaths(monkeypatch, chance, expected):
    people = made_people(500)
    monkeypatch.setattr(deaths, "probabilities", lambda year, falling: np.full((2, 111), chance))
    died(people)
    assert (people["place"] == DEAD).mean() == expected
    assert cuts(np.array([0.0, 1.0])).tolist() == [0, 2**32]


def test_nobody_dies_if_so_chosen():
    people = made_people(2_000)
    year, before = died(people, "nobody_dies")
    np.testing.assert_array_equal(people["place"], before)
    assert not year.events


def test_the_dead_stay_dead_and_die_once():
    people = made_people(load(3_000, 500))
    people["place"][::2] = DEAD
    year, _ = died(people)
    assert not np.isin(year.happened("death"), np.arange(0, len(people), 2)).any()
    assert (people["place"][::2] == DEAD).all()


def test_families_equal_a_recount_and_partners_are_widowed():
    people = made_people(load(20_000, 1_000))
    n = len(people)
    people["partner"][:] = np.arange(n) ^ 1
    others = people["family_total"] - recount(people)[0]
    year, _ = died(people)
    here = people["place"] == RESIDENT
    persons, immigrants = recount(people)
    np.testing.assert_array_equal((people["family_total"] - persons)[here], others[here])
    np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])
    dead = people["place"] == DEAD
    assert (people["partner"][dead] == -1).all()
    assert (people["partner"][dead[np.arange(n) ^ 1]] == -1).all()
    both = ~dead & ~dead[np.arange(n) ^ 1]
    assert (people["partner"][both] == (np.arange(n) ^ 1)[both]).all()
    assert set(np.flatnonzero(dead)) <= set(np.concatenate(year.changed).tolist())


def test_as_many_die_as_the_rates_say():
    """Falls outside with a probability of 1e-6 a sex."""
    n = load(200_000, 5_000)
    people = made_people(n, birth_year=np.full(n, 1930), first_arrival_year=np.full(n, 1990))
    died(people)
    for sex in (0, 1):
        mine = people["sex"] == sex
        p = probabilities(2013)[sex, 83]
        low, high = stats.binom.interval(1 - 1e-6, mine.sum(), p)
        assert low <= (people["place"][mine] == DEAD).sum() <= high


def test_the_rates_are_those_published():
    """Registered life expectancy of 2013: women 83.5 or so, men 79.6 or so."""
    for sex, expected in ((0, 83.6), (1, 79.65)):
        alive = np.cumprod(1 - probabilities(2013)[sex])  # at half a year, one and a half ...
        assert alive.sum() == pytest.approx(expected, abs=0.2)
    assert rates(2013, falling=True)[1, 0] == pytest.approx(rates(2013, falling=False)[1, 0])


def test_rates_fall_after_the_last_published_year_or_stay():
    last, later = rates(2023, falling=True), rates(2043, falling=True)
    assert (later < last)[last > 0].all()
    fall = np.log(later[:, 60] / last[:, 60])
    assert ((fall > -0.6) & (fall < -0.2)).all()  # 1 to 3 % a year
    np.testing.assert_array_equal(rates(2043, falling=False), rates(2023, falling=True))
    np.testing.assert_array_equal(rates(1990, falling=True), rates(2000, falling=True))


def test_ready_takes_the_choice_of_the_settings():
    assert Deaths.ready(Settings()).choice == "falling"
    assert Deaths.ready(Settings(assumptions={"mortality": "as_2023"})).choice == "as_2023"


def test_the_oldest_die():
    people = made_people(10, birth_year=np.full(10, 1893), first_arrival_year=np.full(10, 1900))
    died(people)
    assert (people["place"] == DEAD).all()
