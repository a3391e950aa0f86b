"""Years before 2013: shifts by reason, in the engine and beside the rule for one person."""

import numpy as np
import pytest

from sim.chance import Chance
from sim.codes import REASON
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, Settings, Year
from sim.transitions.sources import rows
from sim.transitions.year_effects import factors, largest, shifts
from tests.conftest import load, made_people

TOLD = Settings(assumptions={"children": "stay"})
AS_2013 = Settings(assumptions={"children": "stay", "year_effects": "as_2013"})


def outcomes(people, settings, seed=1):
    year = Year.begin(people.year, people, Chance(seed))
    Mobility.ready(settings).happen(year)
    return year.outcome


def test_the_shift_is_the_difference_of_log_odds():
    rate = {(int(r["year"]), r["reason"]): float(r["emigrated_percent"]) / 100
            for r in rows("year_rates.csv")}  # fmt: skip
    assert set(shifts()) == set(range(2004, 2013))
    for (year, reason), p in rate.items():
        base = rate[2013, reason]
        expected = p / (1 - p) / (base / (1 - base))
        assert factors(year)[REASON.index(reason)] == pytest.approx(expected)
        assert largest()[REASON.index(reason)] >= max(expected, 1) - 1e-12
    for year in (2003, 2013, 2014, 2060):
        assert (factors(year) == 1).all()


def test_what_is_told_of_single_years_is_in_the_table():
    told = {(row["year"], row["reason"]): float(row["emigrated_percent"])
            for row in rows("year_rates.csv") if row["assumed"] == "no"}  # fmt: skip
    assert told["2004", "education"] == 25
    assert told["2008", "education"] == 15
    assert 4 <= told["2012", "work"] <= 5


@pytest.mark.parametrize("year", [2004, 2010, 2013, 2020])
def test_2013_is_as_published_and_other_years_are_shifted(year):
    people = made_people(load(40_000, 1_500), year=year)
    told, plain = outcomes(people, TOLD), outcomes(people, AS_2013)
    if year >= 2013:
        np.testing.assert_array_equal(told, plain)
        return
    more = factors(year)[people["reason"]] > 1
    gone, gone_plain = told == EMIGRATE, plain == EMIGRATE
    assert (gone[more] >= gone_plain[more]).all()  # shared luck: nobody stays who left before
    assert (gone[~more] <= gone_plain[~more]).all()
    assert (gone != gone_plain).any()


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_ceilings_hold_in_shifted_years(draws):
    """One Mobility through the years says the same as a fresh one each year."""
    people = made_people(load(20_000, 800), year=2004)
    settings = Settings(draws=draws, assumptions=TOLD.assumptions)
    process = Mobility.ready(settings)
    for year in range(2004, 2016):
        people.year = year
        this = Year.begin(year, people, Chance(2))
        process.happen(this)
        np.testing.assert_array_equal(this.outcome, outcomes(people, settings, 2))
