"""What 1 January lets expect: one person's chances, and what happens on average."""

import numpy as np
import pytest

from calibration import reconstruct
from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance
from sim.codes import BACKGROUND
from sim.engine import Simulation
from sim.transitions.descendants import Descendants, probabilities
from sim.transitions.expected import chances_of
from sim.transitions.mobility import YOUNGEST, Mobility
from sim.transitions.process import Settings
from tests.conftest import load, made_people

BORN = BACKGROUND.index("norwegian_born")


def chances(people, settings):
    return chances_of(people, Mobility.ready(settings), Descendants.ready(settings))


def of_one(people, i, settings):
    """The rule for one person, as the processes say it of one."""
    mobility = Mobility.ready(settings)
    age = people.year - 1 - people["birth_year"][i]
    if people["place"][i] != RESIDENT or age < YOUNGEST:
        return 0.0, 0.0
    if people["background"][i] != BORN:
        move, leave = mobility.weights(people, people.year, i)
        return move / (1 + move + leave), leave / (1 + move + leave)
    table = probabilities(people.year)
    reached = min(people.year - int(people["birth_year"][i]), table.shape[2] - 1)
    leave = table[people["origin"][i], int(people["education"][i] >= 4), reached]
    as_immigrant = people.copy()
    as_immigrant["background"][i] = 0
    apart = Settings(model_type=settings.model_type, assumptions={"reason_offset": "none"})
    wish, _ = Mobility.ready(apart).weights(as_immigrant, people.year, i)
    return (1 - leave) * wish / (1 + wish), leave


@pytest.mark.parametrize("model_type", [1, 3])
def test_chances_are_those_of_one_person_after_the_other(model_type):
    settings = Settings(model_type=model_type)
    people = reconstruct(scale=0.01)
    born = np.flatnonzero((people["background"] == BORN) & (people["birth_year"] < 1997))
    others = np.flatnonzero(people["background"] != BORN)
    people = people.select(np.concatenate([some[: load(150, 20)] for some in (born, others)]))
    people["place"][:5] = people["place"][-5:] = ABROAD
    found = chances(people, settings)
    assert (found.move[5 : load(150, 20)] > 0).all()
    for i in range(len(people)):
        move, leave = of_one(people, i, settings)
        assert (found.move[i], found.leave[i]) == (pytest.approx(move), pytest.approx(leave))


def test_nobody_abroad_nor_any_child_is_expected_to_go():
    people = made_people(load(2_000, 300))
    people["place"][::4] = ABROAD
    young = people["birth_year"] > people.year - 1 - YOUNGEST
    found = chances(people, Settings())
    for chance in (found.move, found.leave):
        assert (chance[(people["place"] == ABROAD) | young] == 0).all()
        assert ((chance >= 0) & (chance < 1)).all()
    assert (found.move + found.leave < 1).all()


def test_as_many_go_as_are_expected_to_in_the_mean_of_many_lives():
    """Of those who follow nobody. Beyond 4.5 standard errors: false alarms below 1 in 100,000."""
    people, settings = reconstruct(scale=load(0.01, 0.001)), Settings()
    found, many = chances(people, settings), load(40, 6)
    asked = people["birth_year"] <= people.year - 1 - YOUNGEST
    born = people["background"] == BORN
    for whom in (asked & ~born, asked & born):
        assert whom.sum() > 10
        went = np.zeros((many, 2))
        for k in range(many):
            simulation = Simulation(
                people, settings, Chance(11, k), processes=(Mobility, Descendants)
            )
            simulation.watcher = watcher = Outcomes()
            simulation.step()
            went[k] = [(watcher.outcome[whom] == which).sum() for which in (1, 2)]
        for k, chance in enumerate((found.move, found.leave)):
            error = 1.5 * np.sqrt((chance * (1 - chance))[whom].sum() / many)  # families together
            assert abs(went[:, k].mean() - chance[whom].sum()) <= 4.5 * error


class Outcomes:
    """Keeps what everybody does."""

    def before(self, process, year):
        """See nothing."""

    def after(self, process, year):
        """Note what was decided so far."""
        self.outcome = year.outcome.copy()
