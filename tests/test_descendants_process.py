"""Norwegian-born from 15 on: the rule for one person, moves, children, the published rates."""

import numpy as np
import pytest

from calibration.reconstruction import reconstruct
from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance
from sim.codes import EDUCATION, ORIGIN
from sim.jit import COMPILED
from sim.transitions import descendants, mobility_kernel
from sim.transitions.descendants import BORN, Descendants, probabilities
from sim.transitions.logit import parameters_set
from sim.transitions.mobility import persons_of, weight_tables
from sim.transitions.process import DOMESTIC, EMIGRATE, STAY, Settings, Year
from sim.transitions.sources import rows
from tests.conftest import Led, load, made_people

TERTIARY = EDUCATION.index("tertiary_short")
ONLY_LEAVING = {"descendants_move": "stay"}


def some_born(n, seed=0, **columns):
    background = np.random.default_rng(seed).integers(0, 3, n)
    return made_people(n, seed, background=background, **columns)


def lived(people, seed=1, outcome=None, links=((), ()), **assumptions):
    year = Year.begin(people.year, people, Chance(seed))
    if outcome is not None:
        year.outcome[:] = outcome
    year.followers = Led(*links)
    Descendants.ready(Settings(assumptions=assumptions)).happen(year)
    return year


def always(monkeypatch, chance):
    table = np.full(probabilities(2013).shape, chance)
    monkeypatch.setattr(descendants, "probabilities", lambda year: table)


def value(kind, key):
    return next(float(r["value"]) for r in rows("descendants.csv")
                if r["kind"] == kind and r["key"] == str(key))  # fmt: skip


def chance_of(year, age, origin, degree):
    """The rule for one person: level of the year times factors of age, origin and degree."""
    ages = [int(r["key"]) for r in rows("descendants.csv") if r["kind"] == "age"]
    level = value("level", min(max(year, 2000), 2023)) / 100
    by_age = value("age", max(a for a in ages if a <= age))
    by_degree = value("degree" if degree else "no_degree", origin)
    return level * by_age * value("origin", origin) * by_degree


def test_everybody_emigrates_by_the_rule_for_one_person(monkeypatch):
    people = some_born(load(6_000, 900))
    people["place"][::7] = ABROAD
    edges = np.array(sorted({int(r["key"]) for r in rows("descendants.csv") if r["kind"] == "age"}))
    beside = np.concatenate([edges - 1, edges, edges + 1])  # ages at the edges of bands
    people["birth_year"][::2] = 2013 - np.random.default_rng(1).choice(
        beside, people["sex"][::2].size
    )
    before = np.arange(len(people)) % 3
    plain = probabilities(2013) * 30  # so that many go
    monkeypatch.setattr(descendants, "probabilities", lambda year: plain)
    year = lived(people, outcome=before, **ONLY_LEAVING)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("descendants", 2013, people["person"], words)
    for i in range(len(people)):
        age = 2013 - people["birth_year"][i]
        asked = people["background"][i] == BORN and people["place"][i] == RESIDENT
        asked = asked and age >= 16 and before[i] == STAY
        leaves = asked and (words[i] + 0.5) / 2**32 < 30 * chance_of(
            2013, age, ORIGIN.names[people["origin"][i]], people["education"][i] >= TERTIARY
        )
        assert year.outcome[i] == (EMIGRATE if leaves else before[i])
    assert (year.outcome[before == STAY] == EMIGRATE).sum() > load(15, 1)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_certain_emigration(monkeypatch, chance):
    always(monkeypatch, chance)
    people = some_born(600)
    year = lived(people, **ONLY_LEAVING)
    asked = (people["background"] == BORN) & (people["birth_year"] <= 1997)
    np.testing.assert_array_equal(year.outcome == EMIGRATE, asked & (chance == 1.0))


def test_switched_off_nothing_happens(monkeypatch):
    always(monkeypatch, 1.0)
    people = some_born(2_000)
    assert not lived(people, descendants="stay", descendants_move="stay").outcome.any()
    assert not lived(people, norwegian_born="as_immigrants").outcome.any()


def test_everybody_moves_by_the_rule_for_one_person():
    people = some_born(load(6_000, 600))
    year = lived(people, descendants="stay")
    luck = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("descendants_move", 2013, people["person"], luck)
    tables = weight_tables(parameters_set(Settings()).coefficients, Settings())
    persons = persons_of(people)
    for i in range(len(people)):
        asked = people["background"][i] == BORN and people["birth_year"][i] <= 1997
        weight = mobility_kernel.weigh(persons, tables, 2013, i)[0]  # staying weighs 1
        moves = asked and (luck[i] + 0.5) / 2**32 < weight / (1 + weight)
        assert year.outcome[i] == (DOMESTIC if moves else STAY)
    assert (year.outcome == DOMESTIC).sum() > load(10, 0)


