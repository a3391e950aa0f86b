"""From 2004 to 2013, and on to 2060: whole lives beside the record."""

import csv
from collections import defaultdict
from importlib import resources

import numpy as np
import pytest

from calibration import reconstruct
from sim.agents.families import recount
from sim.agents.population import RESIDENT
from sim.chance import Chance
from sim.codes import REASON, SPONSOR_REASON
from sim.engine import Simulation
from sim.jit import COMPILED
from sim.transitions.process import Settings
from tests.conftest import made_people

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the whole population")
BY_REASON, IN_ALL = 0.04, 0.02


def official(people):
    """Resident immigrants as the published stock counts them: refugees with their families."""
    reason, sponsor = people["reason"], people["sponsor_reason"]
    code = {name: REASON.index(name) for name in REASON.names}
    refuge = (reason == code["refuge"]) | (sponsor == SPONSOR_REASON.index("refuge"))
    rest = people.immigrants & ~refuge
    nordic_or_unknown = (reason == code["nordic"]) | (reason == code["unknown"])
    return {
        "work": np.count_nonzero(rest & (reason == code["work"])),
        "refuge_with_families": np.count_nonzero(people.immigrants & refuge),
        "family_not_of_refugees": np.count_nonzero(rest & (reason == code["family"])),
        "education_or_other": np.count_nonzero(rest & (reason == code["education"])),
        "nordic_or_unknown": np.count_nonzero(rest & nordic_or_unknown),
    }


def published():
    """The published stocks of 1 January by year and reason: 2006 to 2012, and 2013."""
    folder = resources.files("calibration") / "data"
    found = defaultdict(lambda: defaultdict(int))
    for row in csv.DictReader((folder / "start_years_by_reason.csv").read_text().splitlines()):
        for year in range(2006, 2013):
            found[year][row["reason"]] += int(row[str(year)])
    for row in csv.DictReader(
        (folder / "stock_by_reason_county_2013.csv").read_text().splitlines()
    ):
        found[2013][row["reason"]] += int(row["persons"])
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_stocks_by_reason_follow_the_record_from_2004_to_2013(seed):
    record = published()
    simulation = Simulation(reconstruct(year=2004, seed=seed), Settings(), Chance(seed))
    while simulation.year < 2013:
        simulation.step()
        if simulation.year < 2006:
            continue
        told, found = record[simulation.year], official(simulation.population)
        for reason, persons in told.items():
            assert found[reason] == pytest.approx(persons, rel=BY_REASON), (simulation.year, reason)
        assert sum(found.values()) == pytest.approx(sum(told.values()), rel=IN_ALL)
        assert sum(found.values()) == np.count_nonzero(simulation.population.immigrants)


def test_the_years_to_2060_stay_sane():
    """A tenth of the people; bounds are wide, made to catch what drifts away."""
    simulation = Simulation(reconstruct(scale=0.1), Settings(), Chance(1))
    first = None
    while simulation.year < 2060:
        counts = simulation.step()
        people = simulation.population
        here = people["place"] == RESIDENT
        persons, immigrants = recount(people)
        assert (people["family_total"] >= persons)[here].all()
        np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])
        assert counts.total("death") > 0
        age = simulation.year - 1 - people["birth_year"][here].astype(int)
        first = here.sum() if first is None else first
    grown = here.sum() / first
    between = np.count_nonzero((age >= 20) & (age < 67))
    dependency = 100 * (age.size - between) / between
    alone = (people["family_total"][people.immigrants] == 1).mean()
    partnered = people.immigrants & (people["birth_year"] <= 2030) & (people["birth_year"] > 2000)
    assert 1.5 < grown < 3.5
    assert 45 < dependency < 110
    assert 110 > age.max() > 95
    assert 0.25 < alone < 0.55
    assert people["family_total"][here].max() < 30
    assert 0.25 < (people["partner"][partnered] >= 0).mean() < 0.55
    unemployed = people.immigrants & (people["birth_year"] > 1985) & (people["birth_year"] < 2044)
    assert 0.02 < (people["status"][unemployed] == 4).mean() < 0.12
    people.check()


def test_forgetting_who_cannot_matter_changes_no_bit():
    people = reconstruct(scale=0.05)
    lives = [Simulation(people, Settings(), Chance(4), forgetful=how) for how in (False, True)]
    for _ in range(25):
        one, other = (life.step() for life in lives)
        assert one.flows.keys() == other.flows.keys()
        for event, (cells, counts) in one.flows.items():
            np.testing.assert_array_equal(cells, other.flows[event][0], event)
            np.testing.assert_array_equal(counts, other.flows[event][1], event)
    assert lives[1].population.forgotten > 2
    assert len(lives[1].population) < 0.9 * len(lives[0].population)
    lives[1].population.check()


def test_nobody_comes_to_a_world_that_is_closed():
    settings = Settings(assumptions={"arrivals": "none", "fertility": "nobody_is_born",
                                     "returning": "nobody"})  # fmt: skip
    simulation = Simulation(made_people(2_000), settings, Chance(1))
    for counts in simulation.run(4):
        assert not {"arrive", "birth", "return"} & {e for e in counts.flows if counts.total(e)}
