"""Arrivals: numbers, who they are, whom they join, and luck that nobody else's coming alters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from calibration import reconstruct
from calibration.arrivals import weights_by_age
from sim.agents.columns import COLUMNS, LINKS
from sim.agents.families import recount
from sim.agents.population import ABROAD, DEAD, RESIDENT
from sim.chance import Chance, between_0_and_1
from sim.codes import BACKGROUND, EDUCATION, ORIGIN, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY_OF
from sim.transitions import arrival_tables as tables
from sim.transitions import arrivals
from sim.transitions import arrivals_kernel as kernel
from sim.transitions.arrival_tables import NOBODY, NORWEGIAN, PARENT, PARTNER, STREAMS
from sim.transitions.arrivals import HOSTS, Arrivals
from sim.transitions.ordering_kernel import in_order
from sim.transitions.process import Settings, Year
from sim.transitions.sources import rows
from tests.conftest import load, made_people

SCALE = load(0.3, 0.01)
PUBLISHED = tables.expected_numbers(declining=True)


@pytest.fixture(scope="module")
def register():
    return reconstruct(year=2013, scale=load(0.2, 0.01))


def arrive(people, *, numbers=PUBLISHED, scale=SCALE, year=None, seed=1):
    """Let a year of arrivals happen; return the year, the people being grown in place."""
    this = Year.begin(people.year if year is None else year, people, Chance(seed))
    Arrivals(numbers, scale).happen(this)
    return this


def word(use, year, person, seed=1):
    out = np.empty(1, dtype=np.uint32)
    Chance(seed).swift_word(use, year, np.array([person]), out)
    return int(out[0])


def by_person(people, some):
    """Return every column of some persons by identifier, links as identifiers, not family."""
    person = np.append(people["person"], -1)
    some = some[np.argsort(people["person"][some])]
    columns = {c.name: people[c.name][some] for c in COLUMNS if c.name != "family"}
    return columns | {link: person[people[link][some]] for link in LINKS}


def assert_same(one, other):
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


# Numbers


@pytest.mark.parametrize("year", [2004, 2012, 2023, 2031])
def test_as_many_arrive_of_every_stream_as_the_table_says(year):
    units = Arrivals(PUBLISHED, SCALE).units(year, Chance(1))
    persons = np.bincount(units.stream, tables.donors().size[units.donor], len(STREAMS))
    largest = tables.donors().size.max()
    assert (np.abs(persons - SCALE * PUBLISHED[year - 2004]) <= largest / 2).all()


def only_of(stream, persons, year=2012):
    """Return the donors of the units that come if only one stream does."""
    numbers = np.where(np.arange(len(STREAMS)) == stream, persons, 0.0)
    units = Arrivals(numbers[None]).units(year, Chance(3))
    assert (units.stream == stream).all()
    np.testing.assert_array_equal(units.number, np.arange(units.number.size))
    return units.donor


def test_a_unit_comes_if_more_than_half_of_it_fits():
    donors = tables.donors()
    for wanted in range(1, 40):
        donor, more = only_of(4, wanted), only_of(4, wanted + 20)
        size = donors.size[donor]
        assert size.sum() - wanted <= size[-1] / 2 if size.size else wanted < 8
        np.testing.assert_array_equal(more[: donor.size], donor)
        following = donors.size[more[donor.size]]
        assert size.sum() + following / 2 >= wanted


def test_streams_do_not_alter_each_other():
    together = Arrivals(PUBLISHED, SCALE).units(2012, Chance(3))
    for stream, persons in enumerate(SCALE * PUBLISHED[2012 - 2004]):
        alone = together.donor[together.stream == stream]
        np.testing.assert_array_equal(alone, only_of(stream, persons))


def test_nobody_arrives_if_so_chosen(people):
    before = people.copy()
    year = Year.begin(2013, people, Chance(1))
    Arrivals.ready(Settings(assumptions={"arrivals": "none"})).happen(year)
    assert not year.events and not year.regrouped
    assert_same(before.columns, people.columns)


def test_the_table_is_as_published():
    numbers = {}
    for row in rows("arrivals_numbers.csv"):
        key = int(row["year"]), row["reason"]
        numbers[key] = numbers.get(key, 0) + int(row["persons"])
    assert numbers[2007, "work"] == 21_374 and numbers[2007, "family"] == 13_708
    assert numbers[2007, "refuge"] == 5_222 and numbers[2007, "education"] == 3_857 + 107
    assert numbers[2012, "work"] == 25_528 and numbers[2023, "refuge"] == 36_762
    for reason, total in (("work", 63_166), ("family", 45_172), ("refuge", 16_816)):
        assert sum(numbers[y, reason] for y in (2008, 2009, 2010)) == pytest.approx(total, abs=2)
    later = [
        sum(numbers[y, r] for r in {r for _, r in numbers} - {"nordic"}) for y in (2008, 2009, 2010)
    ]
    assert later == pytest.approx([49_000, 44_000, 49_413], abs=1)  # two of them rounded
    assert sum(later) == 142_413  # cumulated to 2012 less the years that are published
    open_reasons = sum(numbers[y, "unknown"] for y in (2008, 2009, 2010))
    assert open_reasons == pytest.approx(581_549 - 575_297 - 2_913, abs=1)  # less known, less other
    for reason, total in (("work", 55_906), ("family", 51_990), ("refuge", 32_650)):
        assert sum(numbers[y, reason] for y in (2014, 2015, 2016)) == pytest.approx(total, abs=2)


def test_after_the_published_years_arrivals_decline_or_stay():
    declining, level = PUBLISHED, tables.expected_numbers(declining=False)
    usual = level[2015 - 2004 : 2020 - 2004].mean(axis=0)
    np.testing.assert_allclose(level[2050 - 2004], usual)
    assert declining[2025 - 2004].sum() / usual.sum() == pytest.approx(43_500 / 50_868)
    assert (np.diff(declining[20:].sum(axis=1)) < 0).all()
    assert Arrivals.ready(Settings()).numbers[-1].sum() == declining[-1].sum()
    chosen = Arrivals.ready(Settings(assumptions={"arrivals": "as_2015_2019"}))
    np.testing.assert_array_equal(chosen.numbers, level)
    late = Arrivals(PUBLISHED, 0.01).units(2150, Chance(1))
    last = Arrivals(PUBLISHED, 0.01).units(2100, Chance(1))
    assert abs(late.donor.size - last.donor.size) < 15


def test_arrivals_less_the_growth_of_the_stock_leave_a_plausible_outflow():
    """Percent of the mean stock a year, net of returns, 2007-2012 (stocks of IMDi)."""
    stocks = {  # 1 January 2007 and 2013
        "work": (29_492, 139_484), "refuge": (125_160, 171_641), "family": (64_885, 128_696),
        "education": (12_785, 28_201), "nordic": (51_066, 68_501),
    }  # fmt: skip
    between = slice(2007 - 2004, 2013 - 2004)
    came = dict.fromkeys(stocks, 0.0)
    for (reason, sponsor), numbers in zip(STREAMS, PUBLISHED[between].T, strict=True):
        if reason in stocks:
            came["refuge" if sponsor == "refuge" else reason] += numbers.sum()
    share = {r: 100 * (came[r] - (b - a)) / (3 * (a + b)) for r, (a, b) in stocks.items()}
    assert 4 < share["work"] < 7 and -1 < share["refuge"] < 2 and 1 < share["family"] < 4
    assert 10 < share["education"] < 20 and 6 < share["nordic"] < 8


# Who they are


def test_every_unit_follows_the_rule_for_one_unit():
    donors, process = tables.donors(), Arrivals(PUBLISHED, load(0.01, 0.002))
    units = process.units(2011, Chance(1))
    begins = np.cumsum(donors.size[units.donor]) - donors.size[units.donor]
    people = made_people(50, year=2011)
    arrive(people, scale=load(0.01, 0.002))
    first = 50 + begins
    municipality, cells = tables.places()
    for u in range(units.donor.size):
        stream = units.stream[u]
        person = 2**62 + (2011 << 40) + ((int(stream) << 28 | int(units.number[u])) << 3)
        assert people["person"][first[u]] == person
        like, chance = donors.chances(stream, process.mix[2011 - 2004, stream])
        luck, sum_ = (word("arrivals_donor", 2011, person) + 0.5) / 2**32, np.cumsum(chance)
        assert units.donor[u] == like[np.argmax(sum_ >= luck)]
        of = units.donor[u]
        for k in range(donors.size[of]):
            i, row = first[u] + k, donors.start[of] + k
            age = donors.members["age"][row]
            assert people["person"][i] == person + k
            assert people["birth_year"][i] == 2011 - age
            assert people["sex"][i] == donors.members["sex"][row]
            assert people["origin"][i] == donors.origin[of]
            assert people["background"][i] == BACKGROUND.index(
                "child_arrival" if age <= 9 else "adult_arrival"
            )
            if age < 15:
                assert people["education"][i] == EDUCATION.index("none")
                assert people["status"][i] == STATUS.index("outside")
            else:
                assert people["education"][i] == donors.members["education"][row]
                assert people["status"][i] == donors.members["status"][row]
            inside = donors.members["mother"][row]
            if inside >= 0:
                assert people["mother"][i] == first[u] + inside
        cell = donors.cell[of]
        place = (word("arrivals_place", 2011, person) + 0.5) / 2**32
        there = municipality[cells[cell] : cells[cell + 1]]
        if donors.joins[of] in (NOBODY, NORWEGIAN):
            assert people["municipality"][first[u]] == there[int(place * there.size)]
            assert people["family_total"][first[u]] == donors.size[of] + donors.others[of]


def test_newcomers_are_residents_who_arrive_this_year():
    people = made_people(200)
    year = arrive(people)
    new = year.happened("arrive")
    np.testing.assert_array_equal(new, np.arange(200, len(people)))
    assert (people["place"][new] == RESIDENT).all() and year.outcome.size == 200
    assert (people["first_arrival_year"][new] == 2013).all()
    assert np.unique(people["person"]).size == len(people)
    people.year += 1
    people.check()


@pytest.mark.parametrize("year", [2007, 2011])
def test_donors_arrive_as_often_as_they_should(year):
    """By stream: origin, sex, whom they join, age. One of all falls outside once in a million."""
    donors, process = tables.donors(), Arrivals(PUBLISHED, SCALE)
    units = process.units(year, Chance(5))
    for stream in range(len(STREAMS)):
        some = units.donor[units.stream == stream]
        like, chance = donors.chances(stream, process.mix[year - 2004, stream])
        head = donors.start
        for kind in (donors.origin, donors.members["sex"][head], donors.joins,
                     donors.members["age"][head] // 10):  # fmt: skip
            expected = np.bincount(kind[like], chance, 20)
            found = np.bincount(kind[some], minlength=20)
            low, high = stats.binom.interval(1 - 1e-9, some.size, np.minimum(expected, 1))
            assert (found >= low).all() and (found <= high).all()


def test_persons_come_from_the_origins_of_the_year():
    """Published in 2007: 15,047 and 3,431 from new EU members in the east, to work and as family."""
    donors, mix = tables.donors(), tables.origin_mix()
    east, persons = ORIGIN.index("eu_east"), PUBLISHED[2007 - 2004]
    came = np.zeros(len(REASON))
    for stream in range(len(STREAMS)):
        like, chance = donors.chances(stream, mix[2007 - 2004, stream])
        size = chance * donors.size[like]
        share = size[donors.origin[like] == east].sum() / size.sum()
        assert share == pytest.approx(mix[2007 - 2004, stream, east], abs=1e-3)
        came[tables.STREAM_REASON[stream]] += share * persons[stream]
    assert came[REASON.index("work")] == pytest.approx(15_047, rel=0.02)
    assert came[REASON.index("family")] == pytest.approx(3_431, rel=0.03)


def test_ages_are_as_published_in_2007():
    donors, mix = tables.donors(), tables.origin_mix()[3]
    ages = np.zeros(120)
    for stream, persons in enumerate(PUBLISHED[3]):
        like, chance = donors.chances(stream, mix[stream])
        unit = np.zeros(donors.size.size)
        unit[like] = chance
        members = np.repeat(unit, donors.size)
        ages += persons * np.bincount(donors.members["age"], members / members.sum(), 120)
    share = np.add.reduceat(ages, [0, 16, 45, 67]) / ages.sum()
    np.testing.assert_allclose(share, np.array([7652, 40481, 5114, 251]) / 53_498, atol=0.002)
    np.testing.assert_allclose(
        weights_by_age(donors)[donors.start] / donors.weight, 1, rtol=0.1
    )  # already


def test_donors_are_families():
    donors = tables.donors()
    end = donors.start + donors.size
    assert end[-1] == donors.members["age"].size and donors.size.max() <= 8
    assert ((donors.others > 0) == (donors.joins == NORWEGIAN)).all()
    for link in ("mother", "partner"):
        inside = donors.members[link]
        assert (inside < np.repeat(donors.size, donors.size)).all()
    partner = donors.members["partner"]
    row = np.flatnonzero(partner >= 0)
    to = np.repeat(donors.start, donors.size)[row] + partner[row]
    assert (donors.members["sex"][row] != donors.members["sex"][to]).all()
    eldest = donors.members["age"][donors.start]
    assert (eldest[donors.joins == PARTNER] >= 18).all()
    assert (eldest[donors.joins == PARENT] < 18).all()
    assert (eldest[donors.joins == NOBODY] >= 15).mean() > 0.99
    joining = [STREAMS.index(("family", sponsor)) for sponsor in HOSTS]
    assert np.isin(donors.stream[np.isin(donors.joins, (PARTNER, PARENT))], joining).all()


# Whom they join


def hosts_of_one_year(people, units, year, seed=1):
    """The rule for one unit after the other: the next on the ring who is free."""
    donors, taken, chosen = tables.donors(), set(), []
    rings = {}
    for i in range(len(people)):
        age = year - int(people["birth_year"][i])
        alone = people["family_total"][i] == 1 and people["partner"][i] < 0
        if people["place"][i] != RESIDENT or not alone or not 18 <= age <= 72:
            continue
        stay = year - int(people["first_arrival_year"][i])
        share = 0.4 if stay < 6 else 0.2 if stay < 11 else 0.08
        luck = (word("arrivals_open", year, people["person"][i], seed) + 0.5) / 2**32
        if luck < share:
            reason = REASON.names[people["reason"][i]]
            sponsor = next(s for s, reasons in HOSTS.items() if reason in reasons)
            use = "partner" if luck < 0.75 * share else "children"
            ring = use, sponsor, int(people["sex"][i]), int(people["origin"][i]), (age - 18) // 5
            place = word("arrivals_ring", year, people["person"][i], seed)
            rings.setdefault(ring, []).append((place, int(people["person"][i]), i))
    for u in range(units.donor.size):
        donor = units.donor[u]
        chosen.append(-1)
        if donors.joins[donor] not in (PARTNER, PARENT):
            continue
        own = word("arrivals_host", year, units.person[u], seed)
        age, sex = (int(donors.members[c][donors.start[donor]]) for c in ("age", "sex"))
        sponsor, origin = STREAMS[units.stream[u]][1], int(donors.origin[donor])
        if donors.joins[donor] == PARTNER:
            use, other, wanted, near = (
                "partner",
                1 - sex,
                age + (-3 if sex else 3),
                (0, 1, -1, 2, -2),
            )
        else:
            use, other, wanted, near = "children", own & 1, age + 30, (0, 1, -1, 2)
        for step in near:
            ring = sorted(rings.get((use, sponsor, other, origin, (wanted - 18) // 5 + step), []))
            after = [h for h in ring if h[0] >= own] + [h for h in ring if h[0] < own]
            free = [i for _, _, i in after if i not in taken]
            if free:
                chosen[-1] = free[0]
                taken.add(free[0])
                break
    return np.array(chosen)


def test_every_unit_joins_by_the_rule_for_one_unit(register):
    people = register.select(np.arange(0, len(register), load(10, 1)))
    units = Arrivals(PUBLISHED, load(0.03, 0.01)).units(2013, Chance(1))
    year = Year.begin(2013, people, Chance(1))
    found = arrivals._hosts(
        year, units, arrivals._words(year.chance, "arrivals_host", 2013, units.person)
    )
    np.testing.assert_array_equal(found, hosts_of_one_year(people, units, 2013))
    assert (found >= 0).sum() > 10


def test_joiners_and_residents_become_families(register):
    people = register.copy()
    n, before = len(people), register
    year = arrive(people, scale=0.2)
    host = np.concatenate(year.regrouped)
    assert np.unique(host).size == host.size > 5
    assert (before["family_total"][host] == 1).all() and (before["place"][host] == RESIDENT).all()
    new = year.happened("arrive")
    persons, immigrants = recount(people)
    here = people["place"] == RESIDENT
    np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])
    others = (before["family_total"] - recount(before)[0])[here[:n]]
    np.testing.assert_array_equal((people["family_total"] - persons)[:n][here[:n]], others)
    spare = (people["family_total"] - persons)[new]
    assert (spare >= 0).all() and (spare > 0).any()
    joins_norwegian = people["sponsor_reason"][new] == 4
    assert (spare[joins_norwegian] > 0).all()
    couple = new[people["partner"][new] >= 0]
    partner = people["partner"][couple]
    np.testing.assert_array_equal(people["partner"][partner], couple)
    assert (people["sex"][partner] != people["sex"][couple]).all()
    assert (people["family"][partner] == people["family"][couple]).all()
    joined = partner < n
    assert joined.sum() > 5
    assert (people["origin"][partner] == people["origin"][couple])[joined].all()
    work = people["sponsor_reason"][couple] == 2
    assert (people["reason"][partner[work & joined]] == REASON.index("work")).all()
    child = new[people["mother"][new] >= 0]
    mother = people["mother"][child]
    assert (people["family"][mother] == people["family"][child]).all()
    gap = people["birth_year"][child].astype(int) - people["birth_year"][mother]
    assert (people["sex"][mother] == 0).all() and (gap >= 14).all()
    assert (people["municipality"][partner] == people["municipality"][couple]).all()


def test_most_who_seek_somebody_find_them(register):
    people = register.copy()
    year = arrive(people, scale=load(0.2, 0.01))
    units = Arrivals(PUBLISHED, load(0.2, 0.01)).units(2013, Chance(1))
    seek = np.isin(tables.donors().joins[units.donor], (PARTNER, PARENT)).sum()
    assert np.concatenate(year.regrouped).size > load(0.9, 0.5) * seek


def test_the_absent_and_the_dead_are_not_joined(register):
    people = register.copy()
    people["place"][: len(people) // 2] = ABROAD
    people["place"][len(people) // 2 :] = DEAD
    year = arrive(people)
    assert np.concatenate(year.regrouped).size == 0
    new = year.happened("arrive")
    immigrants = recount(people)[1]
    np.testing.assert_array_equal(people["family_immigrants"][new], immigrants[new])
    assert people["partner"][new].max() < len(people)


# Whose luck depends on whom


@pytest.mark.parametrize(
    "fewer", [("work", "none"), ("family", "other"), ("family", "refuge"), ("refuge", "none")]
)
def test_half_of_a_reason_leaves_everybody_else_the_same(register, fewer):
    numbers, stream = PUBLISHED.copy(), STREAMS.index(fewer)
    numbers[:, stream] /= 2
    all_come, half_come = register.copy(), register.copy()
    new = arrive(all_come, scale=0.2).happened("arrive")
    left = arrive(half_come, numbers=numbers, scale=0.2).happened("arrive")
    stays = np.isin(all_come["person"][new], half_come["person"][left])
    reason, sponsor = tables.STREAM_REASON[stream], tables.STREAM_SPONSOR[stream]
    gone = new[~stays]
    assert gone.size > 0 and left.size == stays.sum()
    assert (all_come["reason"][gone] == reason).all()
    assert (all_come["sponsor_reason"][gone] == sponsor).all()
    assert_same(by_person(all_come, new[stays]), by_person(half_come, left))


def test_more_arrivals_are_the_same_and_more(register):
    few, many = register.copy(), register.copy()
    new = arrive(few, scale=0.1).happened("arrive")
    more = arrive(many, numbers=PUBLISHED * 1.5, scale=0.1).happened("arrive")
    same = more[np.isin(many["person"][more], few["person"][new])]
    assert same.size == new.size < more.size
    assert_same(by_person(few, new), by_person(many, same))


def test_the_order_of_persons_does_not_matter(register):
    shuffled = register.select(np.random.default_rng(4).permutation(len(register)))
    people = register.copy()
    arrive(people, scale=0.2)
    arrive(shuffled, scale=0.2)
    assert_same(
        by_person(people, np.arange(len(people))), by_person(shuffled, np.arange(len(shuffled)))
    )


def test_persons_on_one_place_of_a_ring_stand_in_their_own_order():
    ring, place = np.array([3, 1, 3, 3]), np.array([7, 9, 7, 2], dtype=np.uint32)
    order = np.empty(4, dtype=np.int64)
    in_order(ring, place, np.array([50, 60, 40, 70]), 4, order)
    assert order.tolist() == [1, 3, 2, 0]


def test_another_seed_is_another_year_and_one_seed_the_same(register):
    same = [
        by_person(p, arrive(p, seed=2).happened("arrive"))
        for p in (register.copy(), register.copy())
    ]
    assert_same(*same)
    people = register.copy()
    new = arrive(people, seed=3).happened("arrive")
    n = min(new.size, same[0]["birth_year"].size)
    assert (by_person(people, new)["birth_year"][:n] != same[0]["birth_year"][:n]).any()


def test_every_municipality_is_in_the_cell_it_is_drawn_from():
    municipality, begins = tables.places()
    assert np.sort(municipality).tolist() == list(range(428)) and begins[-1] == 428
    cell = np.repeat(np.arange(begins.size - 1), np.diff(begins))
    np.testing.assert_array_equal(
        cell, COUNTY_OF[municipality].astype(int) * 4 + CENTRALITY_OF[municipality]
    )
    assert (np.diff(begins)[np.unique(tables.donors().cell)] > 0).all()


@given(seed=st.integers(0, 10_000), persons=st.floats(0, 700))
def test_units_are_like_the_first_bound_not_below_their_luck_and_come_while_they_fit(seed, persons):
    rng = np.random.default_rng(seed)
    many, wanted = rng.integers(1, 60, 3), np.array([persons, 0.0, 90.0])
    bounds, words, expected = [], [], []
    unit, size = rng.permutation(200)[: many.sum()], rng.integers(1, 9, 200)
    for s, mine in enumerate(np.split(unit, np.cumsum(many)[:-1])):
        chances = rng.random(mine.size) ** 6 + 1e-9
        bounds.append(np.minimum(np.cumsum(chances / chances.sum()), 1.0))
        at_bounds = np.minimum(np.rint(bounds[s] * 2.0**32), 2**32 - 1)
        word = np.r_[rng.integers(0, 2**32, 60 * s), at_bounds, 0, 2**32 - 1].astype(np.uint32)
        words.append(word)
        found = np.searchsorted(bounds[s], between_0_and_1(word))
        like = mine[np.minimum(found, mine.size - 1)]
        fits = np.cumsum(size[like]) - size[like] / 2 < wanted[s]
        end = word.size if fits.all() else fits.argmin()
        expected += [(int(d), s, k) for k, d in enumerate(like[:end])]
    stream = np.repeat(np.arange(3), [word.size for word in words])
    number = np.concatenate([np.arange(word.size) for word in words])
    search = np.concatenate([kernel.where_to_begin(bound) for bound in bounds])
    likeness = kernel.Likeness(unit, np.concatenate(bounds), search, np.r_[0, np.cumsum(many)])
    donor, person = np.empty_like(stream), 1_000 * stream + number
    count = kernel.arriving(np.concatenate(words), likeness, size, wanted, donor, stream, number,
                            person)  # fmt: skip
    kept = zip(donor[:count], stream[:count], number[:count], strict=True)
    assert [tuple(map(int, one)) for one in kept] == expected
    np.testing.assert_array_equal(person[:count], (1_000 * stream + number)[:count])


@given(seed=st.integers(0, 10_000), groups=st.integers(1, 60), bits=st.integers(1, 32))
def test_words_are_put_in_order_by_group_and_ties_by_identifier(seed, groups, bits):
    rng = np.random.default_rng(seed)
    group, words = rng.integers(0, groups, 100), rng.integers(0, 2**bits, 100).astype(np.uint32)
    some = rng.integers(0, 100, 20)
    group[some], words[some] = group[0], words[0]
    person, order = rng.permutation(100), np.empty(100, dtype=np.int64)
    in_order(group, words, person, groups, order)
    np.testing.assert_array_equal(order, np.lexsort((person, words, group)))
