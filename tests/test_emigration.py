import numpy as np

from sim.agents.families import recount
from sim.agents.population import ABROAD
from sim.chance import Chance
from sim.codes import DESTINATION
from sim.transitions.emigration import Emigration
from sim.transitions.process import EMIGRATE, Settings, Year
from tests.conftest import made_people


def test_leavers_are_abroad_and_counted_out_of_their_families():
    people = made_people(500)
    others = people["family_total"] - recount(people)[0]
    before = people.copy()
    this = Year.begin(2015, people, Chance(1))
    this.outcome[::4] = EMIGRATE
    Emigration.ready(Settings()).happen(this)
    left = np.arange(500) % 4 == 0
    np.testing.assert_array_equal(people["place"] == ABROAD, left)
    for name in ("left_year", "registered_year"):
        np.testing.assert_array_equal(people[name], np.where(left, 2015, 0))
    unknown = DESTINATION.index("unknown")
    np.testing.assert_array_equal(people["destination"], np.where(left, unknown, 0))
    np.testing.assert_array_equal(this.happened("emigrate"), np.flatnonzero(left))
    np.testing.assert_array_equal(
        (people["family_total"] - recount(people)[0])[~left], others[~left]
    )
    np.testing.assert_array_equal(people["family_immigrants"][~left], recount(people)[1][~left])
    changed = np.flatnonzero(people["family_total"] != before["family_total"])
    assert set(changed) <= set(np.concatenate(this.changed))


def test_nobody_leaves_if_nobody_wants_to():
    people = made_people(50)
    before = people.copy()
    Emigration.ready(Settings()).happen(Year.begin(2015, people, Chance(1)))
    assert all((people[name] == before[name]).all() for name in people.columns)