def test_children_do_what_their_norwegian_born_adult_does(monkeypatch):
    always(monkeypatch, 1.0)
    people = made_people(40, background=np.full(40, BORN), birth_year=np.where(
        np.arange(40) % 2, 2008, 1985), first_arrival_year=np.full(40, 2008))  # fmt: skip
    people["background"][::4] = 0  # of every second pair the adult is an immigrant
    links = np.arange(1, 40, 2), np.arange(0, 40, 2)
    year = lived(people, links=links, **ONLY_LEAVING)
    theirs = np.arange(0, 40, 2) % 4 == 2
    assert (year.outcome[1::2] == np.where(theirs, EMIGRATE, STAY)).all()


def test_the_order_of_rows_does_not_matter():
    people = some_born(load(20_000, 2_000))
    order = np.random.default_rng(3).permutation(len(people))
    shuffled = people.select(order)
    np.testing.assert_array_equal(lived(people).outcome[order], lived(shuffled).outcome)


def test_a_lower_rate_makes_nobody_emigrate_or_move(monkeypatch):
    people = some_born(load(20_000, 2_000))
    table = probabilities(2013) * 20
    monkeypatch.setattr(descendants, "probabilities", lambda year: table)
    many = lived(people).outcome
    monkeypatch.setattr(descendants, "probabilities", lambda year: table / 2)
    few = lived(people).outcome
    assert (many[few == EMIGRATE] == EMIGRATE).all()
    assert (few[many != EMIGRATE] == many[many != EMIGRATE]).all()


@pytest.fixture(scope="module")
def stock():
    """Norwegian-born of 1 January 2013 by origin, degree and age reached in 2013."""
    people = reconstruct(scale=load(1.0, 0.02))
    mine = (people["background"] == BORN) & (people["place"] == RESIDENT)
    counts = np.zeros(probabilities(2013).shape)
    degree = (people["education"] >= TERTIARY).astype(int)
    reached = np.minimum(2013 - people["birth_year"], counts.shape[2] - 1)
    np.add.at(counts, (people["origin"][mine], degree[mine], reached[mine]), 1)
    return counts


@pytest.mark.skipif(not COMPILED, reason="too few people")
def test_rates_at_18_35_are_those_of_the_report(stock):
    at = np.s_[:, :, 18:36]
    leaving, present = (stock * probabilities(2013))[at], stock[at]
    assert 0.0065 < leaving.sum() / present.sum() < 0.0085
    assert 150 < leaving.sum() < 220  # between 100 in 2000 and 300 lately
    rate = dict(zip(ORIGIN.names, leaving.sum((1, 2)) / present.sum((1, 2)), strict=True))
    assert rate["somalia_djibouti"] == pytest.approx(0.011, abs=0.002)
    assert 0.003 < rate["pakistan"] < 0.0085
    by_degree = leaving.sum((0, 2)) / present.sum((0, 2))
    assert by_degree[1] > by_degree[0]
    assert leaving.sum((0, 2))[0] > leaving.sum((0, 2))[1]


@pytest.mark.skipif(not COMPILED, reason="too few people")
def test_emigrations_grow_towards_300_a_year(stock):
    """With the Norwegian-born of 2013 grown older: nobody else is 18-35 before 2031."""
    expected = []
    for year in range(2013, 2024):
        grown = np.roll(stock, year - 2013, axis=2)
        expected.append((grown * probabilities(year))[:, :, 18:36].sum())
    assert (np.diff(expected) > 0).all()
    assert np.mean(expected[-3:]) == pytest.approx(300, rel=0.2)
    present = np.roll(stock, 10, axis=2)[:, :, 18:36].sum()
    assert 0.003 < expected[-1] / present < 0.0085


def test_the_age_profile_peaks_in_the_late_twenties():
    for origin in range(len(ORIGIN)):
        peak = int(probabilities(2013)[origin, 0].argmax())
        assert 26 <= peak <= 29


def test_rates_fall_and_then_stay():
    levels = [probabilities(year)[0, 0, 27] for year in range(1995, 2041)]
    assert (np.diff(levels) <= 0).all()
    assert levels[5] > 1.5 * levels[28]
    assert levels[28] == levels[-1]
    assert levels[0] == levels[5]


def test_a_degree_matters_as_the_report_tells():
    ratio = dict(zip(ORIGIN.names, probabilities(2013)[:, 1, 27] / probabilities(2013)[:, 0, 27],
                     strict=True))  # fmt: skip
    less = ("denmark", "sweden", "iceland", "usa_can_aus_nz", "somalia_djibouti")
    more = ("pakistan", "turkey", "iran", "vietnam", "ex_yugoslavia_non_eu",
            "w_europe_nordic_other")  # fmt: skip
    assert max(ratio[o] for o in less) < 1
    assert min(ratio[o] for o in more) > 1
