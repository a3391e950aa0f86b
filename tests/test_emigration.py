"""Emigration: the rule for one person, who goes along, families left behind, published shares."""

from functools import cache

import numpy as np
import pytest

from calibration.reconstruction import reconstruct
from sim.agents.families import recount
from sim.agents.population import ABROAD, Population
from sim.chance import Chance
from sim.codes import BACKGROUND, DESTINATION, EDUCATION, ORIGIN
from sim.jit import COMPILED
from sim.transitions.descendants import Descendants
from sim.transitions.emigration import CHOICES, Emigration, known_shares, weights
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, Settings, Year
from sim.transitions.registration import administrative_shares
from sim.transitions.sources import rows
from tests.conftest import load, made_people

UNKNOWN, HOME = DESTINATION.index("unknown"), DESTINATION.index("origin")
ADULTS, CHILDREN, BORN = range(3)


def some_people(n, seed=0, **columns):
    rng = np.random.default_rng(seed)
    return made_people(n, seed, background=rng.integers(0, 3, n), **columns)


def left(people, who, *, seed=1, process=None, children=(), adults=()):
    """Let some people emigrate in the population's year; return the year."""
    year = Year.begin(people.year, people, Chance(seed))
    year.outcome[who] = EMIGRATE
    year.children = np.asarray(children, dtype=np.int64)
    year.adults = np.asarray(adults, dtype=np.int64)
    (process or Emigration.ready(Settings())).happen(year)
    return year


@cache
def leavers_of_2013(years=16):
    """Return everybody who leaves in so many years like 2013, each in a family of their own."""
    start = reconstruct()
    processes = [p.ready(Settings()) for p in (Mobility, Descendants, Emigration)]
    parts = []
    for seed in range(years):
        year = Year.begin(2013, start.copy(), Chance(seed))
        for process in processes:
            process.happen(year)
        parts.append(year.population.select(year.outcome == EMIGRATE))
    columns = {name: np.concatenate([p[name] for p in parts]) for name in start.columns}
    n = columns["person"].size
    columns["person"], columns["family"] = np.arange(n), np.arange(n, dtype=np.int32)
    columns["mother"] = columns["partner"] = np.full(n, -1, dtype=np.int32)
    return Population(columns, 2014, "leavers of 2013")


def young(people):
    """Return those who left at 18-35, by the age reached, as the report of 2026 counts."""
    reached = 2013 - people["birth_year"]
    return people.select((reached >= 18) & (reached <= 35))


def test_leavers_are_abroad_and_counted_out_of_their_families():
    people = made_people(500)
    others = people["family_total"] - recount(people)[0]
    before = people.copy()
    people.year = 2015
    this = left(people, np.arange(0, 500, 4))
    gone = np.arange(500) % 4 == 0
    np.testing.assert_array_equal(people["place"] == ABROAD, gone)
    np.testing.assert_array_equal(people["left_year"], np.where(gone, 2015, 0))
    np.testing.assert_array_equal(people["destination"] > 0, gone)
    np.testing.assert_array_equal(this.happened("emigrate"), np.flatnonzero(gone))
    np.testing.assert_array_equal(
        (people["family_total"] - recount(people)[0])[~gone], others[~gone]
    )
    np.testing.assert_array_equal(people["family_immigrants"][~gone], recount(people)[1][~gone])
    changed = np.flatnonzero(people["family_total"] != before["family_total"])
    assert set(changed) <= set(np.concatenate(this.changed + this.regrouped))


def test_nobody_leaves_if_nobody_wants_to():
    people = made_people(50)
    before = people.copy()
    Emigration.ready(Settings()).happen(Year.begin(2015, people, Chance(1)))
    assert all((people[name] == before[name]).all() for name in people.columns)


