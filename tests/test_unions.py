"""Unions: the rule for one person, who finds whom, families and links, steady shares."""

import numpy as np
import pytest

from calibration.reconstruction import reconstruct
from sim.agents.families import Families, join_families, leave_families, recount
from sim.agents.population import ABROAD, RESIDENT
from sim.chance import Chance
from sim.geography import CENTRALITY_OF
from sim.jit import COMPILED
from sim.transitions import batches, unions
from sim.transitions import unions_kernel as kernel
from sim.transitions.leaving_home import LeavingHome
from sim.transitions.process import Settings, Year
from sim.transitions.unions import Move, Rates, Unions, assumed, couples, move, rates
from tests.conftest import load, made_people
from tests.test_leaving_home import households, same_families

NORWEGIAN_BORN, FEMALE, MALE = 2, 0, 1
NONE = np.empty(0, dtype=np.int32)


def lived(people, choice="steady", seed=1):
    year = Year.begin(people.year, people, Chance(seed))
    Unions(choice).happen(year)
    return year


def all_rates(within=0.0, outside=0.0, part=0.0, leave=0.0):
    return Rates(*(np.full((2, 43), chance) for chance in (within, outside, part, leave)))


def assume(monkeypatch, **chances):
    monkeypatch.setattr(unions, "rates", lambda: all_rates(**chances))


def eldest_at_home(p, i):
    here = np.flatnonzero((p["family"] == p["family"][i]) & (p["place"] == RESIDENT))
    return min(here, key=lambda j: (p["birth_year"][j], p["person"][j]))


def case(p, year, i, word):
    """The rule for one person: what happens, if anything."""
    age, sex, partner = year - int(p["birth_year"][i]), p["sex"][i], p["partner"][i]
    if p["place"][i] != RESIDENT or not 18 <= age <= 60:
        return ""

    def below(chance):
        return word < round(chance[sex, age - 18] * 2**32)

    if partner >= 0:
        hers = (sex, p["person"][i]) < (p["sex"][partner], p["person"][partner])
        parts = hers and p["place"][partner] == RESIDENT and below(rates().part)
        return "parting" if parts else ""
    here = np.flatnonzero((p["family"] == p["family"][i]) & (p["place"] == RESIDENT))
    if p["family_total"][i] > here.size and eldest_at_home(p, i) == i:
        return "leaving" if below(rates().leave) else ""
    if below(rates().outside):
        return "finding"
    return "seeking" if below(rates().outside + rates().within) else ""


def test_everybody_does_what_the_rule_for_one_person_says():
    people = households()
    year = Year.begin(2013, people, Chance(1))
    cases = unions._cases(year, rates(), NONE)
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word("unions", 2013, people["person"], words)
    found = np.array([case(people, 2013, i, words[i]) for i in range(len(people))])
    for name in ("parting", "leaving", "finding", "seeking"):
        np.testing.assert_array_equal(getattr(cases, name), np.flatnonzero(found == name))
        assert getattr(cases, name).size > load(5, -1), name
    single = np.concatenate([cases.finding, cases.seeking])
    heads = [eldest_at_home(people, i) == i for i in single]
    np.testing.assert_array_equal(cases.eldest[single], heads)
    assert 0.1 < np.mean(heads) < 0.9


def test_families_equal_a_recount_and_links_are_answered():
    people = households(seed=3)
    before = people.copy()
    others = people["family_total"] - recount(people)[0]
    year = lived(people)
    n, here = len(people), people["place"] == RESIDENT
    persons, immigrants = recount(people)
    now = people["family_total"].astype(int) - persons
    np.testing.assert_array_equal(people["family_immigrants"][here], immigrants[here])
    numbers = {}
    for i in np.flatnonzero(here):  # one family, one number of other members
        assert numbers.setdefault(people["family"][i], now[i]) == now[i] >= 0
    assert (now != others)[here].any()
    partner = people["partner"]
    united = np.flatnonzero(partner >= 0)
    assert (partner[partner[united]] == united).all()
    assert (partner[united] != united).all()
    new = united[partner[united] != before["partner"][united]]
    assert new.size > load(20, 1)
    np.testing.assert_array_equal(people["family"][new], people["family"][partner[new]])
    np.testing.assert_array_equal(people["municipality"][new], people["municipality"][partner[new]])
    level = CENTRALITY_OF[people["municipality"]]
    np.testing.assert_array_equal(level, CENTRALITY_OF[before["municipality"]])
    named = np.concatenate(year.changed + year.regrouped)
    for name in ("family_total", "family_immigrants"):
        assert set(np.flatnonzero(people[name] != before[name])) <= set(named)
    assert (people["mother"] == before["mother"]).all()
    assert n == len(before)
    people.check()


