"""What a scenario may say, but likely does not mean: a line for each, and none for the rest."""

from dataclasses import replace

import pytest

from scenarios.changes import read_changes
from scenarios.lint import IDLE, warnings_of
from scenarios.reading import parse_yaml
from scenarios.schema import Scenario, load_scenario, names
from sim.engine import ASSUMPTIONS, LEVERS
from sim.transitions.parameters import TABLES

PLAIN = Scenario("x", "?", years=(2013, 2013))  # a year in which the economy is as when fitted


def warned(text="", years=(2013, 2013), **fields):
    """Return the warnings of a scenario; assumptions by name, other fields by theirs."""
    changes = []
    for part in text.split(" & ") if text else ():  # of a base and what is based on it
        told, problems = read_changes(parse_yaml(part, "x.yaml"), "changes")
        assert not problems, problems
        changes += told
    known = {a.name for a in ASSUMPTIONS}
    chosen = {name: value for name, value in fields.items() if name in known and name != "economy"}
    chosen |= {"economy": fields["answer"]} if "answer" in fields else {}
    rest = {name: value for name, value in fields.items() if name not in (*known, "answer")}
    scenario = replace(
        PLAIN,
        years=years,
        changes=tuple(changes),
        assumptions=tuple({**dict(PLAIN.assumptions), **chosen}.items()),
        **rest,
    )
    return warnings_of(scenario)


def test_nothing_is_warned_of_where_nothing_is_odd():
    assert warned() == []
    assert warned("unemployment.norway: {2013: 3}") == []
    assert (
        warned("emigration: {2013: x1.5}\narrivals.work: {2013: 20000}\nbirths: {2013: x2}") == []
    )
    assert warned("unions_assumed.same_origin: 0.8") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unemployment.norway: {2013: 6}", "unemployment.norway is 6.0 in 2013, outside 2.5 to 4.4, where the model was fitted."),
        ("unemployment.norway: {2013: 4.382}", "unemployment.norway is 4.382 in 2013, outside 2.493 to 4.381"),
        ("income_ratio: {2013: +0.1}", "income_ratio.group1 is 1.55 in 2013, outside 1.14 to 1.47"),
        ("emigration.work: {2013: x3}", "emigration.work is 3 in 2013, outside 0.5 to 2, where the model"),
        ("arrivals.refuge: {2013: 40000}", "arrivals.refuge is 40,000 in 2013, outside 2,862 to 36,762, the range of 2004..2023."),
        ("emigration: {2015: x2}", "emigration in 2015 has no effect: the run's years are 2013..2013."),
        ("fertility.25: {2015: x2}", "fertility.25 in 2015 has no effect of its own: the run's years"),
        ("emigration: {2013: x1}", "emigration in 2013 has no effect: it leaves the lever as it is."),
        ("emigration: {2013: +0}", "emigration in 2013 has no effect: it leaves"),
        ("unemployment.norway: {2013: +0.05}", "unemployment.norway in 2013 adds 0.05 percentage points; did you mean +5?"),
        ("unemployment.norway: {2013: -0.05}", "adds -0.05 percentage points; did you mean -5?"),
        ("unemployment.norway: {2013: -5%}", "unemployment.norway in 2013 multiplies by 0.95; write +1 to add a percentage point."),
        ("arrivals.work: {2013: 0.5}", "arrivals.work in 2013 lets 0.5 persons a year come; did you mean x0.5?"),
        ("arrivals.work: {2013: -0.5}", "adds less than one person a year; did you mean x0.5?"),
        ("arrivals.refuge: {2013: -10000}", "arrivals.refuge in 2013 takes away more than the 7,326 persons of 2013: nobody comes."),
        ("emigration: x1.2 & emigration: {2013: x1.2}", "emigration is altered twice in 2013: the second change comes on top."),
        ("emigration: x1.2 & emigration: {2013: 1.1}", "emigration is altered twice in 2013: the second change replaces the first."),
        ("income_ratio: +0.01\nincome_ratio.group2: 3", "income_ratio and income_ratio.group2 overlap in every year: the second change comes on top."),
        ("unions_assumed.same_origin: 0.8 & unions_assumed.same_origin: x0.9", "unions_assumed.same_origin is altered twice in every year: the second change comes on top."),
        ("unions.*.*.part: x1.1\nunions.female.25.part: 0.01", "unions.*.*.part and unions.female.25.part overlap in every year"),
        ("arrivals.refuge: {2013: 9000}\narrivals: {2013: x0.5}", "arrivals.refuge and arrivals overlap in 2013: the second change comes on top."),
        ("arrivals.family: {2013: x2}\narrivals.turkey: {2013: x2}", "arrivals.family and arrivals.turkey overlap in 2013"),
    ],
)  # fmt: skip
def test_what_may_not_be_meant(text, says):
    assert any(says in line for line in warned(text)), warned(text)


