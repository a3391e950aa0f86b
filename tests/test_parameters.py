"""Every number of every table has a name that a scenario can use."""

import pytest

from sim.problems import Problem
from sim.transitions import births, deaths, parameters
from sim.transitions.parameters import LOGIT, TABLES, cell_change, names
from sim.transitions.sources import CellChange, Overlay, rows, shipped, using

EVERY = list(names())


def change(name, years=None, kind="set", number=1.0):
    found = cell_change(name, years, kind, number)
    assert isinstance(found, CellChange), found
    return found


def wrong(name, years=None):
    found = cell_change(name, years, "set", 1.0)
    assert isinstance(found, Problem), found
    return str(found)


def test_names_are_many_and_each_names_one_thing():
    assert len(EVERY) == len(set(EVERY)) > 1_000
    assert all(map(parameters.is_parameter, EVERY))
    assert not parameters.is_parameter("emigration")


@pytest.mark.parametrize("word", [LOGIT, *TABLES])
def test_every_name_of_a_table_can_be_altered(word):
    for name in [name for name in EVERY if name.partition(".")[0] == word][::7]:
        found = change(name)
        if word == LOGIT:
            continue
        table = TABLES[word]
        meant = [row for row in shipped(table.file) if found.applies(row)]
        assert meant, name
        assert table.by_year or len(meant) == 1, name


@pytest.mark.parametrize(("word", "table"), TABLES.items())
def test_the_columns_of_a_table_are_there_and_hold_numbers(word, table):
    for row in shipped(table.file):
        assert all(row[key] is not None for key in table.keys)
        assert all(isinstance(float(row[column]), float) for column in table.columns)


def test_one_number_is_altered_and_the_others_are_not():
    here = change("unions_assumed.same_origin", number=0.5)
    with using(Overlay((here,))):
        altered = {row["quantity"]: float(row["value"]) for row in rows("unions_assumed.csv")}
    plain = {row["quantity"]: float(row["value"]) for row in shipped("unions_assumed.csv")}
    assert altered == {**plain, "same_origin": 0.5}


def test_a_star_stands_for_every_row():
    found = change("unions.*.25.part", kind="factor", number=2.0)
    meant = [row for row in shipped("unions.csv") if found.applies(row)]
    assert {(row["sex"], row["age_from"]) for row in meant} == {("female", "25"), ("male", "25")}
    assert found.column == "part"
    assert sum(change("unions.*.*.part").applies(row) for row in shipped("unions.csv")) == 18


def test_years_choose_the_rows_of_a_table_by_year():
    found = change("fertility.25", (2010, 2012))
    years = {row["year"] for row in shipped("fertility.csv") if found.applies(row)}
    assert years == {"2010", "2011", "2012"}
    assert {row["age"] for row in shipped("fertility.csv") if found.applies(row)} == {"25"}


def test_a_key_with_a_dot_is_one_key():
    dotted = [name for name in EVERY if name.count(".") > 6]
    for name in dotted:
        assert isinstance(cell_change(name, None, "set", 1.0), CellChange)


@pytest.mark.parametrize(
    ("name", "years", "says"),
    [
        ("unions", None, "has 0 parts after unions; allowed: unions.<sex>.<age_from> (* for all)"),
        ("unions.female", None, "has 1 parts after unions"),
        ("unions.femal.25.part", None, "sex is 'femal'; allowed: *, female, male. Did you mean"),
        ("unions.female.25.prt", None, "column is 'prt'; allowed: within, outside, part, leave"),
        ("unions_assumed.same_orign", None, "Did you mean 'same_origin'?"),
        ("unions_assumed.same_origin", (2020, 2021), "is altered in 2020..2021; allowed: no years"),
        (
            "fertility.25",
            (2090, 2091),
            "has no rows in 2090..2091; allowed: 2000..2022. Years after 2022 are as the last; births can be altered in any year.",
        ),
        (
            "mortality.female.90",
            (2030, 2030),
            "allowed: 2000..2023. Years after 2023 go on falling as from the first three years to the last three; deaths can",
        ),
        (
            "fertility_by_origin.denmark",
            (2010, 2012),
            "has no rows in 2010..2012; allowed: 2000, 2015, 2016. Years after 2016",
        ),
        (
            "labour_years.all.female.all",
            (2012, 2012),
            "allowed: 2003..2011. Years after 2011 have no figure of their own.",
        ),
        ("logit.leave.age", None, "outcome is 'leave'; allowed: domestic, emigrate"),
        ("logit.emigrate.ages", None, "Did you mean 'age'?"),
        ("logit.emigrate.age", (2020, 2020), "allowed: no years. Coefficients hold in every year"),
    ],
)
def test_what_is_wrong_with_a_name(name, years, says):
    assert says in wrong(name, years)


@pytest.mark.parametrize(
    ("word", "levels"), [("fertility.csv", births.rates), ("mortality.csv", deaths.rates)]
)
def test_years_after_a_table_stand_on_the_years_that_it_says(word, levels):
    """Every year of a table doubled in turn: whether the years after 2023 become others."""
    (table,) = (one for one in TABLES.values() if one.file == word)
    how = {"falling": True} if word == "mortality.csv" else {}
    plain = levels(2040, **how)
    moves = []
    for year in table.years:
        here = frozenset({str(year)})
        cell = CellChange(word, ((table.by_year, here),), "rate", "factor", 2.0)
        with using(Overlay((cell,))):
            if (levels(2040, **how) != plain).any():
                moves.append(year)
    ends = {*table.years[: table.ends], *table.years[-table.ends :]}
    assert set(moves) == (ends if table.ends > 1 else {table.years[-1]})
