"""Return: the rule for one person, who comes along, families joined, the published shares."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from calibration.reconstruction import reconstruct
from sim.agents.families import recount
from sim.agents.population import ABROAD, DEAD, RESIDENT, Population
from sim.chance import Chance
from sim.codes import BACKGROUND, DESTINATION, EDUCATION, ORIGIN
from sim.engine import Simulation
from sim.jit import COMPILED
from sim.transitions import returning
from sim.transitions.deaths import Deaths
from sim.transitions.descendants import Descendants
from sim.transitions.emigration import Emigration
from sim.transitions.mobility import Mobility
from sim.transitions.process import Settings, Year
from sim.transitions.returning import LONGEST, Returning, probabilities
from sim.transitions.sources import rows
from tests.conftest import load, made_people
from tests.test_emigration import leavers_of_2013, young

ADULTS, CHILDREN, BORN = range(3)
TERTIARY = EDUCATION.index("tertiary_short")


def some_abroad(n, seed=0, **columns):
    """Make people in families of about two, two in three of them abroad since some year."""
    rng = np.random.default_rng(seed)
    people = made_people(n, seed, background=rng.integers(0, 3, n), **columns)
    away = rng.random(n) < 2 / 3
    people["place"][away] = ABROAD
    people["left_year"][away] = np.maximum(
        people["first_arrival_year"], rng.integers(1998, 2013, n)
    )[away]
    people["registered_year"][away] = people["left_year"][away]
    people["destination"][away] = rng.integers(1, len(DESTINATION), away.sum())
    return people


def alone(people):
    """Give everybody a family of their own."""
    n = len(people)
    people["family"][:] = np.arange(n)
    people["family_total"][:], people["family_immigrants"][:] = 1, people["background"] != BORN
    return people


def back(people, seed=1, choice="published"):
    year = Year.begin(people.year, people, Chance(seed))
    Returning(choice).happen(year)
    return year


def everybody_returns(monkeypatch, chance=1.0):
    table = np.full(probabilities().shape, chance)
    monkeypatch.setattr(returning, "probabilities", lambda: table)


def factor(kind, background, origin, destination):
    """A factor of the hazard of one person: the last row of the table that fits."""
    fits = [
        float(row["value"])
        for row in rows("returning.csv")
        if row["kind"] == kind
        and background in row["background"].split()
        and row["origin"] in ("all", origin)
        and row["destination"] in ("all", destination)
    ]
    return fits[-1] if fits else 1.0


def chance_of(background, origin, destination, degree, years):
    """The rule for one person: the probability of coming back in a year."""
    if not 1 <= years <= LONGEST:
        return 0.0
    kinds = ("level", "destination", "origin", *(("degree",) if degree else ()))
    hazard = np.prod([factor(kind, background, origin, destination) for kind in kinds])
    pace = factor("pace", background, origin, destination)
    return 1 - np.exp(-hazard * pace ** (years - 1))


def test_everybody_returns_by_the_rule_for_one_person():
    people = alone(some_abroad(load(6_000, 800)))
    before = people.copy()
    year = back(people)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("return", 2013, people["person"], words)
    for i in range(len(people)):
        expected = before["place"][i] == ABROAD and (words[i] + 0.5) / 2**32 < chance_of(
            BACKGROUND.names[before["background"][i]], ORIGIN.names[before["origin"][i]],
            DESTINATION.names[before["destination"][i]], before["education"][i] >= TERTIARY,
            2013 - before["left_year"][i],
        )  # fmt: skip
        expected &= 2012 - before["birth_year"][i] >= 15
        assert (before["place"][i] == ABROAD and people["place"][i] == RESIDENT) == expected
    assert year.happened("return").size > load(100, 10)


def test_certain_returns(monkeypatch):
    people = alone(some_abroad(600))
    people["birth_year"][:] = 1960
    people["first_arrival_year"][:] = 1990
    before = people.copy()
    everybody_returns(monkeypatch)
    year = back(people)
    recent = (before["place"] == ABROAD) & (before["left_year"] >= 2013 - LONGEST)
    np.testing.assert_array_equal(np.sort(year.happened("return")), np.flatnonzero(recent))
    for name in ("left_year", "destination", "registered_year", "place"):
        assert (people[name][recent] == 0).all()
    for name in ("reason", "first_arrival_year", "origin", "municipality", "education"):
        np.testing.assert_array_equal(people[name], before[name])
    assert set(np.flatnonzero(recent)) <= set(
        np.concatenate(year.changed + year.regrouped).tolist()
    )


@pytest.mark.parametrize("choice", ["published", "nobody"])
def test_nobody_returns(monkeypatch, choice):
    people = some_abroad(600)
    before = people.copy()
    if choice == "published":
        everybody_returns(monkeypatch, 0.0)
    year = back(people, choice=choice)
    assert year.happened("return").size == 0
    assert all((people[name] == before[name]).all() for name in people.columns)


def test_who_left_this_year_or_died_stays_away(monkeypatch):
    everybody_returns(monkeypatch)
    people = some_abroad(900)
    people["left_year"][::3] = 2013
    people["place"][1::3] = DEAD
    before = people["place"].copy()
    year = back(people)
    assert not np.isin(year.happened("return") % 3, (0, 1)).any()
    np.testing.assert_array_equal(people["place"][1::3], before[1::3])


def test_families_equal_a_recount_whoever_returns():
    people = some_abroad(load(20_000, 2_000))
    here = people["place"] == RESIDENT
    persons, immigrants = recount(people)
    people["family_total"][here] = persons[here] + people["family"][here] % 2
    people["family_immigrants"][here] = immigrants[here]
    others = np.zeros(people["family"].max() + 1, dtype=int)
    others[people["family"][here]] = people["family"][here] % 2  # a Norwegian spouse
    left = people["family_total"] - np.bincount(people["family"])[people["family"]]
    empty = np.bincount(people["family"], here) == 0
    for i in np.flatnonzero(~here & empty[people["family"]]):  # come back with whom they left
        others[people["family"][i]] = max(others[people["family"][i]], left[i])
    before = people.copy()
    year = back(people)
    now = people["place"] == RESIDENT
    assert now.sum() > here.sum()
    persons, immigrants = recount(people)
    np.testing.assert_array_equal((people["family_total"] - persons)[now],
                                  others[people["family"]][now])  # fmt: skip
    np.testing.assert_array_equal(people["family_immigrants"][now], immigrants[now])
    altered = np.flatnonzero(now & (people["family_total"] != before["family_total"]))
    assert set(altered) <= set(np.concatenate(year.changed + year.regrouped).tolist())


def family_of_three(n, **columns):
    """Threes: two partners and the child of the first, all abroad since 2010 in one country."""
    third = np.arange(n) % 3
    partner = np.where(third == 0, np.arange(n) + 1, np.where(third == 1, np.arange(n) - 1, -1))
    people = made_people(
        n, family=np.arange(n) // 3, family_total=np.full(n, 3), family_immigrants=np.full(n, 3),
        birth_year=np.where(third == 2, 2003, 1975), first_arrival_year=np.full(n, 2005),
        partner=partner, mother=np.where(third == 2, np.arange(n) - 2, -1),
        municipality=np.arange(n) // 3 % 428, place=np.full(n, RESIDENT),
    )  # fmt: skip
    people["place"][:] = ABROAD
    people["left_year"][:], people["registered_year"][:] = 2010, 2010
    people["destination"][:] = 1
    for name, values in columns.items():
        people[name][:] = values
    return people


@pytest.mark.parametrize("with_mother", [True, False])
def test_families_who_left_together_return_together(monkeypatch, with_mother):
    everybody_returns(monkeypatch, 0.5)
    people = family_of_three(3_000)
    if not with_mother:
        people["mother"][:] = -1
    back(people)
    home = (people["place"] == RESIDENT).reshape(-1, 3)
    assert (home == home[:, :1]).all()
    assert 400 < home[:, 0].sum() < 600  # outside with a probability below 1e-9
    assert (people["family_total"].reshape(-1, 3)[home[:, 0]] == 3).all()


def test_who_left_in_another_year_decides_alone(monkeypatch):
    everybody_returns(monkeypatch, 0.5)
    people = family_of_three(3_000)
    people["left_year"][1::3] = 2011
    back(people)
    home = (people["place"] == RESIDENT).reshape(-1, 3)
    assert (home[:, 2] == home[:, 0]).all()
    assert (home[:, 1] != home[:, 0]).mean() > 0.3


def test_children_do_not_return_alone_until_they_are_15(monkeypatch):
    everybody_returns(monkeypatch)
    people = alone(family_of_three(300))
    people["partner"][:], people["mother"][:] = -1, -1
    people["birth_year"][5::6] = 1997  # 12 when they left and 15 now
    back(people)
    assert (people["place"][2::6] == ABROAD).all()
    assert (people["place"][5::6] == RESIDENT).all()
    assert (people["place"][0::3] == RESIDENT).all()


def test_they_live_where_their_family_lives_now(monkeypatch):
    everybody_returns(monkeypatch)
    people = family_of_three(300)
    people["place"][1::3], people["left_year"][1::3] = RESIDENT, 0  # the partner stayed and moved
    people["municipality"][1::3] = 77
    people["family_total"][1::3], people["family_immigrants"][1::3] = 2, 1  # and a Norwegian
    back(people)
    assert (people["municipality"] == 77).all()
    assert (people["family_total"] == 4).all()
    assert (people["family_immigrants"] == 3).all()


def test_the_order_of_rows_does_not_matter(monkeypatch):
    everybody_returns(monkeypatch, 0.5)
    n = load(3_000, 600)
    people = some_abroad(n)
    people["partner"][:] = np.arange(n) ^ 1
    people["family"][:] = np.arange(n) // 4
    people["left_year"][people["place"] == ABROAD] = 2011
    people["first_arrival_year"][:] = np.minimum(people["first_arrival_year"], 2011)
    here = people["place"] == RESIDENT
    for name, count in zip(("family_total", "family_immigrants"), recount(people), strict=True):
        people[name][here] = count[here]
    order = np.random.default_rng(3).permutation(n)
    shuffled = people.select(order)
    back(people)
    back(shuffled)
    for name in people.columns:
        if name not in ("partner", "mother"):
            np.testing.assert_array_equal(people[name][order], shuffled[name])


def within_five_years(people):
    """Expected share of each person who is resident on 1 January of the fifth year."""
    degree = (people["education"] >= TERTIARY).astype(int)
    table = probabilities()[
        people["background"], people["origin"], people["destination"], degree, 1:5
    ]
    return 1 - (1 - table).prod(axis=1)


PUBLISHED = ((ADULTS, 0.14), (CHILDREN, 0.37), (BORN, 0.43))


@pytest.mark.skipif(not COMPILED, reason="too many people")
@pytest.mark.parametrize(("background", "published"), PUBLISHED)
def test_more_return_than_are_resident_after_five_years(background, published):
    """Some have left again by then, of adult arrivals a fifth."""
    people = young(leavers_of_2013())
    people = people.select(people["background"] == background)
    share, degree = within_five_years(people), people["education"] >= TERTIARY
    home = people["destination"] == DESTINATION.index("origin")
    third = ~home & (people["destination"] != DESTINATION.index("unknown"))
    assert published <= share.mean() <= published + 0.045
    assert share[home].mean() < share[third].mean()
    assert share[degree].mean() > share[~degree].mean()
    assert share[third & degree].mean() > share[third & ~degree].mean()
    if background == BORN:
        assert share[home & degree].mean() < 1.1 * share[home & ~degree].mean()


@pytest.mark.skipif(not COMPILED, reason="too many people")
def test_descendants_by_origin_return_as_published():
    people = young(leavers_of_2013())
    people = people.select(people["background"] > ADULTS)
    share, degree = within_five_years(people), people["education"] >= TERTIARY
    of = {name: people["origin"] == k for k, name in enumerate(ORIGIN.names)}
    for name in ("usa_can_aus_nz", "w_europe_nordic_other", "denmark", "sweden"):
        assert share[of[name]].mean() < 0.30
    for name in ("pakistan", "vietnam"):
        assert share[of[name]].mean() == pytest.approx(0.5, abs=0.02)
    over_half = ("pakistan", "somalia_djibouti", "ex_yugoslavia_non_eu", "iran", "vietnam",
                 "e_se_asia", "south_central_america")  # fmt: skip
    for name in over_half:
        assert share[of[name] & degree].mean() > 0.5
    table = probabilities()
    since = (table[BORN, :, DESTINATION.index("uk"), 1] > table[BORN, :, 3, 0])[:, 1]
    without = [ORIGIN.names[k] for k in np.flatnonzero(~since)]
    assert without == ["turkey", "iraq", "west_asia_other"]


@cache
def cohort():
    """Leavers of 2013 at 18-35 as persons, ten of each descendant: some 230,000 in all."""
    people = young(leavers_of_2013())
    many = np.repeat(np.arange(len(people)), np.where(people["background"] == ADULTS, 1, 10))
    columns = {name: array[many] for name, array in people.columns.items()}
    columns["person"], columns["family"] = np.arange(many.size), np.arange(many.size, dtype="i4")
    return Population(columns, 2014, "a cohort of leavers")


@pytest.mark.skipif(not COMPILED, reason="too many people")
def test_a_cohort_lives_five_years_and_is_back_as_published():
    """They leave again and die too; the dead count as returned.

    Each share falls outside with a probability below 1e-6 if the true one is a point off.
    """
    people = cohort()
    processes = (Mobility, Descendants, Emigration, Returning, Deaths)
    life = Simulation(people, Settings(), Chance(7), processes=processes)
    for _ in range(4):
        life.step()
    for background, published in PUBLISHED:
        mine = people["background"] == background
        n, home = mine.sum(), (life.population["place"][mine] != ABROAD).sum()
        low, high = stats.binom.interval(1 - 1e-6, n, published)
        assert low - 0.01 * n <= home <= high + 0.01 * n
        assert n > 20_000


def test_return_falls_with_time_and_ends():
    table = probabilities()
    assert (np.diff(table[..., 1:], axis=-1) < 0).all()
    assert (table[..., 0] == 0).all()
    ever = 1 - (1 - table).prod(axis=-1)
    unknown = ever[:, ORIGIN.index("iraq"), DESTINATION.index("unknown"), 0]
    assert (np.diff(unknown) > 0).all()
    assert 0.15 < unknown[ADULTS] < 0.21


@pytest.mark.skipif(not COMPILED, reason="too many people")
def test_the_embedded_population_sends_some_thousand_back():
    """In 2003 some 2,200: 9,713 former residents less 9,170 Norwegian citizens, of whom 1,696
    came for the first time; some 13,500 foreign citizens left a year then, 20,000 by 2012.
    """
    people = reconstruct()
    year = back(people)
    assert 3_000 < year.happened("return").size < 4_700


def test_ready_takes_the_choice_of_the_settings():
    assert Returning.ready(Settings()).choice == "published"
    assert Returning.ready(Settings(assumptions={"returning": "nobody"})).choice == "nobody"