@pytest.mark.parametrize(
    ("text", "how", "says"),
    [
        ("unemployment.norway: 3", {"answer": "none", "labour_status": "unchanged"}, "unemployment.norway has no effect, since economy is none."),
        ("unemployment.norway: 3", {"answer": "none", "labour_status": "without_economy"}, "unemployment.norway has no effect, since economy is none."),
        ("unemployment.norway: 3", {"answer": "none"}, "unemployment.norway moves labour status only, since economy is none."),
        ("unemployment.group1: 7", {"answer": "none"}, "unemployment.group1 has no effect, since economy is none."),
        ("income_ratio: +0.01", {"answer": "none"}, "income_ratio has no effect, since economy is none."),
        ("arrivals.work: 20000", {"arrivals": "none"}, "arrivals.work lets people come although arrivals is none"),
        ("arrivals.work: x2", {"arrivals": "none"}, "arrivals.work has no effect: it leaves the lever as it is."),
        ("return: x2", {"returning": "nobody"}, "return has no effect, since returning is nobody."),
        ("return.child_arrival: x2", {"returning": "nobody"}, "return.child_arrival has no effect"),
        ("births: x2", {"fertility": "nobody_is_born"}, "births has no effect, since fertility is"),
        ("deaths: x2", {"mortality": "nobody_dies"}, "deaths has no effect, since mortality is"),
        ("unions_assumed.same_origin: 0.8", {"unions": "no_change"}, "unions_assumed.same_origin has no"),
        ("logit.emigrate.female: +0.1", {"model_type": 3}, "models of type 3 have no such term."),
        ("logit.emigrate.centrality_1: +0.1", {"model_type": 2}, "models of type 2 have no such term."),
    ],
)  # fmt: skip
def test_levers_that_an_assumption_leaves_idle(text, how, says):
    assert any(says in line for line in warned(text, **how)), warned(text, **how)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("return: x2", {}),
        ("births: x2", {"mortality": "nobody_dies"}),
        ("logit.emigrate.female: +0.1", {"model_type": 2}),
        ("emigration: {2012: x1.2, 2013: x1.2}", {"years": (2012, 2013)}),
        ("unemployment.norway: {2013: 6}", {"answer": "none", "labour_status": "fitted"}),
        ("arrivals.refuge: {2013: x1.1}\narrivals.work: {2013: x1.1}", {}),
        ("arrivals.work.turkey: {2013: x1.1}\narrivals.work.iran: {2013: x1.1}", {}),
        ("unions.female.20.part: x1.1\nunions.female.25.part: x1.1", {}),
        ("unions.female.25.part: x1.1\nunions.female.25.leave: x1.1", {}),
        ("emigration: x1.1\nemigration.work: x1.1", {}),
        ("logit.emigrate.age: +0.01\nlogit.domestic.age: +0.01", {}),
    ],
)
def test_what_is_not_idle_or_doubled(text, how):
    lines = [line for line in warned(text, **how) if "moves labour status only" not in line]
    assert lines == []


def test_years_that_do_not_follow_each_other_are_counted():
    lines = warned("unemployment.norway: {2010: 6, 2012: 7}", years=(2004, 2013))
    assert lines == [
        "unemployment.norway is 6.0 to 7.0 in 2 years of 2010..2012, outside 2.5 to 4.4, "
        "where the model was fitted."
    ]


def test_an_economy_that_leaves_the_fitted_years_is_told_once():
    more = "income_ratio.group1: {2013: x1.001}"
    (line,) = warned(more, years=(2013, 2022))
    assert line.startswith("The unaltered economy leaves the range of 2000..2013")
    assert "unemployment.group2" in line
    assert warned(years=(2013, 2022), economy_reference="of_2013") == [line]
    assert warned(years=(2013, 2022)) == []  # along the default path nobody answers
    assert warned(more, years=(2004, 2013)) == []


def test_a_run_before_the_economy_begins_is_no_trouble():
    assert warned("emigration: {2013: x1.1}", years=(1990, 1995)) == [
        "emigration in 2013 has no effect: the run's years are 1990..1995."
    ]


def test_after_2060_the_last_value_holds():
    lines = warned("unemployment.norway: {2062: 9}", years=(2055, 2070))
    assert any("has no effect: after 2060 the last value holds." in line for line in lines)


@pytest.mark.parametrize(
    ("text", "years", "told"),
    [
        ("fertility.25: {2020..2030: x2}", (2013, 2040), "those after 2022, the table's last, are as the last."),
        ("fertility.25: {2022: x2}", (2030, 2040), "fertility.25 in 2022 alters later years too"),
        ("fertility.25: {2020..2021: x2}", (2013, 2040), ""),
        ("fertility.25: {2020..2022: x2}", (2013, 2022), ""),
        ("fertility.25: x2", (2013, 2040), ""),
        ("mortality.*.90: {2021: x2}", (2013, 2040), "those after 2023, the table's last, go on falling"),
        ("mortality.*.90: {2000..2002: x2}", (2013, 2040), "go on falling"),
        ("mortality.*.90: {2003..2020: x2}", (2013, 2040), ""),
        ("labour_years.all.all.0-4: {2011: +1}", (2004, 2020), ""),
    ],
)  # fmt: skip
def test_a_change_of_the_years_that_later_ones_stand_on(text, years, told):
    found = [line for line in warned(text, years) if "alters later years too" in line]
    assert len(found) == bool(told)
    assert told in "".join(found)
    assert not any("no effect" in line for line in warned(text, years) if told)


def test_rates_that_stay_as_in_2023_stand_on_2023_alone():
    for change, many in (("{2021: x2}", 0), ("{2023: x2}", 1)):
        found = warned(f"mortality.*.90: {change}", (2013, 2040), mortality="as_2023")
        assert (
            sum("those after 2023, the table's last, are as the last" in f for f in found) == many
        )


def test_many_overlaps_are_told_once_for_each_pair():
    lines = warned(" & ".join(["emigration: x1.01"] * 20))
    assert sum("altered twice" in line for line in lines) == 1


def test_what_an_assumption_silences_exists():
    known = {a.name: a.meanings for a in ASSUMPTIONS}
    words = {lever.name.partition(".")[0] for lever in LEVERS} | set(TABLES)
    for assumption, values in IDLE.items():
        for value, silenced in values.items():
            assert value in known[assumption]
            assert set(silenced) <= words


@pytest.mark.parametrize("name", names())
def test_a_shipped_scenario_has_no_idle_lever(name):
    assert not [line for line in warnings_of(load_scenario(name)) if "no effect" in line]
