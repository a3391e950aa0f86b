"""Registration: when an unreported departure is found, who is recorded, and how many."""

import numpy as np
import pytest

from sim.agents.population import ABROAD, DEAD
from sim.chance import Chance
from sim.codes import ORIGIN
from sim.jit import COMPILED
from sim.transitions.process import Settings, Year
from sim.transitions.registration import (
    LONGEST,
    NORDIC,
    Registration,
    administrative_shares,
    found_by,
    years_of_registration,
)
from tests.conftest import made_people
from tests.test_emigration import leavers_of_2013

ORDINARY, EEA = 0.5, 0.25  # found in each year from the second on; EEA citizens since 2010


def found_in(left, eea, luck, clean_up=True):
    """The rule for one departure: the first year in which less than their luck is unknown."""
    unknown = 1.0
    for year in range(left + 2, left + LONGEST):
        unknown *= 1 - (EEA if eea and year >= 2010 else ORDINARY)
        if (clean_up and year == 2013) or luck < 1 - unknown:
            return year
    return left + LONGEST


@pytest.mark.parametrize("clean_up", [True, False])
@pytest.mark.parametrize("left", [2004, 2007, 2010, 2011, 2012, 2013, 2030])
def test_every_departure_is_found_by_the_rule_for_one(left, clean_up):
    luck = (np.arange(400) + 0.5) / 400
    eea = np.arange(400) % 3 == 0
    years = years_of_registration(left, eea, luck, clean_up=clean_up)
    assert years.tolist() == [
        found_in(left, e, u, clean_up) for e, u in zip(eea, luck, strict=True)
    ]
    assert years.min() == left + 2


def test_nobody_is_registered_after_the_last_year_there_is():
    assert years_of_registration(2099, np.array([False]), np.array([0.5])).tolist() == [2100]


def test_the_rule_of_2010_hides_citizens_of_the_eea():
    assert (found_by(2010, eea=True, clean_up=False) < found_by(2010, eea=False, clean_up=False))[
        :10
    ].all()
    before = found_by(1990, eea=True, clean_up=False)
    np.testing.assert_array_equal(before, found_by(1990, eea=False, clean_up=False))


def test_the_clean_up_finds_everybody_who_left_by_2011():
    for left in (2005, 2009, 2010, 2011):
        assert found_by(left, eea=True, clean_up=True)[2013 - left - 2] == 1
    np.testing.assert_array_equal(
        found_by(2012, eea=True, clean_up=True), found_by(2012, eea=True, clean_up=False)
    )


def test_the_clean_up_registers_several_thousand_at_once():
    """With 7,000 unreported departures a year, half of them by citizens of the EEA."""
    more = 0.0
    for left in range(1995, 2012):
        for eea in (False, True):
            by = {c: np.r_[0, found_by(left, eea=eea, clean_up=c)] for c in (True, False)}
            at = 2013 - left - 1
            in_2013 = {c: by[c][at] - by[c][at - 1] for c in by}
            more += 3_500 * (in_2013[True] - in_2013[False])
    assert 3_000 < more < 12_000


def test_those_abroad_are_recorded_in_their_year_and_nobody_else():
    people = made_people(600, place=np.arange(600) % 3, left_year=np.full(600, 2012))
    people["registered_year"][:] = 2012 + np.arange(600) // 3 % 3
    year = Year.begin(2013, people, Chance(1))
    before = people.copy()
    Registration.ready(Settings()).happen(year)
    expected = (people["place"] == ABROAD) & (people["registered_year"] == 2013)
    np.testing.assert_array_equal(year.happened("register"), np.flatnonzero(expected))
    assert (people["place"] == DEAD).sum() == 200
    assert all((people[name] == before[name]).all() for name in people.columns)


def test_shares_by_origin_are_in_the_published_order():
    by_origin = administrative_shares("published")[0, :, 1]
    high = [ORIGIN.index(o) for o in ("e_se_asia", "somalia_djibouti", "iraq", "africa_other",
                                      "south_asia_other")]  # fmt: skip
    rest = [o for o in range(len(ORIGIN)) if o not in (*high, *NORDIC)]
    assert by_origin[high].min() > by_origin[rest].max()
    assert by_origin[list(NORDIC)].max() < 0.03
    assert not administrative_shares("none").any()


@pytest.mark.skipif(not COMPILED, reason="too many people")
@pytest.mark.parametrize(
    ("choice", "lowest", "highest"), [("published", 0.20, 0.40), ("as_1971_2011", 0.18, 0.20)]
)
def test_the_share_of_immigrants_departures_that_nobody_reports(choice, lowest, highest):
    """Expected shares of those who decide for themselves; children follow them."""
    people = leavers_of_2013()
    reached = 2013 - people["birth_year"]
    mine = people.select((people["background"] < 2) & (reached >= 16))
    reached = 2013 - mine["birth_year"]
    at_18_35 = ((reached >= 18) & (reached <= 35)).astype(int)
    share = administrative_shares(choice)[mine["background"], mine["origin"], at_18_35]
    assert lowest <= share.mean() <= highest


@pytest.mark.skipif(not COMPILED, reason="too many people")
def test_as_many_go_unnoticed_as_expected():
    """Children with their adults: 31 percent of immigrants' departures, some years have over 30."""
    people = leavers_of_2013()
    immigrants = people.select(people["background"] < 2)
    assert (immigrants["registered_year"] > 2013).mean() == pytest.approx(0.31, abs=0.02)