def test_new_couples_are_of_an_age_and_most_of_one_origin():
    people = households(load(40_000, 3_000), seed=5)
    seeking = np.flatnonzero(people["place"] == RESIDENT)
    men, women = couples(Year.begin(2013, people, Chance(1)), seeking)
    assert men.size > load(4_000, 40)
    assert np.unique(np.concatenate([men, women])).size == 2 * men.size
    assert (people["sex"][men] == MALE).all()
    assert (people["sex"][women] == FEMALE).all()
    apart = people["birth_year"][women].astype(int) - people["birth_year"][men] - 3
    assert np.abs(apart).max() <= 4
    assert (people["origin"][men] == people["origin"][women]).mean() > load(0.8, 0.5)
    for side, other in ((men, women), (women, men)):
        assert (people["family"][side] != people["family"][other]).all()
        assert (people["mother"][side] != other).all()
    siblings = (people["mother"][men] == people["mother"][women]) & (people["mother"][men] >= 0)
    assert not siblings.any()


def test_a_candidate_less_leaves_most_other_couples_alone():
    people = made_people(600, families=False, origin=np.zeros(600, int),
                         municipality=np.zeros(600, int), birth_year=np.full(600, 1985),
                         first_arrival_year=np.full(600, 2000),
                         family_total=np.ones(600, int))  # fmt: skip
    year = Year.begin(2013, people, Chance(4))
    everybody = np.arange(600)

    def found(seeking):
        return set(zip(*(side.tolist() for side in couples(year, seeking)), strict=True))

    whole = found(everybody)
    lost = [len(whole - found(np.delete(everybody, i))) / len(whole) for i in range(0, 600, 40)]
    assert np.mean(lost) < 0.2


def family_of_four(**columns):
    """A single man; a lone mother of two; another man's daughter is the last."""
    people = made_people(
        5, sex=[1, 0, 1, 0, 0], birth_year=[1975, 1978, 2005, 1990, 1976],
        family=[0, 1, 1, 1, 2], family_total=[1, 3, 3, 3, 2], family_immigrants=[1, 3, 3, 3, 1],
        first_arrival_year=[2010] * 5, municipality=[0, 1, 1, 1, 2], **columns,
    )  # fmt: skip
    people["mother"][2:4] = 1
    return people


def test_the_woman_moves_to_the_man_with_her_young_children(monkeypatch):
    people = family_of_four()
    assume(monkeypatch, within=1.0)
    monkeypatch.setattr(unions, "couples", lambda year, seeking: (np.array([0]), np.array([1])))
    year = lived(people)
    assert people["partner"].tolist() == [1, 0, -1, -1, -1]
    family = people["family"]
    assert family[0] == family[1] == family[2] == 0
    assert family[3] == 1
    assert people["family_total"].tolist() == [3, 3, 3, 1, 2]
    assert people["family_immigrants"].tolist() == [3, 3, 3, 1, 1]
    assert people["municipality"][:3].tolist() == [0, 0, 0]
    assert sorted(set(year.regrouped[0].tolist())) == [0, 1, 2, 3]


def test_two_who_live_with_parents_get_a_family_of_their_own(monkeypatch):
    people = made_people(
        4, sex=[0, 1, 0, 0], birth_year=[1960, 1990, 1961, 1991], family=[0, 0, 1, 1],
        family_total=[3, 3, 2, 2], family_immigrants=[2, 2, 2, 2],
        first_arrival_year=[2010] * 4, municipality=[0, 0, 1, 1],
    )  # fmt: skip
    people["mother"][[1, 3]] = 0, 2
    assume(monkeypatch, within=1.0)
    monkeypatch.setattr(unions, "couples", lambda year, seeking: (np.array([1]), np.array([3])))
    lived(people)
    family = people["family"]
    assert family[1] == family[3] > 1
    assert family[0] == 0
    assert family[2] == 1
    assert people["family_total"].tolist() == [2, 2, 1, 2]
    assert people["municipality"].tolist() == [0, 0, 1, 0]


def test_a_partner_outside_is_one_more_member(monkeypatch):
    people = family_of_four()
    assume(monkeypatch, outside=1.0)
    lived(people)  # the daughter, 23, leaves for a family of her own; the last is taken
    assert people["family_total"].tolist() == [2, 3, 3, 2, 2]
    assert people["family_immigrants"].tolist() == [1, 2, 2, 1, 1]
    assert (people["partner"] == -1).all()


def test_a_partner_outside_is_lost_and_children_with_the_man(monkeypatch):
    people = made_people(
        3, sex=[0, 1, 1], birth_year=[1975, 1975, 1975], family=[0, 1, 2],
        family_total=[4, 4, 1], family_immigrants=[1, 1, 1], first_arrival_year=[2010] * 3,
    )  # fmt: skip
    assume(monkeypatch, leave=1.0)
    year = lived(people)
    assert people["family_total"].tolist() == [3, 1, 1]
    assert sorted(set(year.regrouped[0].tolist())) == [0, 1]