def share_of(destination, background, origin, degree):
    """The weight of a known destination for one person, from the table."""
    weight = 1.0
    for row in rows("destination_abroad.csv"):
        if row["destination"] != destination or row["background"] not in ("all", background):
            continue
        fits = {"weight": True, "origin": row["key"] == origin, "degree": degree}[row["kind"]]
        weight *= float(row["value"]) if fits else 1.0
    return weight


def goes_to(errors, unknown, background, origin, degree):
    """The rule for one person: the destination whose error over its weight is smallest."""
    known = [share_of(d, background, origin, degree) for d in CHOICES[:-1]]
    weight = [(1 - unknown) * w / sum(known) for w in known] + [unknown]
    return min(range(len(CHOICES)), key=lambda k: errors[k] / weight[k])


def test_everybody_goes_where_the_rule_for_one_person_says():
    n = load(1_500, 150)
    people = some_people(n)
    year = left(people, np.arange(n))
    hidden = administrative_shares("published")
    errors = year.chance.exponential("destination_abroad", 2013, people["person"], len(CHOICES))
    for i in range(n):
        b, o = people["background"][i], people["origin"][i]
        young = 18 <= 2013 - people["birth_year"][i] <= 35
        degree = people["education"][i] >= EDUCATION.index("tertiary_short")
        chosen = goes_to(
            errors[i], hidden[b, o, int(young)], BACKGROUND.names[b], ORIGIN.names[o], degree
        )
        assert DESTINATION.names[people["destination"][i]] == CHOICES[chosen]


def test_unknown_is_what_is_registered_late_and_nothing_else():
    people = some_people(2_000)
    left(people, np.arange(2_000))
    late = people["registered_year"] > people["left_year"]
    np.testing.assert_array_equal(people["destination"] == UNKNOWN, late)
    assert 100 < late.sum() < 1_900
    assert (people["registered_year"][late] >= people["left_year"][late] + 2).all()


def test_if_all_is_reported_nothing_is_unknown_or_late():
    people = some_people(1_000)
    settings = Settings(assumptions={"administrative": "none", "clean_up": "none"})
    left(people, np.arange(1_000), process=Emigration.ready(settings))
    assert not (people["destination"] == UNKNOWN).any()
    assert (people["registered_year"] == 2013).all()


