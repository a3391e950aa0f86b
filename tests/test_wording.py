"""Levers, changes and numbers as people read them."""

import numpy as np
import pytest

from scenarios.changes import ALL_YEARS, Told, levers
from scenarios.outlook import YEARS
from scenarios.wording import amount, clauses, differing, number, span, spread, subject, times


@pytest.mark.parametrize(
    ("lever", "words"),
    [
        ("unemployment.norway", ("Unemployment in Norway", False)),
        ("unemployment.group2", ("Unemployment in country group 2", False)),
        ("income_ratio", ("The income ratios of Norway to all country groups", True)),
        ("income_ratio.group1", ("The income ratio of Norway to country group 1", False)),
        ("arrivals", ("First arrivals", True)),
        ("arrivals.refuge", ("First arrivals of refugees", True)),
        ("arrivals.sweden", ("First arrivals of immigrants from Sweden", True)),
        ("arrivals.work.sweden", ("First arrivals of labour immigrants from Sweden", True)),
        ("arrivals.family.to_work", ("First arrivals of family immigrants who joined a labour immigrant", True)),
        ("emigration", ("The odds of emigrating", True)),
        ("emigration.group3", ("The odds of emigrating of immigrants of country group 3", True)),
        ("domestic.nordic", ("The odds of moving to another centrality level of Nordic immigrants", True)),
        ("deaths", ("The death rate", False)),
        ("return.child_arrival", ("The yearly rate of return of emigrants (background: Immigrated at 0-9)", False)),
    ],
)  # fmt: skip
def test_a_lever_in_words(lever, words):
    assert subject(lever) == words


def test_every_lever_has_words_of_its_own():
    told = {subject(name)[0] for name in levers()}
    assert len(told) == len(levers())
    assert not any("_" in words for words in told)


@pytest.mark.parametrize(
    ("kind", "size", "unit", "words"),
    [
        ("add", 1, "percent", "1 percentage point higher"),
        ("add", -1.5, "percent", "1.5 percentage points lower"),
        ("add", 0.1, "ratio", "0.1 higher"),
        ("add", 3000, "persons a year", "3,000 persons a year more"),
        ("add", -3000, "persons a year", "3,000 persons a year fewer"),
        ("add", 0.5, "factor", "0.5 times the usual higher"),
        ("set", 5, "percent", "set to 5 percent"),
        ("set", 9000, "persons a year", "set to 9,000 persons"),
        ("set", 1.4, "ratio", "set to 1.4"),
        ("set", 1.5, "factor", "set to 1.5 times the usual"),
        ("factor", 2, "factor", "twice as high"),
        ("factor", 3, "persons a year", "three times as many"),
        ("factor", 0.83, "persons a year", "17 percent fewer"),
        ("factor", 1.1, "ratio", "10 percent higher"),
    ],
)
def test_what_is_done_to_a_lever(kind, size, unit, words):
    assert amount(Told("x", None, kind, size), unit) == words


@pytest.mark.parametrize(
    ("factor", "many", "high"),
    [(0, "none at all", "zero"), (0.5, "half as many", "half as high"), (0.9, "10 percent fewer", "10 percent lower"),
     (1.25, "25 percent more", "25 percent higher"), (2.5, "2.5 times as many", "2.5 times as high")],
)  # fmt: skip
def test_factors(factor, many, high):
    assert times(factor, many=True) == many
    assert times(factor, many=False) == high


def test_years():
    assert span(None) == span(ALL_YEARS) == "in every year"
    assert span((2013, 2013)) == "in 2013"
    assert span((2013, 2015)) == "in 2013 to 2015"
    assert span((2025, ALL_YEARS[1])) == "from 2025 on"


def test_changes_of_a_lever_follow_each_other():
    told = [Told("x", (2013, 2013), "add", 1.0), Told("x", (2014, 2015), "factor", 2.0)]
    assert (
        clauses(told, "percent")
        == "1 percentage point higher in 2013; twice as high in 2014 to 2015"
    )


def test_numbers():
    assert number(3.4567, "percent") == "3.5"
    assert number(1.4567, "ratio") == "1.46"
    assert number(12345.6, "persons a year") == "12,346"
    assert number(1.23456, "factor") == "1.23"
    assert number(3.4567, "percent", finer=1) == "3.46"


def course(**values):
    made = np.full(len(YEARS), 5.0)
    for year, value in values.items():
        made[int(year[1:]) - YEARS[0]] = value
    return made


def test_the_first_the_last_and_the_most_altered_year_are_told():
    after = course(y2013=6.0, y2014=6.0, y2015=9.0, y2016=6.5, y2030=9.9)
    years = range(2010, 2020)
    assert differing(course(), after, years) == [2013, 2014, 2015, 2016]
    assert spread(course(), after, years, "percent") == (
        "2013: 5.0 -> 6.0, 2015: 5.0 -> 9.0, 2016: 5.0 -> 6.5 percent"
    )
    assert spread(course(), after, range(2020, 2025), "percent") == ""
    assert spread(course(), course(y2013=5.01), years, "percent") == "2013: 5.00 -> 5.01 percent"


def test_what_is_unknown_does_not_differ():
    assert differing(course(), course(y2013=np.nan), range(2010, 2020)) == []
