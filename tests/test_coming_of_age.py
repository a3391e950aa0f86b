import numpy as np

from sim.agents.population import ABROAD
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.coming_of_age import ComingOfAge
from sim.transitions.process import Settings, Year
from tests import oracles
from tests.conftest import CLOSED, load, made_people


def test_those_who_turn_15_become_students_by_the_rule_for_one():
    people = made_people(load(3_000, 300), 6)
    people["place"][::5] = ABROAD
    before = people.copy()
    this = Year.begin(2013, people, Chance(1))
    ComingOfAge.ready(Settings()).happen(this)
    expected = [oracles.at_fifteen(oracles.person(before, i), 2013) for i in range(len(people))]
    found = list(zip(people["status"].tolist(), people["education"].tolist(), strict=True))
    assert found == expected
    turned = (before["birth_year"] == 1998) & (before["place"] == 0)
    assert turned.any()
    np.testing.assert_array_equal(np.concatenate(this.changed), np.flatnonzero(turned))


def test_it_can_be_switched_off():
    people = made_people(200)
    before = people.copy()
    settings = Settings(assumptions=Settings().assumptions | {"coming_of_age": "unchanged"})
    ComingOfAge.ready(settings).happen(Year.begin(2013, people, Chance(1)))
    assert all((people[name] == before[name]).all() for name in people.columns)


def test_the_young_who_grew_up_here_do_not_emigrate_like_strangers():
    """Without the process, those who turn 15 in the run left three times as often as others."""
    n = load(40_000, 2_000)
    grown = np.arange(n) % 2 == 0  # 15 already; the others turn 15 in the first year
    people = made_people(
        n,
        families=False,
        birth_year=np.where(grown, 1997, 1998),
        first_arrival_year=np.full(n, 2000),
        status=np.where(grown, 3, 0),
        education=np.where(grown, 1, 0),
        reason=np.full(n, 2),
        family_total=np.full(n, 3),
    )
    simulation = Simulation(people, Settings(), Chance(1), processes=CLOSED)
    for _ in range(6):
        simulation.step()
    left = simulation.population["left_year"]
    rates = [
        np.count_nonzero((left >= 2014) & here)
        / np.count_nonzero(here & ~((left > 0) & (left < 2014)))
        for here in (grown, ~grown)
    ]
    assert rates[1] < 1.6 * rates[0] + load(0.01, 0.08)
