"""Ranges in scenario files: what is read, where their values lie, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from scenarios.changes import read_changes
from scenarios.explain import explain
from scenarios.lint import FOR_SENSITIVITY, warnings_of
from scenarios.ranges import NORMAL, TRIANGULAR, UNIFORM, Range, merged, range_problems, read_ranges
from scenarios.schema import load_scenario, names
from sim.problems import InputError
from sim.transitions.levers import ADD, FACTOR, SET

U = "unemployment.norway"


def one(said, name=U):
    (found,), problems = read_ranges({name: said}, "ranges")
    assert not problems
    return found


def refused(said, name=U):
    _, problems = read_ranges({name: said}, "ranges")
    assert problems
    return "; ".join(map(str, problems))


@pytest.mark.parametrize(
    ("said", "kind", "low", "high", "shape", "middle"),
    [
        ("-1 to +2", ADD, -1.0, 2.0, UNIFORM, None),
        ("+0 to +2", ADD, 0.0, 2.0, UNIFORM, None),
        ("4 to 6.5", SET, 4.0, 6.5, UNIFORM, None),
        ("x0.5 to x2", FACTOR, 0.5, 2.0, UNIFORM, None),
        ("-10% to +20%", FACTOR, 0.9, 1.2, UNIFORM, None),
        ("x0.5 to x2 likely x1", FACTOR, 0.5, 2.0, TRIANGULAR, 1.0),
        ("x0.5 to x2, likely x1", FACTOR, 0.5, 2.0, TRIANGULAR, 1.0),
        ({"from": "x0.5", "to": "x2"}, FACTOR, 0.5, 2.0, UNIFORM, None),
        ({"from": 4, "to": 6, "likely": 5}, SET, 4.0, 6.0, TRIANGULAR, 5.0),
        ({"normal": "x1", "sd": 0.1}, FACTOR, 0.8, 1.2, NORMAL, None),
        ({"normal": "+0", "sd": 1}, ADD, -2.0, 2.0, NORMAL, None),
    ],
)
def test_what_is_written_is_read(said, kind, low, high, shape, middle):
    assert one(said) == Range(U, None, kind, low, high, shape, middle)


def test_years_make_ranges_of_their_own():
    found, problems = read_ranges({U: {"2025..2026": "+0 to +1", "2027..": "+0 to +2"}}, "ranges")
    assert not problems
    assert [(r.label, r.high) for r in found] == [
        (f"{U} in 2025..2026", 1.0), (f"{U} in 2027..2100", 2.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said", ["-1 to +2", "x0.3 to x1.1 likely x1", {"normal": "+0.1", "sd": 0.3}]
)
def test_the_ends_are_the_numbers_that_were_written(said):
    """Exactly: so that a point at an end is a scenario that sets it."""
    found = one(said)
    assert (found.value(0.0), found.value(1.0)) == (found.low, found.high)
    assert found.told(1.0).number == found.high


@pytest.mark.parametrize(
    ("said", "law"),
    [
        ("-1 to +2", stats.uniform(-1, 3)),
        ("x0.5 to x2 likely x1", stats.triang(1 / 3, 0.5, 1.5)),
        ({"normal": "x1", "sd": 0.1}, stats.truncnorm(-2, 2, 1, 0.1)),
    ],
)
def test_shares_are_those_of_the_law(said, law):
    shares = np.linspace(0.01, 0.99, 25)
    found = [one(said).value(share) for share in shares]
    np.testing.assert_allclose(law.cdf(found), shares, atol=1e-12)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("+2 to -1", "goes downwards"),
        ("+1 to +1", "has two equal ends"),
        ("-1 to 2", "Write a sign before each"),
        ("x0.5 to 2", "Write x or a percentage in all"),
        ("x0.5 to x2 likely x3", "likely value outside"),
        ("1..2", "Write 1 to 2."),
        ([1, 2], "Write 1 to 2."),
        (3, "Use changes for one amount."),
        ({"from": 3}, "Give both ends."),
        ({"form": 3, "to": 4}, "Did you mean 'from'?"),
        ({"normal": "x1"}, "a standard deviation above 0"),
        ({"normal": "x1", "sd": 0}, "a standard deviation above 0"),
        ({"normal": "x1", "sd": 0.6}, "At most 0.5 for a factor of 1."),
        ({"from": 1, "to": 2, "sd": 1}, "sd belongs to"),
        ("0.04 to 0.06", "Did you mean 4 percent?"),
        ("4 to 60", "0.5 to 30 (percent)"),
        ("x-1 to x2", "factors not negative"),
        ({}, "says nothing"),
        ({"2025..": "+0 to +1", "2030": "+0 to +1"}, "a year of 2030 twice"),
        ({"1990": "+0 to +1"}, "has the years '1990'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_cure(said, words):
    assert words in refused(said)


def test_unknown_names_get_a_suggestion_and_all_comes_at_once():
    _, problems = read_ranges({"unemploymnt.norway": "+0 to +1", U: "+2 to +1"}, "ranges")
    assert len(problems) == 2
    assert "Did you mean 'unemployment.norway'?" in str(problems[0])
    assert "parts after registration" in refused("x1 to x2", "registration")
    assert "names of levers with their ranges" in str(read_ranges([1], "ranges")[1][0])


def limits(ranges, changes=None):
    found, wrong = read_ranges(ranges, "ranges")
    told, also = read_changes(changes or {}, "changes")
    assert not wrong
    assert not also
    return [str(p) for p in range_problems("default", "history", told, found)]


def test_ends_that_leave_the_limits_are_refused():
    assert limits({U: "-1 to +2"}) == []
    (said,) = limits({U: "-1 to +40"})
    assert said.startswith("ranges.unemployment.norway: would be ")
    assert "at its high end" in said
    assert "at its low end" in limits({"unions_assumed.same_origin": "-0.95 to +0.05"})[0]
    (twice,) = limits({"unions_assumed.same_origin": "x0.5 to x2"})
    assert twice.startswith("ranges.unions_assumed.same_origin: would be 1.8 at its high end")


def test_changes_come_first_and_other_ranges_may_go_too_far_together():
    assert limits({U: "+0 to +20"}) == []
    assert "at its high end" in limits({U: "+0 to +20"}, {U: "+10"})[0]
    both = {"arrivals.work": "1 to 900000", "arrivals.refuge": "1 to 900000"}
    assert all("with all other high ends" in said for said in limits(both))
    assert limits(both)
    assert limits({"arrivals.work": "1 to 900000"}) == []


def test_own_ranges_replace_those_of_the_same_lever(tmp_path):
    base, own = one("-1 to +1"), one("-1.5 to +2")
    other = one("x0.5 to x2", "return")
    assert merged((base, other), (own,)) == (other, own)
    (tmp_path / "base.yaml").write_text(
        f"name: base\nquestion: Why?\nbased_on: to_2030\nranges: {{{U}: -1 to +1, return: x0.5 to x2}}\n"
        "outputs: [emigrations in 2030]\n"
    )
    (tmp_path / "mine.yaml").write_text(
        f"name: mine\nquestion: Why?\nbased_on: base.yaml\nranges: {{{U}: -1.5 to +2}}\n"
    )
    found = load_scenario(str(tmp_path / "mine.yaml"))
    assert found.ranges == (other, own)
    assert found.outputs == ("emigrations in 2030",)


def test_a_scenario_refuses_ranges_beyond_the_limits(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nquestion: Why?\nranges: {{{U}: -1 to +40}}\n")
    with pytest.raises(InputError, match="at its high end"):
        load_scenario(str(path))


def test_a_range_is_explained_and_a_run_says_that_it_takes_none(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nquestion: Why?\nbased_on: to_2030\noutputs: emigrations in 2030\nranges:\n"
        f"  {U}: {{2025..: -1 to +2}}\n  arrivals.refuge: x0.5 to x2 likely x1\n"
        "  unions_assumed.same_origin: 0.7 to 0.9\n  return: {normal: x1, sd: 0.1}\n"
    )
    text = "\n".join(explain(str(path)).lines())
    for words in (
        "Unemployment in Norway is between 1 percentage point lower and 2 percentage points higher "
        "from 2025 on (all values equally likely).",
        "First arrivals of refugees are between half as many and twice as many in every year (a "
        "triangle, likeliest as it is).",
        "The parameter unions_assumed.same_origin is between 0.7 and 0.9 (all values equally likely).",
        "is between 20 percent lower and 20 percent higher in every year (normal,",
        "What vandring sensitivity tells of:\n- emigrations in 2030",
    ):
        assert words in text
    said = warnings_of(load_scenario(str(path)))
    assert FOR_SENSITIVITY in said
    assert any(w.startswith("At an end of its range: unemployment.norway is") for w in said)
    assert FOR_SENSITIVITY not in warnings_of(load_scenario("to_2030"))


@pytest.mark.parametrize("name", [n for n in names() if n.startswith("sensitivity")])
def test_shipped_scenarios_with_ranges_tell_of_something(name):
    found = load_scenario(name)
    assert len(found.ranges) >= 3
    assert found.outputs