@pytest.mark.parametrize("with_child", [True, False])
def test_who_moves_out_when_a_couple_parts(monkeypatch, with_child):
    n = 300
    sex = np.tile([0, 1, 1], n)
    born = np.tile([1975, 1973, 2005 if with_child else 1990], n)
    family = np.repeat(np.arange(n), 3)
    people = made_people(3 * n, sex=sex, birth_year=born, family=family,
                         family_total=np.full(3 * n, 4), family_immigrants=np.full(3 * n, 3),
                         first_arrival_year=np.full(3 * n, 2010))  # fmt: skip
    women, men, children = (np.arange(k, 3 * n, 3) for k in range(3))
    people["mother"][children] = women
    people["partner"][women], people["partner"][men] = men, women
    assume(monkeypatch, part=1.0)
    lived(people)
    assert (people["partner"] == -1).all()
    assert (people["family"][children] == np.arange(n)).all()
    gone = people["family"][men] != np.arange(n)
    assert (gone != (people["family"][women] != np.arange(n))).all()
    assert gone.all() == with_child
    assert gone.mean() > 0.3
    assert (people["family_total"][np.where(gone, men, women)] == 1).all()
    assert (people["family_total"][children] == 3).all()


@pytest.mark.parametrize("choice", ["no_change", "steady"])
def test_nothing_happens_if_so_chosen_or_at_rates_of_0(monkeypatch, choice):
    if choice == "steady":
        assume(monkeypatch)
    people = households(800)
    before = people.copy()
    year = lived(people, choice)
    assert all((people[name] == before[name]).all() for name in before.columns)
    assert not np.concatenate([*year.changed, NONE]).size


def test_everybody_seeks_at_rates_of_1(monkeypatch):
    assume(monkeypatch, within=1.0)
    people = households(800)
    age = 2013 - people["birth_year"]
    single = (people["place"] == RESIDENT) & (people["partner"] < 0) & (age >= 18) & (age <= 60)
    cases = unions._cases(Year.begin(2013, people, Chance(1)), all_rates(within=1.0), NONE)
    here = np.flatnonzero(people["place"] == RESIDENT)
    by_age = here[np.lexsort((people["person"][here], people["birth_year"][here]))]
    eldest = by_age[np.unique(people["family"][by_age], return_index=True)[1]]
    mixed = np.isin(np.arange(len(people)), eldest) & (people["family_total"] > recount(people)[0])
    np.testing.assert_array_equal(cases.seeking, np.flatnonzero(single & ~mixed))


@pytest.mark.parametrize("batch", [64, 65_536])
def test_neither_the_order_of_rows_nor_batches_matter(monkeypatch, batch):
    monkeypatch.setattr(batches, "BATCH", batch)
    n = load(8_000, 1_000)
    people = households(n)
    turned = households(n).select(np.random.default_rng(1).permutation(n))
    for year in range(2013, 2016):
        people.year = turned.year = year
        lived(people)
        lived(turned)
    same_families(people, turned)
    known = [np.append(p["person"], -1) for p in (people, turned)]
    by_person = [
        k[p["partner"]][np.argsort(p["person"])]
        for k, p in zip(known, (people, turned), strict=True)
    ]
    np.testing.assert_array_equal(*by_person)
    assert (by_person[0] >= 0).any()


def test_equal_words_are_ordered_by_person(monkeypatch):
    people = made_people(200, families=False, origin=np.zeros(200, int),
                         municipality=np.zeros(200, int), birth_year=np.full(200, 1985),
                         first_arrival_year=np.full(200, 2000),
                         family_total=np.ones(200, int))  # fmt: skip
    turned = people.select(np.arange(200)[::-1])
    monkeypatch.setattr(
        Chance, "words", lambda self, process, year, person, n: np.ones((n, person.size), np.uint32)
    )
    found = []
    for p in (people, turned):
        sides = couples(Year.begin(2013, p, Chance(1)), np.arange(200))
        found.append([p["person"][side].tolist() for side in sides])
    assert found[0] == found[1]


