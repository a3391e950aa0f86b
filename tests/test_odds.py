"""What processes say of one person is what they do: chances and draws told, against those lived."""

import numpy as np
import pytest

from calibration import reconstruct
from sim.chance import Chance, cuts
from sim.engine import THE_YEAR
from sim.transitions import births, labour, leaving_home, unions
from sim.transitions.births import Births
from sim.transitions.county_moves import CountyMoves
from sim.transitions.deaths import Deaths
from sim.transitions.education import Education
from sim.transitions.labour import LabourStatus
from sim.transitions.leaving_home import LeavingHome
from sim.transitions.odds import Odds, TellsOdds
from sim.transitions.process import Settings, Year
from sim.transitions.returning import Returning
from sim.transitions.unions import Unions
from tests.conftest import load

TELLING = (Births, CountyMoves, Deaths, Education, LabourStatus, LeavingHome, Returning, Unions)


@pytest.fixture(scope="module")
def people():
    return reconstruct(scale=load(0.01, 0.002), seed=3)


def begin(people, kind, **columns):
    """Return a year of a copy of the people, the process, and its odds by person."""
    copied = people.copy()
    for name, values in columns.items():
        copied[name][:] = values
    year = Year.begin(2013, copied, Chance(7))
    process = kind.ready(Settings())
    told = [process.odds(year, position) for position in range(len(copied))]
    return year, process, told


def whom(told, place=0):
    """Return to whom something happens by their own draw."""
    return [i for i, odds in enumerate(told) if len(odds) > place and odds[place].happens]


def test_all_that_draw_for_one_person_tell_their_odds():
    assert {kind for kind in THE_YEAR if issubclass(kind, TellsOdds)} == set(TELLING)


@pytest.mark.parametrize("kind", TELLING)
def test_chances_are_chances_and_draws_lie_between(people, kind):
    _, _, told = begin(people, kind)
    every = [one for odds in told for one in odds]
    assert all(0 <= one.chance <= 1 + 1e-12 and 0 < one.luck < 1 for one in every)
    assert not Odds("x", 0.25, 0.25).happens
    assert Odds("x", 0.25, 0.2).happens


def test_who_dies_is_who_was_told(people):
    year, process, told = begin(people, Deaths)
    process.happen(year)
    died = np.flatnonzero(year.population["place"] == 2)
    assert died.tolist() == whom(told)
    assert died.size > 0


def test_who_gives_birth_is_who_was_told(people):
    year, process, told = begin(people, Births)
    mothers = process._mothers(year).mother
    assert sorted(mothers.tolist()) == whom(told)
    assert mothers.size > 0
    assert min(2013 - year.population["birth_year"][mothers]) >= births.YOUNGEST


def test_who_may_leave_home_is_who_was_told(people):
    year, process, told = begin(people, LeavingHome)
    possible = leaving_home._possible(year, cuts(leaving_home.rates()))
    assert possible.tolist() == whom(told)
    before = year.population["family"].copy()
    process.happen(year)
    grown = 2013 - year.population["birth_year"] >= leaving_home.YOUNGEST
    left = np.flatnonzero((year.population["family"] != before) & grown)
    assert left.size > 0
    assert set(left.tolist()) <= set(possible.tolist())


def test_who_comes_back_alone_is_who_was_told(people):
    """Everybody abroad since 2011, all adults without a family: nobody is taken along."""
    n = len(people)
    alone = {"family": np.arange(n), "partner": -1, "mother": -1}
    gone = {"place": 1, "left_year": 2011, "registered_year": 2011, "destination": 1}
    year, process, told = begin(people, Returning, birth_year=1970, **alone, **gone)
    process.happen(year)
    back = np.flatnonzero(year.population["place"] == 0)
    assert back.tolist() == whom(told)
    assert back.size > 0


def test_who_moves_to_another_county_is_who_was_told(people, monkeypatch):
    seen = []
    monkeypatch.setattr(CountyMoves, "_move", lambda _, movers, year: seen.append(movers))
    year, process, told = begin(people, CountyMoves)
    process.happen(year)
    assert seen[0].tolist() == whom(told)
    assert seen[0].size > 0


def test_whose_status_is_drawn_anew_is_who_was_told(people, monkeypatch):
    year, process, told = begin(people, LabourStatus)
    before, draw, asked = year.population["status"].copy(), labour.kernel.draw, []

    def listening(leaving, *rest):
        asked.extend(leaving.tolist())
        return draw(leaving, *rest)

    monkeypatch.setattr(labour.kernel, "draw", listening)
    process.happen(year)
    assert asked == whom(told)
    changed = np.flatnonzero(year.population["status"] != before)
    assert changed.size > 0
    assert set(changed.tolist()) <= set(asked)


def test_whose_education_rises_is_who_was_told(people):
    year, process, told = begin(people, Education)
    before = year.population["education"].copy()
    process.happen(year)
    risen = np.flatnonzero(year.population["education"] != before)
    assert risen.tolist() == whom(told)
    assert risen.size > 0


def test_who_parts_or_finds_or_seeks_is_who_was_told(people):
    year, _, told = begin(people, Unions)
    nobody = np.empty(0, dtype=np.int64)
    cases = unions._cases(year, unions.rates(), nobody)
    partner = year.population["partner"]
    parting = {i for i in whom(told) if told[i][0].what == "parting"}
    assert parting == set(cases.parting.tolist()) | set(partner[cases.parting].tolist())
    leaving = [i for i in whom(told) if told[i][0].what.startswith("leaving")]
    assert leaving == sorted(cases.leaving.tolist())
    finding = [i for i in whom(told) if told[i][0].what.startswith("finding")]
    assert finding == sorted(cases.finding.tolist())
    seeking = [i for i in whom(told, 1) if not told[i][0].happens]
    assert seeking == sorted(cases.seeking.tolist())
    assert parting
    assert seeking


def test_a_rule_that_nothing_happens_has_no_odds(people):
    off = {"mortality": (Deaths, "nobody_dies"), "fertility": (Births, "nobody_is_born"),
           "returning": (Returning, "nobody"), "unions": (Unions, "no_change"),
           "leaving_home": (LeavingHome, "nobody_leaves"),
           "labour_status": (LabourStatus, "unchanged")}  # fmt: skip
    year = Year.begin(2013, people.copy(), Chance(7))
    for name, (kind, choice) in off.items():
        process = kind.ready(Settings(assumptions={name: choice}))
        assert not any(process.odds(year, position) for position in range(50))
