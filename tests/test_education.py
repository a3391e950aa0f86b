"""Education: the rule for one person, school careers, registration, the published levels."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from calibration import livelihood_rates, reconstruct
from sim.agents.population import ABROAD, RESIDENT, Population
from sim.chance import Chance, between_0_and_1
from sim.codes import EDUCATION, SEX, STATUS
from sim.jit import COMPILED
from sim.transitions import education, sources
from sim.transitions import education_kernel as kernel
from sim.transitions.coming_of_age import ComingOfAge
from sim.transitions.education import COMPULSORY, LONG, NONE, SHORT, UPPER, Education
from sim.transitions.labour import LabourStatus
from sim.transitions.process import Settings, Year
from tests.conftest import load, made_people

STUDENT, OUTSIDE = STATUS.index("student"), STATUS.index("outside")
IN_EDUCATION = (STUDENT, STATUS.index("employed_student"))
slow = pytest.mark.skipif(not COMPILED, reason="too many persons without compiled kernels")


def lived(people, choice="gradual", seed=1):
    """Let a year of education happen; return the year and the levels before."""
    before = people["education"].copy()
    year = Year.begin(people.year, people, Chance(seed))
    Education(choice).happen(year)
    return year, before


def luck(year, people, name):
    words = np.empty(len(people), dtype=np.uint32)
    year.chance.swift_word(name, year.year, people["person"], words)
    return between_0_and_1(words)


def new_level(one, year, moves, registers):
    """The rule for one person: the level when the year is over. `one` is a dict of columns."""
    age, stay = year - one["birth_year"], year - one["first_arrival_year"]
    if one["place"] != RESIDENT or not 16 <= age <= 74 or stay < 0:
        return one["education"]
    old, here = one["education"], one["first_arrival_year"] - one["birth_year"] <= 15
    if old == NONE:
        if moves >= education.registration()[min(stay, 17)]:
            return NONE
        group = 6 if here else one["reason"]
        at_least = education.foreign()[group, one["sex"], age - 16]
        return max([COMPULSORY, *(k for k in range(2, 6) if registers < at_least[k])])
    studies = int(one["status"] in IN_EDUCATION)
    if here:
        chances = education.school()[one["sex"], age - 16, studies, old]
    else:
        chances = education.study()[age - 16, studies, old]
    higher = [k for k in range(old + 1, 6) if moves < chances[k] and stay > 0]
    return max([old, *higher])


def mixed_people(n):
    """Return people of all ages of whom some are abroad and some were born in Norway."""
    people = made_people(n)
    people["place"][::7] = ABROAD
    young = np.arange(n) % 3 == 0
    people["birth_year"][young] = 1983 + np.arange(n)[young] % 20
    people["first_arrival_year"][young] = people["birth_year"][young]
    return people


def test_everybody_advances_by_the_rule_for_one_person():
    people = mixed_people(load(20_000, 2_000))
    year, before = lived(people)
    moves, registers = (luck(year, people, n) for n in ("education", "education, level"))
    names = ("birth_year", "first_arrival_year", "place", "reason", "sex", "status")
    for i in range(len(people)):
        one = {name: int(people[name][i]) for name in names} | {"education": int(before[i])}
        assert people["education"][i] == new_level(one, 2013, moves[i], registers[i])
    altered = np.flatnonzero(people["education"] != before)
    np.testing.assert_array_equal(np.concatenate(year.changed), altered)
    assert (people["education"] >= before).all()
    assert altered.size > 50


@pytest.mark.parametrize("old", [NONE, COMPULSORY])
def test_the_highest_level_whose_cut_is_above_the_word_is_reached(old):
    """Students of 20 who went to school in Norway, with and without a registered level."""
    known = np.arange(old + 1, kernel.HIGHEST + 1)
    words = (100 - 10 * known).astype(np.uint32)  # each below the cuts up to one level
    above = np.full(known.size, 99, dtype=np.uint32)
    moving = np.zeros((2, 2, kernel.AGES, 2, kernel.LEVELS, kernel.LEVELS), dtype=np.uint64)
    foreign = np.zeros((kernel.SCHOOL_GROUP + 1, 2, kernel.AGES, kernel.LEVELS), dtype=np.uint64)
    cuts = foreign[kernel.SCHOOL_GROUP, 1] if old == NONE else moving[1, 1, :, 1, old]
    cuts[20 - kernel.YOUNGEST, known] = 101 - 10 * known
    born, same = np.full(known.size, 1993, dtype=np.int16), np.ones(known.size, dtype=np.uint8)
    education = old * same
    drawn = (above, words) if old == NONE else (words, above)
    kernel.reach(np.arange(known.size), *drawn, moving, foreign, 2013, same, same, born, born,
                 kernel.STUDENT * same, education)  # fmt: skip
    assert education.tolist() == known.tolist()


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_certain_registration(monkeypatch, chance):
    monkeypatch.setattr(education, "registration", lambda: np.full(18, chance))
    people = made_people(
        500, birth_year=np.full(500, 1970), first_arrival_year=np.full(500, 2000),
        education=np.zeros(500, dtype=int),
    )  # fmt: skip
    lived(people)
    assert (people["education"] > NONE).mean() == chance


def test_levels_stay_if_so_chosen():
    people = made_people(2_000)
    year, before = lived(people, "unchanged")
    np.testing.assert_array_equal(people["education"], before)
    assert not year.changed
    assert Education.ready(Settings()).choice == "gradual"
    assert Education.ready(Settings(assumptions={"education_break": "as_2014"})).choice == "as_2014"


def test_the_order_of_persons_does_not_matter():
    people = mixed_people(load(5_000, 800))
    order = np.random.default_rng(3).permutation(len(people))
    shuffled = people.select(order)
    lived(people)
    lived(shuffled)
    np.testing.assert_array_equal(shuffled["education"], people["education"][order])


def test_those_who_turn_15_newcomers_and_the_old_are_left_alone():
    for age, arrival in ((15, 1998), (75, 1990), (40, 2013)):
        people = made_people(
            300,
            year=2014,  # so that newcomers of 2013 are possible
            birth_year=np.full(300, 2013 - age),
            first_arrival_year=np.full(300, arrival),
        )
        people.year = 2013
        _, before = lived(people)
        np.testing.assert_array_equal(people["education"], before)


def test_who_came_grown_advances_only_in_education():
    n = load(20_000, 2_000)
    people = made_people(n, birth_year=np.full(n, 1988), first_arrival_year=np.full(n, 2010))
    _, before = lived(people)
    rose = (people["education"] > before) & (before > NONE)
    assert rose.any()
    assert np.isin(people["status"][rose], IN_EDUCATION).all()


def test_cuts_and_chances_are_chances():
    for table in (education.school(), education.study(), education.foreign()):
        assert ((table >= 0) & (table <= 1)).all()
    rising = education.school()
    assert (np.diff(rising[..., COMPULSORY, 2:], axis=-1) <= 0).all()
    assert (rising[..., LONG, :] == 0).all()
    assert (np.diff(education.career(), axis=1) >= 0).all()  # by age
    assert (np.diff(education.career(), axis=2) <= 0).all()  # by level
    assert education.cuts(np.array([0.0, 1.0])).tolist() == [0, 2**32]


def test_a_school_class_follows_the_career_of_youths():
    """A class of 15 goes through school: within 4 points of the career at each age.

    Being in education or not is drawn with the share that the career was made with, apart
    from the levels, so that only chance and the larger step of students differ.
    """
    n = load(60_000, 3_000)
    people = made_people(
        n, year=2013, birth_year=np.full(n, 1998), first_arrival_year=np.full(n, 1998),
        education=np.full(n, COMPULSORY),
    )  # fmt: skip
    for _ in range(2014, 2031):
        people.year += 1
        age = people.year - 1998
        share = education._studying()[0][age - 16]
        studies = np.random.default_rng(age).random(n) < share
        people["status"][:] = np.where(studies, STUDENT, OUTSIDE)
        lived(people)
        for sex in (0, 1):
            mine = people["education"][people["sex"] == sex]
            career = education.career()[sex, min(age, 31) - 15]
            for level in range(2, 6):
                assert (mine >= level).mean() == pytest.approx(career[level], abs=0.04)


def test_as_many_are_registered_as_the_chance_says():
    """Falls outside with a probability of 1e-6."""
    n = load(200_000, 5_000)
    people = made_people(
        n, birth_year=np.full(n, 1970), first_arrival_year=np.full(n, 2010),
        education=np.zeros(n, dtype=int),
    )  # fmt: skip
    lived(people)
    low, high = stats.binom.interval(1 - 1e-6, n, education.registration()[3])
    assert low <= (people["education"] > NONE).sum() <= high


def test_the_break_of_2014_is_an_event_of_the_register():
    people = made_people(
        load(20_000, 2_000), year=2014, education=np.zeros(load(20_000, 2_000), dtype=int)
    )
    inside = (people["birth_year"] <= 1998) & (people["birth_year"] >= 1940)
    lived(people, "as_2014")
    share = (people["education"][inside] > NONE).mean()
    assert share == pytest.approx(education.imputed(), abs=0.04)
    assert (people["education"][~inside] == NONE).all()
    later = Education("as_2014")
    np.testing.assert_array_equal(later.registering(2013), education.registration())
    assert later.registering(2020)[0] == education.imputed()
    np.testing.assert_array_equal(later.registering(2020)[1:], education.registration()[1:])
    assert Education("gradual").registering(2014)[0] == 0


# -- against the publication ------------------------------------------------------------------


@cache
def register(year):
    people = reconstruct(year=year)
    return people.select(people["place"] == RESIDENT)


def shares(people, sex=None, ages=(15, 74)):
    """Return shares of immigrants by level."""
    age = people.year - 1 - people["birth_year"].astype(int)
    some = (people["background"] != 2) & (age >= ages[0]) & (age <= ages[1])
    if sex is not None:
        some &= people["sex"] == sex
    return np.bincount(people["education"][some], minlength=6) / some.sum()


@cache
def two_years_later():
    """Return the residents of 2011 and newcomers, in 2013.

    A share of them leaves each year: 9.4 percent of the unregistered and 2.7 of the others, as
    the published model says.
    """
    people = register(2011).copy()
    for t in (2011, 2012):
        leaves = Chance(9).uniform("leaving", t, people["person"])
        people = people.select(leaves > np.where(people["education"] == NONE, 0.094, 0.027))
        year = Year.begin(t, people, Chance(1))
        for process in (ComingOfAge, Education, LabourStatus):
            process.ready(Settings()).happen(year)
        later = register(t + 1)
        new = later.select(later["first_arrival_year"] == t)
        columns = {n: np.concatenate([a, new.columns[n]]) for n, a in people.columns.items()}
        columns["person"] = np.arange(columns["person"].size)
        people = Population(columns, t + 1, "followed")
    return people


@slow
def test_levels_of_2013_are_as_published():
    """Ages 16 and over, 1.10.2013, both sexes: within 2 points."""
    told = {
        row["education"]: float(row["persons"])
        for row in sources.rows("education_published.csv")
        if (row["year"], row["age"], row["sex"]) == ("2013", "16+", "both")
    }
    total = sum(told.values())
    found = shares(two_years_later())
    assert abs(found[NONE] - (told["no_education"] + told["not_reported"]) / total) < 0.02
    assert abs(found[COMPULSORY] - told["compulsory"] / total) < 0.02
    assert abs(found[2] + found[UPPER] - told["upper_secondary"] / total) < 0.02
    assert abs(found[SHORT] - told["tertiary_short"] / total) < 0.02
    assert abs(found[LONG] - told["tertiary_long"] / total) < 0.02


@slow
@pytest.mark.parametrize("sex", [0, 1])
def test_levels_of_a_sex_change_as_published(sex):
    """Published by sex are ages 25-55, 2011 and 2013: the change within 2 points.

    The register of 2013, fitted to what is published of all ages, is met within 2 points too.
    """
    people = two_years_later()
    np.testing.assert_allclose(shares(people, sex), shares(register(2013), sex), atol=0.02)
    found = shares(people, sex, (25, 55)) - shares(register(2011), sex, (25, 55))
    parts = {"tertiary": found[SHORT] + found[LONG], "upper_secondary": found[2] + found[UPPER],
             "compulsory": found[COMPULSORY], "unregistered": found[NONE]}  # fmt: skip
    wanted = {}
    for year, sign in ((2011, -1), (2013, 1)):
        told = livelihood_rates.levels(year, "immigrants", SEX.names[sex])
        told["unregistered"] = told.pop("no_education") + told.pop("not_reported")
        for level, persons in told.items():
            wanted[level] = wanted.get(level, 0.0) + sign * persons / sum(told.values())
    for level, change in parts.items():
        assert abs(change - wanted[level]) < 0.02, (level, change, wanted[level])


@slow
def test_the_break_leaves_as_few_unregistered_as_published():
    """3.3 percent of ages 25-55 had none or unreported education in 2014."""
    people = register(2013).copy()
    people.year = 2014
    lived(people, "as_2014")
    people.year = 2015
    assert shares(people, ages=(25, 55))[NONE] == pytest.approx(0.033, abs=0.015)


@slow
@pytest.mark.parametrize("choice", ["gradual", "as_2014"])
def test_fifty_years_leave_no_degenerate_shares(choice):
    """Nobody's level falls, long stayers are registered, and every level is still held."""
    people = register(2013).select(np.arange(0, len(register(2013)), 10))
    long_stay = (people["first_arrival_year"] <= 2002) & (people["birth_year"] >= 1973)
    first = shares(people)
    unregistered = [(people["education"][long_stay] == NONE).mean()]
    for t in range(2013, 2060):
        before = people["education"].copy()
        year = Year.begin(t, people, Chance(1))
        chosen = Settings(assumptions={"education_break": choice})
        for process in (ComingOfAge, Education, LabourStatus):
            process.ready(chosen).happen(year)
        assert (people["education"] >= before).all()
        people.year += 1
        unregistered.append((people["education"][long_stay] == NONE).mean())
    assert (np.diff(unregistered) <= 0).all()
    assert unregistered[-1] < unregistered[0]
    last = shares(people)
    assert last[NONE] < first[NONE]
    assert ((last[1:] > 0.02) & (last[1:] < 0.45)).all(), dict(
        zip(EDUCATION.names, last, strict=True)
    )
