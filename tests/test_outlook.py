"""What levers come to by year, against what the engine itself does with the same changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.changes import read_changes
from scenarios.outlook import (
    YEARS,
    cell_limits,
    economy_problems,
    limit_problems,
    lived,
    outlook_of,
)
from scenarios.reading import parse_yaml
from sim.economy import SERIES, Economy
from sim.transitions.arrivals import Arrivals
from sim.transitions.economy_levers import name_of
from sim.transitions.process import Settings


def told(text):
    found, problems = read_changes(parse_yaml(text, "x.yaml"), "changes")
    assert not problems, problems
    return found


def outlook(text="", arrivals="history"):
    return outlook_of("default", arrivals, told(text) if text else ())


def at(text, lever, year, part="", **how):
    return outlook(text, **how).courses(lever)[part][year - YEARS[0]]


def wrong(text):
    return "\n".join(map(str, limit_problems(outlook(), told(text))))


def settings(text, **assumptions):
    changes = tuple(one.change for one in told(text))
    return Settings(changes=changes, scale=1.0, assumptions=assumptions)


def test_without_changes_the_economy_is_as_shipped_and_factors_are_one():
    for series in SERIES:
        course = outlook().courses(name_of(series))[""]
        assert [course[y - YEARS[0]] for y in (2000, 2013, 2060, 2100)] == [
            Economy.default().value(series, y) for y in (2000, 2013, 2060, 2100)
        ]
    assert (outlook().courses("emigration.work")[""] == 1).all()


ECONOMY = """
unemployment.norway: {2010..2012: +1, 2020..: x1.1}
income_ratio: +0.1
income_ratio.group2: {2030: 1.5, 2061: 9}
"""


def test_the_economy_is_the_one_that_the_engine_lives():
    found, paths = outlook(ECONOMY), settings(ECONOMY).paths
    for series in SERIES:
        course = found.courses(name_of(series))[""]
        assert [course[y - YEARS[0]] for y in YEARS] == [paths.value(series, y) for y in YEARS]


ARRIVALS = """
arrivals.refuge: {2015..2017: x2, 2018: 9000}
arrivals.work.eu_east: {2013..: -10%}
arrivals.family.to_work: {2020: +1000}
arrivals.somalia_djibouti: {2022: 0}
arrivals: {2024..: x0.5}
"""


@pytest.mark.parametrize("assumed", ["history", "as_2015_2019", "none"])
def test_arrivals_are_those_that_the_engine_lives(assumed):
    found = outlook(ARRIVALS, assumed)
    engine = Arrivals.ready(settings(ARRIVALS, arrivals=assumed))
    everybody = found.courses("arrivals")[""]
    assert np.isnan(everybody[2003 - YEARS[0]])
    for year in range(2004, 2101):
        assert everybody[year - YEARS[0]] == pytest.approx(engine.numbers[year - 2004].sum())
    assert found.courses("arrivals.refuge")[""][2018 - YEARS[0]] == pytest.approx(9000)


def test_a_lever_of_all_groups_has_a_course_for_each():
    courses = outlook("income_ratio: +0.1").courses("income_ratio")
    assert list(courses) == ["group 1", "group 2", "group 3"]
    plain = Economy.default().value("income_ratio_group2", 2020)
    assert at("income_ratio: +0.1", "income_ratio", 2020, "group 2") == pytest.approx(plain + 0.1)


def test_a_change_from_2061_on_leaves_the_economy_alone():
    assert at("unemployment.norway: {2061..: 9}", "unemployment.norway", 2080) == at(
        "", "unemployment.norway", 2080
    )
    for years in ("2060..", "2050..2060", "2060", "2055..2070"):
        text = f"unemployment.norway: {{{years}: 9}}"
        assert at(text, "unemployment.norway", 2080) == 9
        assert settings(text).paths.value("unemployment_norway", 2080) == 9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unemployment.norway: -3", "changes.unemployment.norway: would be "),
        ("unemployment.norway: {2013: x10}", "changes.unemployment.norway in 2013: would be 34.25 in 2013; allowed: 0.5 to 30 (percent)"),
        ("unemployment.group2: {2013..2014: +25}", " in 2013, and in 1 later year; allowed: 0.5 to 30 (percent)"),
        ("income_ratio: -1.3", "changes.income_ratio, group 1: would be "),
        ("emigration: -2", "changes.emigration: would be -1 in 2000, and in 100 later years; allowed: 0 to 20 (factor)"),
        ("emigration: x21", "would be 21 in 2000"),
        ("births: {2020: +10}", "would be 11 in 2020; allowed: 0 to 10 (factor)"),
        ("arrivals.work: {2020: x1000}", "e+07 in 2020; allowed: 0 to 1,000,000 (persons a year)"),
        ("arrivals.work: {2020: 600000}\narrivals.refuge: {2020: 600000}", "changes.arrivals.refuge in 2020, all arrivals together: would be 1.2"),
        ("emigration: +1e300", "would be 1e+300"),
        ("unions_assumed.same_origin: -1", "changes.unions_assumed.same_origin: would be -0.1; allowed: 0 to 1"),
        ("unions.female.25.part: 5", "would be 5; allowed: 0 to 1. Write 0.05 for 5 percent."),
        ("unions.*.*.part: x100", "would be "),
        ("county_moves.work.1.other: 101", "would be 101; allowed: 0 to 100"),
        ("mortality.*.*: -1", "would be -0.99"),
        ("labour_targets.constant.outside: x1e308", "would be -inf; allowed: any number"),
        ("logit.emigrate.age: -101", "is -101; allowed: -100 to 100 (log odds)"),
        ("logit.emigrate.age: +101", "is 101; allowed: -100 to 100 (log odds)"),
    ],
)  # fmt: skip
def test_what_no_lever_or_parameter_may_be(text, says):
    assert says in wrong(text)


@pytest.mark.parametrize(
    "text",
    [
        "unemployment.norway: {2013: 30}",
        "emigration: x20",
        "emigration: 0",
        "emigration: {2020: x20, 2021: +19}",
        "arrivals: 0",
        "arrivals.refuge: {2020: -3000}",
        "arrivals.work: {2020: 900000}",
        "labour_targets.constant.outside: -20",
        "unions.*.*.part: 1",
        "logit.emigrate.age: -100",
    ],
)
def test_what_is_just_allowed(text):
    assert wrong(text) == ""


def test_changes_of_one_parameter_are_judged_together():
    assert wrong("unions.female.25.part: x5") == ""
    both = told("unions.female.25.part: x50")
    assert limit_problems(outlook(), both) == []
    assert "would be " in str(limit_problems(outlook(), (*both, *both))[0])


def test_shares_are_shares_but_log_odds_are_not():
    assert cell_limits("unions.csv", "part") == (0, 1)
    assert cell_limits("county_moves.csv", "chance_percent") == (0, 100)
    assert cell_limits("mortality.csv", "rate") == (0, np.inf)
    assert cell_limits("labour_targets.csv", "outside") == (-np.inf, np.inf)


def test_a_thousand_changes_are_judged_quickly_enough():
    changes = told("mortality.*.*: x1.0001") * 200
    assert limit_problems(outlook(), changes) == []


def test_the_years_of_a_run_that_an_outlook_tells_of():
    assert lived((2013, 2015)) == range(2013, 2016)
    assert lived((1990, 2001)) == range(2000, 2002)
    assert not lived((1990, 1995))


def test_a_file_of_paths_is_judged_whole(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("year,series,value\n1999,unemployment_norway,3\n2020,unemployment_norway,99\n")
    first, second = economy_problems(str(path))
    assert first.where == "economy e.csv: line 2, year"
    assert "allowed: 0.5 to 30" in str(second)
    assert economy_problems("default") == []


@given(
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.integers(2000, 2100),
    st.sampled_from(["set", "add", "factor"]),
)
def test_nothing_that_passes_leaves_its_limits(number, year, kind):
    text = f"emigration.work: {{{year}: {{{kind}: {number!r}}}}}"
    found, problems = read_changes(parse_yaml(text, "x.yaml"), "changes")
    problems += limit_problems(outlook(), found)
    factor = 1 + number if kind == "add" else number
    assert bool(problems) == (not -1e-9 <= factor <= 20 + 1e-9)