def test_moving_equals_leaving_and_joining():
    people = households(load(6_000, 800), seed=6)
    rng = np.random.default_rng(2)
    here = np.flatnonzero(people["place"] == RESIDENT)
    movers = np.sort(rng.choice(here, here.size // 10, replace=False))
    staying = rng.permutation(np.setdiff1d(here, movers))[: movers.size]
    new = rng.random(movers.size) < 0.3
    families = people["family"][staying].copy()
    families[new] = Families(people).new(int(new.sum()))
    other = people.copy()
    changed = move(people, Move(movers, families, staying), NONE, NONE)
    other["place"][movers] = ABROAD
    left = leave_families(other, movers)
    other["place"][movers], other["family"][movers] = RESIDENT, families
    expected = np.concatenate([left, join_families(other, movers)])
    np.testing.assert_array_equal(np.unique(changed), np.unique(expected))
    for name in ("family", "family_total", "family_immigrants"):
        np.testing.assert_array_equal(people[name][here], other[name][here])


def test_the_rates_are_chances_and_children_seek_nobody():
    for table in rates():
        assert table.shape == (2, 43)
        assert ((table >= 0) & (table < 0.2)).all()
    assert (rates().within + rates().outside < 1).all()
    assert 0.5 < assumed()["same_origin"] < 1


def test_ready_takes_the_choice_of_the_settings():
    assert Unions.ready(Settings()).choice == "steady"
    assert Unions.ready(Settings(assumptions={"unions": "no_change"})).choice == "no_change"


@pytest.mark.skipif(not COMPILED, reason="ten years of a whole population")
def test_shares_in_unions_by_age_stay_about_as_in_2013():
    """Immigrants of 25-59, after ten years in which the young also leave home.

    With a partner: within 0.06 on average and 0.12 at most (nobody moves away here, so fewer part). In one-person families: 0.06.

    The register of 2013 is uneven from one group of ages to the next, and cohorts are not.
    """
    people = reconstruct(year=2013)

    def shares():
        age = people.year - 1 - people["birth_year"]
        mine = (people["place"] == RESIDENT) & (people["background"] != NORWEGIAN_BORN)
        found = []
        for sex in (FEMALE, MALE):
            for first in range(25, 60, 5):
                group = mine & (people["sex"] == sex) & (age >= first) & (age < first + 5)
                one = people["family_total"][group] == 1
                found.append(((people["partner"][group] >= 0).mean(), one.mean()))
        return np.array(found)

    before = shares()
    for year in range(2013, 2023):
        LeavingHome("by_30").happen(lived(people))
        people.year = year + 1
    partner, alone = np.abs(shares() - before).T
    assert partner.mean() < 0.06
    assert partner.max() < 0.12
    assert alone.mean() < 0.06


def test_couples_who_live_apart_or_are_left_behind_part():
    """No rates are needed: whoever lives in another municipality, or long abroad, has parted."""
    people = made_people(400, families=False)
    n = len(people)
    people["birth_year"][:], people["first_arrival_year"][:] = 1975, 2000
    people["family_total"][:], people["family_immigrants"][:] = 2, 2
    people["sex"][:] = np.arange(n) % 2
    people["partner"][:] = np.arange(n) ^ 1
    people["family"][:] = np.arange(n) // 2
    people["municipality"][1::2] = people["municipality"][::2]
    apart, away, gone = np.arange(0, 40, 2), np.arange(40, 80, 2), np.arange(80, 120, 2)
    people["municipality"][apart] = (people["municipality"][apart + 1] + 1) % 428
    for some, left in ((away, 2012), (gone, 2008)):
        people["place"][some], people["left_year"][some] = ABROAD, left
        people["family_total"][some + 1], people["family_immigrants"][some + 1] = 1, 1
    year = Year.begin(2013, people, Chance(1))
    Unions("steady").happen(year)
    assert (people["partner"][np.concatenate([apart, apart + 1])] == -1).all()
    assert (people["family_total"][np.concatenate([apart, apart + 1])] == 1).all()
    assert (people["partner"][away] == away + 1).all()
    assert (people["partner"][gone] == -1).all()
    assert (people["family"][gone] != people["family"][gone + 1]).all()
    together = people["partner"][120:] >= 0
    assert together.mean() > 0.8
    here = people["place"] == RESIDENT
    np.testing.assert_array_equal(people["family_immigrants"][here], recount(people)[1][here])
    people.check()


def test_relatives_never_pair():
    """Half-siblings with family numbers of their own, a mother, members of one family."""
    order, cell = np.arange(2), np.zeros(2, dtype=np.int64)
    seeking, sex = np.array([2, 1]), np.array([9, 0, 1], dtype=np.uint8)
    apart, same = np.array([0, 1, 2], dtype=np.int32), np.full(3, 7, dtype=np.int32)
    nobody, parent = np.full(3, -1, dtype=np.int32), np.array([-1, -1, 1], dtype=np.int32)
    for family, mother, expected in (
        (apart, nobody, 1), (apart, same, 0), (apart, parent, 0), (same, nobody, 0),
    ):  # fmt: skip
        men, women = np.zeros((2, 2), dtype=np.int64)
        count = kernel.pair(order, cell, seeking, men, women, sex, family, mother)
        assert (men[:count].tolist(), women[:count].tolist()) == ([2] * expected, [1] * expected)