def test_children_go_with_their_adult_and_partners_together():
    n = 3_000  # threes: two partners of one origin and the child of the first
    third = np.arange(n) % 3
    partner = np.where(third == 0, np.arange(n) + 1, np.where(third == 1, np.arange(n) - 1, -1))
    people = some_people(n, family=np.arange(n) // 3, family_total=np.full(n, 3), partner=partner,
                         family_immigrants=np.full(n, 3), origin=np.arange(n) // 3 % 19)  # fmt: skip
    people["background"][:] = ADULTS
    left(people, np.arange(n), children=np.arange(2, n, 3), adults=np.arange(0, n, 3))
    for column in ("destination", "registered_year"):
        family = people[column].reshape(-1, 3)
        assert (family == family[:, :1]).all()
    assert np.unique(people["destination"]).size == len(CHOICES)


@pytest.mark.parametrize(
    ("adult", "seen"),
    [("sweden", "nordic"), ("usa_can_aus_nz", "usa_canada"), ("pakistan", "other")],
)
def test_the_adults_origin_is_another_country_to_a_child_of_another_origin(adult, seen):
    n = 400
    origin = np.where(np.arange(n) % 2, ORIGIN.index("turkey"), ORIGIN.index(adult))
    people = some_people(n, origin=origin)
    left(people, np.arange(n), children=np.arange(1, n, 2), adults=np.arange(0, n, 2))
    home = people["destination"][::2] == HOME
    assert home.sum() > 20
    assert (people["destination"][1::2][home] == DESTINATION.index(seen)).all()
    np.testing.assert_array_equal(people["destination"][1::2][~home],
                                  people["destination"][::2][~home])  # fmt: skip


def test_the_order_of_rows_does_not_matter():
    n = 1_000
    people = some_people(n, partner=np.arange(n) ^ 1, family=np.arange(n) // 2,
                         family_total=np.full(n, 2), family_immigrants=np.full(n, 2))  # fmt: skip
    order = np.random.default_rng(3).permutation(n)
    shuffled = people.select(order)
    who = np.arange(n) % 3 > 0
    left(people, who)
    left(shuffled, who[order])
    for name in people.columns:
        if name != "partner":
            np.testing.assert_array_equal(people[name][order], shuffled[name])


def test_a_lower_weight_of_leaving_unnoticed_never_makes_anybody_leave_unnoticed():
    many, few = some_people(1_000), some_people(1_000)
    left(many, np.arange(1_000))
    left(few, np.arange(1_000), process=Emigration("as_1971_2011"))
    late = many["destination"] == UNKNOWN
    assert (few["destination"][~late] == many["destination"][~late]).all()
    assert (few["destination"] == UNKNOWN).sum() < late.sum()


def shares(people, background):
    """Expected shares of destinations of those of a background."""
    mine = people.select(people["background"] == background)
    reached = 2013 - mine["birth_year"]
    row = np.ravel_multi_index(
        (mine["background"], mine["origin"], mine["education"] >= EDUCATION.index("tertiary_short"),
         (reached >= 18) & (reached <= 35)),
        (len(BACKGROUND), len(ORIGIN), 2, 2),
    )  # fmt: skip
    return dict(zip(CHOICES, weights(administrative_shares("published"))[row].mean(0), strict=True))


@pytest.mark.skipif(not COMPILED, reason="too many people")
@pytest.mark.parametrize(
    ("background", "origin", "unknown"),
    [(ADULTS, 0.49, 0.39), (CHILDREN, 0.30, 0.15), (BORN, 0.20, 0.10)],
)
def test_leavers_of_2013_go_where_the_report_says(background, origin, unknown):
    found = shares(young(leavers_of_2013()), background)
    assert found["origin"] == pytest.approx(origin, abs=0.02)
    assert found["unknown"] == pytest.approx(unknown, abs=0.02)
    assert found["nordic"] > found["uk"] > found["usa_canada"]
    assert found["nordic"] > found["germany"]


def test_roots_differ_as_the_report_tells():
    known = known_shares()[BORN, :, 0]
    home = dict(zip(ORIGIN.names, known[:, 0], strict=True))
    most = ("denmark", "sweden", "iceland", "w_europe_nordic_other", "usa_can_aus_nz", "turkey")
    middle = ("pakistan", "somalia_djibouti", "ex_yugoslavia_non_eu", "iraq")
    least = ("iran", "vietnam")
    assert min(home[o] for o in most) > max(home[o] for o in middle)
    assert min(home[o] for o in middle) > max(home[o] for o in least)
    assert max(home[o] for o in least) < 0.06
    assert min(home[o] for o in most[:3]) > 0.5
    third = known[:, 1:] / known[:, 1:].sum(1, keepdims=True)
    for origin, country in (("somalia_djibouti", "uk"), ("africa_other", "uk"),
                            ("vietnam", "usa_canada"), ("turkey", "germany")):  # fmt: skip
        share = third[:, CHOICES.index(country) - 1]
        assert share[ORIGIN.index(origin)] > 1.3 * np.delete(share, ORIGIN.index(origin)).mean()


def test_a_degree_leads_away_from_the_origin_and_out_of_the_nordic_area():
    known = known_shares()
    assert (known[:, :, 1, 0] < known[:, :, 0, 0]).all()
    nordic = known[..., 1] / known[..., 1:].sum(-1)
    assert (nordic[:, :, 1] < nordic[:, :, 0]).all()


def test_every_number_says_whether_it_is_assumed():
    for table in ("destination_abroad", "registration", "returning", "descendants"):
        for row in rows(f"{table}.csv"):
            assert row["assumed"] in ("yes", "no")
            assert row["source"]
