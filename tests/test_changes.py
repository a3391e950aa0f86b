"""What a line of `changes` says, and what is answered to a line that says nothing sensible."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.changes import ALL_YEARS, FIRST_YEAR, Told, in_words, levers, read_changes
from scenarios.reading import parse_yaml
from sim.agents.columns import LAST_YEAR
from sim.transitions.levers import Change, value


def read(text):
    """Read changes as they stand in a file."""
    return read_changes(parse_yaml(text, "x.yaml"), "changes")


def one(text):
    (told,), problems = read(text)
    assert not problems
    return told.years, told.kind, told.number


def said(text):
    return "\n".join(map(str, read(text)[1]))


@pytest.mark.parametrize(
    ("amount", "kind", "number"),
    [
        ("5", "set", 5),
        ("5.5", "set", 5.5),
        ("+1.0", "add", 1),
        ("+1", "add", 1),
        ("-1", "add", -1),
        ("'+1'", "add", 1),
        ("'-1.5'", "add", -1.5),
        ("'5'", "set", 5),
        (".5", "set", 0.5),
        ("1e1", "set", 10),
        ("+1e0", "add", 1),
        ("x2", "factor", 2),
        ("x 1.5", "factor", 1.5),
        ("'*1.5'", "factor", 1.5),
        ("×0.5", "factor", 0.5),
        ("+10%", "factor", 1.1),
        ("-10%", "factor", 0.9),
        ("+10 %", "factor", 1.1),
        ("{set: 3}", "set", 3),
        ("{add: -1}", "add", -1),
        ("{factor: 2}", "factor", 2),
        ("{set: 5e-1}", "set", 0.5),
        ("5e-1", "set", 0.5),
    ],
)
def test_an_amount_is_set_added_or_multiplied(amount, kind, number):
    assert one(f"unemployment.norway: {amount}") == (None, kind, pytest.approx(number))


@pytest.mark.parametrize(
    ("years", "span"),
    [
        ("2020", (2020, 2020)),
        ("2020..2022", (2020, 2022)),
        ("2020 .. 2022", (2020, 2022)),
        ("2020..", (2020, LAST_YEAR)),
        ("'2020'", (2020, 2020)),
        (f"{FIRST_YEAR}..{LAST_YEAR}", ALL_YEARS),
    ],
)
def test_years_are_one_a_range_or_all_later(years, span):
    assert one(f"emigration: {{{years}: x2}}") == (span, "factor", 2)


def test_several_ranges_of_one_lever_are_changes_in_their_order():
    told, problems = read("arrivals.refuge: {2015..2017: x2, 2018: 9000, 2019: -100}")
    assert not problems
    assert [(t.years, t.kind, t.number) for t in told] == [
        ((2015, 2017), "factor", 2),
        ((2018, 2018), "set", 9000),
        ((2019, 2019), "add", -100),
    ]


def test_a_change_of_a_lever_and_one_of_a_parameter():
    (lever,), _ = read("unemployment.norway: {2020..2022: +1}")
    assert lever.change == Change("unemployment.norway", 2020, 2022, "add", 1.0)
    (parameter,), _ = read("unions_assumed.same_origin: 0.8")
    assert parameter.change is None
    assert parameter.cells.table == "unions_assumed.csv"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unemployment.norge: +1", "unknown lever; allowed: a lever or a parameter by its name. Did you mean 'unemployment.norway'?"),
        ("zzz: 1", "changes.zzz: is an unknown lever; allowed: a lever or a parameter by its name. vandring explain --levers lists"),
        ("1: 1", "changes.1: is an unknown lever"),
        ("unemployment.norway: 0.05", "changes.unemployment.norway: is 0.05; allowed: 0.5 to 30 (percent). Did you mean 5 percent?"),
        ("unemployment.norway: 31", "is 31; allowed: 0.5 to 30 (percent)"),
        ("income_ratio.group1: 110", "is 110; allowed: 0.1 to 50 (ratio). Did you mean 1.1, for 110 percent?"),
        ("emigration: 110", "is 110; allowed: 0 to 20 (factor). Did you mean x1.1, for 110 percent?"),
        ("unemployment.norway: .nan", "changes.unemployment.norway: is nan; allowed: a number"),
        ("unemployment.norway: .inf", "is inf; allowed: a number"),
        ("unemployment.norway: +.inf", "is inf; allowed: a number"),
        ("unemployment.norway: {add: .nan}", "is {'add': nan}; allowed: a number"),
        ("unemployment.norway: x1e999", "is 'x1e999'; allowed: a number"),
        ("unemployment.norway: x-2", "is 'x-2'"),
        ("unemployment.norway: {factor: -2}", "factors not negative"),
        ("unemployment.norway: -200%", "factors not negative"),
        ("unemployment.norway: yes", "is True; allowed: a number, +1 or -1"),
        ("unemployment.norway:", "is None; allowed"),
        ("unemployment.norway: [1]", "is [1]; allowed"),
        ("unemployment.norway: {}", "says nothing; allowed: a number"),
        ("unemployment.norway: {set: 1, add: 2}", "One of set, add and factor at a time."),
        ("unemployment.norway: {2020: {ad: 2}}", "Did you mean 'add'?"),
        ("unemployment.norway: 5%", "Write 5 for 5 percent, or +5% for so much more."),
        ("unemployment.norway: 0,5", "Write 0.5."),
        ("arrivals.work: 9,000", "Write 9000."),
        ("unemployment.norway: {1999: +1}", f"has the years 1999; allowed: a year, a range such as 2025..2030, or 2025.. for all later, in {FIRST_YEAR}..{LAST_YEAR}"),
        ("unemployment.norway: {2101: +1}", "has the years 2101"),
        ("unemployment.norway: {20: +1}", "has the years 20"),
        ("unemployment.norway: {2030..2025: +1}", "has the years '2030..2025'; allowed: a year, a range such as 2025..2030, or 2025.. for all later, in 2000..2100. The first year comes first."),
        ("unemployment.norway: {soon: +1}", "has the years 'soon'"),
        ("unemployment.norway: {2020: +1, 2019..2021: +1}", "names a year of 2019..2021 twice; allowed: each year once"),
        ("unemployment.norway: {2020..2021: +1, 2021..2022: +1}", "names a year of 2021..2022 twice"),
        ("unemployment.norway: {2021..2022: +1, 2020..2021: +1}", "names a year of 2020..2021 twice"),
        ("unemployment.norway: {2020: x}", "changes.unemployment.norway in 2020: is 'x'"),
        ("unemployment.norway: {2020..2021: no}", "changes.unemployment.norway in 2020..2021: is False"),
        ("unions_assumed.same: 0.8", "changes.unions_assumed.same: quantity is 'same'"),
        ("logit.emigrate.agee: +0.1", "Did you mean 'age'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_the_cure(text, says):
    assert says in said(text)


def test_a_year_that_is_no_range_is_not_called_backwards():
    for years in ("1999", "2101", "1990..1999"):
        message = said(f"births: {{{years}: x2}}")
        assert f"has the years {years if years.isdecimal() else repr(years)}" in message
        assert "The first year comes first." not in message


def test_all_that_is_wrong_comes_at_once():
    _, problems = read("unemployment.norge: 1\nemigration: {1999: x}\nbirths: .nan\ndeaths: 50\n")
    assert len(problems) == 4


@pytest.mark.parametrize("text", ["[1]", "7", "''"])
def test_changes_are_names_with_amounts(text):
    assert "names of levers with what they are to be" in said(text)


def test_no_more_than_a_thousand_changes():
    many = ", ".join(f"{year}: +1" for year in range(2000, 2101))
    names = [name for name in levers() if name.startswith("arrivals.")][:11]
    text = "\n".join(f"{name}: {{{many}}}" for name in names)
    assert "changes: has 1,111 changes; allowed: at most 1,000" in said(text)


def test_years_as_a_message_shows_them():
    assert in_words(None) == ""
    assert in_words((2020, 2020)) == " in 2020"
    assert in_words((2020, 2022)) == " in 2020..2022"


def test_all_changes_of_a_year_are_done_in_the_order_told():
    changes = [Change("x", 2020, 2022, "set", 3.0), Change("x", 2021, 2021, "factor", 2.0),
               Change("x", 2021, 2030, "add", 1.0), Change("y", 2021, 2021, "set", 9.0)]  # fmt: skip
    assert [value(changes, "x", year) for year in (2019, 2020, 2021, 2022, 2023)] == [1, 3, 7, 4, 2]


NUMBERS = st.floats(0.001, 999, allow_nan=False).map(lambda x: round(x, 3))
YEAR = st.integers(FIRST_YEAR, LAST_YEAR)


@given(NUMBERS, st.sampled_from(["{}", "+{}", "-{}", "x{}", "+{}%"]), YEAR, YEAR)
def test_what_is_written_is_what_is_read(number, form, a, b):
    first, last = min(a, b), max(a, b)
    text = f"arrivals.work: {{{first}..{last}: '{form.format(f'{number:.3f}')}'}}"
    ways = {"{}": ("set", number), "+{}": ("add", number), "-{}": ("add", -number),
            "x{}": ("factor", number), "+{}%": ("factor", 1 + number / 100)}  # fmt: skip
    kind, wanted = ways[form]
    assert one(text) == ((first, last), kind, pytest.approx(wanted))


@given(st.one_of(st.text(max_size=20), st.floats(), st.integers(), st.none(), st.booleans(),
                 st.dictionaries(st.one_of(st.integers(), st.text(max_size=12)),
                                 st.one_of(st.text(max_size=8), st.floats()), max_size=3)))  # fmt: skip
def test_anything_is_understood_or_refused_but_never_breaks(amount):
    told, problems = read_changes({"emigration": amount}, "changes")
    assert told or problems
    assert all(isinstance(t, Told) and math.isfinite(t.number) for t in told)


@pytest.mark.parametrize("years", ["2025-2030", "2025–2030", "2025 - 2030"])
def test_a_dash_between_years_gets_the_dots_it_needs(years):
    _, problems = read_changes({"births": {years: 2}}, "changes")
    assert [problem.cure for problem in problems] == ["Write 2025..2030."]
