"""Levers in the processes: what they alter, by how much, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chance import Chance
from sim.codes import BACKGROUND, ORIGIN
from sim.economy import Economy
from sim.engine import LEVERS, Simulation
from sim.transitions import arrival_levers, economy_levers
from sim.transitions import arrival_tables as tables
from sim.transitions.arrivals import Arrivals
from sim.transitions.births import Births
from sim.transitions.deaths import Deaths
from sim.transitions.labour import LabourStatus
from sim.transitions.levers import Change, hastened, value
from sim.transitions.process import Settings
from sim.transitions.returning import Returning
from tests.conftest import load, made_people


def test_names_of_levers_are_unique_and_limits_in_order():
    names = [lever.name for lever in LEVERS]
    assert len(set(names)) == len(names)
    for lever in LEVERS:
        assert lever.least < lever.most
        assert lever.meaning
        assert lever.unit
        if lever.fitted:
            assert lever.least <= lever.fitted[0] <= lever.fitted[1] <= lever.most


def test_changes_happen_in_the_order_they_are_told():
    changes = (
        Change("a", 2010, 2020, "set", 4.0),
        Change("a", 2015, 2015, "add", 2.0),
        Change("a", 2015, 2030, "factor", 10.0),
        Change("b", 2015, 2015, "set", 0.0),
    )
    assert [value(changes, "a", y) for y in (2009, 2010, 2015, 2016, 2025, 2031)] == [
        1, 4, 60, 40, 10, 1,
    ]  # fmt: skip


@given(st.floats(0, 1), st.floats(0, 50))
def test_hastening_multiplies_the_rate(chance, factor):
    found = float(hastened(np.array(chance), factor))
    assert 0 <= found <= 1
    if chance == 1:
        assert found == 1
    else:
        told = -np.expm1(factor * np.log1p(-chance))
        assert found == pytest.approx(told, abs=1e-12)


def test_hastening_by_one_changes_no_bit():
    chance = np.linspace(0, 1, 1_001)
    assert hastened(chance, 1.0) is chance


def lived(process, settings, n, seed=3, **columns):
    people = made_people(n, year=2020, **columns)
    simulation = Simulation(people, settings, Chance(seed), processes=(process,))
    return simulation.step(), simulation.population


@pytest.mark.parametrize(
    ("process", "lever", "event"), [(Births, "births", "birth"), (Deaths, "deaths", "death")]
)
def test_births_and_deaths_follow_their_levers(process, lever, event):
    n = load(30_000, 3_000)
    plain, _ = lived(process, Settings(), n)
    for factor in (0.0, 0.5, 2.0):
        changes = (Change(lever, 2020, 2020, "factor", factor),)
        counts, _ = lived(process, Settings(changes=changes), n)
        due = factor * plain.total(event)  # six standard deviations: one false alarm in 10**8
        assert abs(counts.total(event) - due) <= 6 * np.sqrt(2 * plain.total(event)) * (factor > 0)
    other = (Change(lever, 2021, 2030, "factor", 5.0),)
    again, _ = lived(process, Settings(changes=other), n)
    assert again.total(event) == plain.total(event)


def test_return_follows_its_levers():
    n = load(20_000, 2_000)
    away = np.arange(n) % 2
    abroad = {"place": away, "left_year": 2018 * away, "destination": away,
              "registered_year": 2018 * away, "families": False,
              "first_arrival_year": np.full(n, 2000), "birth_year": 1930 + np.arange(n) % 70}  # fmt: skip
    plain, _ = lived(Returning, Settings(), n, **abroad)
    none, people = lived(
        Returning, Settings(changes=(Change("return.adult_arrival", 2020, 2020, "set", 0.0),)), n,
        **abroad,
    )  # fmt: skip
    grown = people["birth_year"] < 1990
    adults = grown & (people["background"] == BACKGROUND.index("adult_arrival"))
    adults &= away == 1
    assert (people["place"][adults] == 1).all()
    more, _ = lived(
        Returning, Settings(changes=(Change("return", 2020, 2020, "factor", 2.0),)), n, **abroad
    )
    assert none.total("return") < plain.total("return") < more.total("return")


def test_unemployment_reaches_labour_status():
    settings = Settings(changes=(Change("unemployment.norway", 2020, 2020, "add", 2.0),))
    process, plain = LabourStatus.ready(settings), LabourStatus.ready(Settings())
    assert process.rate(2020) == pytest.approx(plain.rate(2020) + 2.0)
    assert process.rate(2021) == plain.rate(2021)


def test_the_economy_is_altered_by_its_levers():
    default = Economy.default()
    changes = (
        Change("unemployment.group2", 2000, 2100, "add", 1.0),
        Change("income_ratio", 2030, 2040, "factor", 0.5),
        Change("emigration", 2030, 2040, "factor", 0.5),
    )
    found = economy_levers.altered(default, changes)
    told = {(d.series, d.year) for d in default.beside(found)}
    ratios = {(f"income_ratio_group{g}", y) for g in (1, 2, 3) for y in range(2030, 2041)}
    assert told == ratios | {("unemployment_group2", y) for y in range(2000, 2061)}
    assert economy_levers.altered(default, ()) is default


# Arrivals


def numbers(*changes):
    table = tables.expected_numbers(declining=True)
    return table, *arrival_levers.altered(table, tables.origin_mix(), changes)


def persons(table, mix, year):
    row = table[year - tables.FIRST]
    return row[:, None] * mix[min(year - tables.FIRST, len(mix) - 1)]


def test_no_change_of_arrivals_changes_nothing():
    table, found, mix = numbers(Change("return", 2015, 2016, "factor", 3.0))
    assert found is table
    assert mix is tables.origin_mix()


@pytest.mark.parametrize(
    ("lever", "kind", "number"),
    [
        ("arrivals", "factor", 0.5), ("arrivals.refuge", "factor", 3.0),
        ("arrivals.refuge", "set", 12_345.0), ("arrivals.pakistan", "add", 500.0),
        ("arrivals.work.eu_east", "set", 0.0), ("arrivals.family.to_work", "add", -100.0),
        ("arrivals.nordic.denmark", "set", 9_000.0),
        ("arrivals.refuge.denmark", "set", 50.0),  # from where nobody comes
    ],
)  # fmt: skip
def test_arrivals_reach_what_is_asked_and_others_stay(lever, kind, number):
    table, found, mix = numbers(Change(lever, 2015, 2015, kind, number))
    streams, origins, _ = arrival_levers.BLOCKS[lever]
    before, after = persons(table, tables.origin_mix(), 2015), persons(found, mix, 2015)
    block = np.zeros(before.shape, dtype=bool)
    block[np.ix_(streams, np.arange(len(ORIGIN))[origins])] = True
    was = before[block].sum()
    due = {"set": number, "add": was + number, "factor": was * number}[kind]
    assert after[block].sum() == pytest.approx(due, abs=1e-6)
    np.testing.assert_allclose(after[~block], before[~block], atol=1e-6)
    np.testing.assert_allclose(persons(found, mix, 2016), persons(table, tables.origin_mix(), 2016))
    np.testing.assert_allclose(mix.sum(axis=2), 1)
    assert (mix >= 0).all()


def test_more_arrive_when_more_are_asked_for():
    people = made_people(2_000, year=2015)
    plain = Simulation(people, Settings(scale=0.01), Chance(1), processes=(Arrivals,)).step()
    changes = (Change("arrivals.refuge", 2015, 2015, "factor", 4.0),)
    more = Simulation(
        people, Settings(scale=0.01, changes=changes), Chance(1), processes=(Arrivals,)
    ).step()
    refugees = tables.expected_numbers(declining=True)[2015 - tables.FIRST, 1] * 0.01
    gained = more.total("arrive") - plain.total("arrive")
    assert gained == pytest.approx(3 * refugees, abs=8)  # whole families: one or two on each side


def test_more_from_nothing_come_as_they_usually_do():
    table = tables.expected_numbers(declining=True) * 0
    found, mix = arrival_levers.altered(
        table, tables.origin_mix(), (Change("arrivals", 2015, 2015, "set", 60_000.0),)
    )
    usual = tables.expected_numbers(declining=True)[2015 - tables.FIRST]
    np.testing.assert_allclose(found[2015 - tables.FIRST], 60_000 * usual / usual.sum())
    np.testing.assert_allclose(mix[2015 - tables.FIRST][usual > 0],
                               tables.origin_mix()[2015 - tables.FIRST][usual > 0])  # fmt: skip


def test_changes_before_the_first_arrivals_leave_the_last_years_alone():
    table, found, _ = numbers(Change("arrivals", 2000, 2003, "factor", 2.0))
    np.testing.assert_allclose(found, table)
    _, whole, _ = numbers(Change("arrivals", 2000, 2100, "factor", 2.0))
    np.testing.assert_allclose(whole, 2 * table)


def test_a_draw_of_the_economy_strays_around_the_altered_path_and_stays_possible():
    less = (Change("unemployment.norway", 2025, 2100, "add", -2.5),)
    plain = Settings(changes=less).paths
    assert plain.value("unemployment_norway", 2043) < 1.7
    for number in range(40):
        path = Settings(changes=less, economy_draw=(number, 7)).paths
        assert path.value("unemployment_norway", 2043) >= 0.5
        again = plain.drawn(number, 7)
        assert path == again
    assert (
        Settings(changes=less, economy_draw=(0, 8)).paths
        != Settings(changes=less, economy_draw=(0, 7)).paths
    )
