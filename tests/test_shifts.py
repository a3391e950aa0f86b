"""What shifts the odds of a year: years, economy, families and levers, beside plain arithmetic."""

import math

import numpy as np
import pytest

from sim.chance import Chance
from sim.codes import COUNTRY_GROUP, ORIGIN_COUNTRY_GROUP, REASON
from sim.economy import Economy
from sim.transitions import calibrated
from sim.transitions.levers import Change
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, Settings, Year
from sim.transitions.shifts import LEAVE, MOVE, SHAPE, Shifts
from tests.conftest import load, made_people


def outcomes(people, settings, seed=1):
    year = Year.begin(people.year, people, Chance(seed))
    Mobility.ready(settings).happen(year)
    return year.outcome


def changed(*changes, **assumptions):
    return Settings(assumptions={"children": "stay", **assumptions}, changes=changes)


@pytest.mark.parametrize("year", [2003, 2013, 2014, 2022, 2060])
def test_nothing_shifts_2013_nor_the_expected_future(year):
    assert (Shifts(Settings()).factors(year) == 1).all()


def test_earlier_years_are_shifted_as_calibrated():
    shifts, table = Shifts(Settings()), calibrated.read().shifts
    assert set(table) == set(range(2004, 2013))
    for year, log in table.items():
        np.testing.assert_allclose(shifts.factors(year), np.exp(log))
    as_2013 = Shifts(changed(year_effects="as_2013"))
    assert (as_2013.factors(2008) == 1).all()


@pytest.mark.parametrize("variant", calibrated.VARIANTS)
def test_the_economy_shifts_by_elasticity_times_difference(variant):
    settings = changed(
        Change("unemployment.norway", 2013, 2100, "add", 1.0),
        Change("unemployment.group1", 2013, 2100, "add", 2.0),
        Change("income_ratio", 2013, 2100, "factor", 1.1),
        economy=variant,
    )
    mean = calibrated.read().means[variant]
    for g in range(len(COUNTRY_GROUP)):
        told = mean[g, 0] + (2.0 * mean[g, 1] if g == 0 else 0) + mean[g, 2] * math.log(1.1)
        for year in (2013, 2020, 2060, 2090):
            factors = Shifts(settings).factors(year)
            np.testing.assert_allclose(factors[:, g, LEAVE], math.exp(told), rtol=1e-9)
            assert (factors[..., MOVE] == 1).all()
    assert (Shifts(settings).factors(2012)[..., MOVE] == 1).all()


def test_without_an_answer_the_economy_shifts_nothing():
    more = Change("unemployment.group1", 2013, 2100, "add", 3.0)
    assert (Shifts(changed(more, economy="none")).factors(2020) == 1).all()


def test_relative_to_2013_the_default_path_itself_shifts():
    shifts = Shifts(changed(economy_reference="of_2013"))
    assert (shifts.factors(2013) == 1).all()
    mean, default = calibrated.read().means["without_feedback"], Economy.default()
    moved = default.drivers(2020) - default.drivers(2013)
    expected = np.exp((mean * moved).sum(axis=1))
    np.testing.assert_allclose(shifts.factors(2020)[0, :, LEAVE], expected)


def test_a_draw_takes_its_own_elasticities():
    more = (Change("unemployment.group1", 2013, 2100, "add", 1.0),)
    draws = calibrated.read().draws["without_feedback"]
    told = {}
    for seed, draw in ((0, 0), (0, 1), (0, len(draws)), (5, 0)):
        settings = Settings(changes=more, draw=draw, draw_seed=seed)
        told[seed, draw] = math.log(Shifts(settings).factors(2020)[0, 0, LEAVE])
    assert all(np.isclose(draws[:, 0, 1], value).any() for value in told.values())
    assert told[0, 0] == told[0, len(draws)]
    assert len({told[0, 0], told[0, 1], told[5, 0]}) == 3  # other draws, other seeds


def test_levers_multiply_the_odds_of_those_they_name():
    settings = changed(
        Change("emigration", 2020, 2021, "factor", 2.0),
        Change("emigration.work", 2020, 2020, "factor", 3.0),
        Change("domestic.group2", 2020, 2020, "set", 0.5),
    )
    expected = np.ones(SHAPE)
    expected[..., LEAVE] = 2
    expected[REASON.index("work"), :, LEAVE] = 6
    expected[:, 1, MOVE] = 0.5
    np.testing.assert_allclose(Shifts(settings).factors(2020), expected)
    assert (Shifts(settings).factors(2022) == 1).all()
    np.testing.assert_allclose(Shifts(settings).largest[..., LEAVE].max(), 6, rtol=0.3)


def test_certain_levers():
    """Odds multiplied by nothing keep everybody; by very much let everybody leave."""
    people = made_people(3_000, year=2020)
    assert not (
        outcomes(people, changed(Change("emigration", 2020, 2020, "factor", 0.0))) == EMIGRATE
    ).any()
    asked = (people["birth_year"] <= 2004) & (people["place"] == 0) & (people["background"] != 2)
    gone = outcomes(people, changed(Change("emigration", 2020, 2020, "factor", 1e15)))
    assert (gone[asked] == EMIGRATE).all()


def test_a_higher_wish_to_leave_makes_nobody_stay_who_left():
    people = made_people(load(40_000, 1_500), year=2020)
    plain = outcomes(people, changed())
    more = outcomes(people, changed(Change("emigration.group1", 2020, 2020, "factor", 1.5)))
    first = np.array(ORIGIN_COUNTRY_GROUP)[people["origin"]] == 0
    np.testing.assert_array_equal(plain[~first], more[~first])
    assert (more[first & (plain == EMIGRATE)] == EMIGRATE).all()
    assert ((more == EMIGRATE).sum()) > (plain == EMIGRATE).sum()


@pytest.mark.parametrize("draws", ["explicit", "threshold"])
def test_ceilings_hold_in_shifted_years(draws):
    """One Mobility through the years says the same as a fresh one each year."""
    people = made_people(load(20_000, 800), year=2004)
    settings = Settings(
        draws=draws,
        assumptions={"children": "stay"},
        changes=(
            Change("emigration.work", 2008, 2009, "factor", 5.0),
            Change("domestic", 2011, 2011, "factor", 3.0),
            Change("unemployment.group1", 2006, 2006, "add", -4.0),
        ),
    )
    process = Mobility.ready(settings)
    for year in range(2004, 2016):
        people.year = year
        this = Year.begin(year, people, Chance(2))
        process.happen(this)
        np.testing.assert_array_equal(this.outcome, outcomes(people, settings, 2))


def test_before_2013_the_default_path_shifts_nothing_in_either_reading():
    shifts = Shifts(changed(economy_reference="of_2013"))
    assert (shifts.economy(2008) == 0).all()
    assert (shifts.economy(2020) != 0).any()


def test_late_years_are_under_the_ceilings_too():
    shifts = Shifts(changed(Change("emigration", 2080, 2080, "factor", 20.0)))
    assert shifts.largest[..., LEAVE].max() >= 20
