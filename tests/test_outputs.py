"""Names of outputs: what they mean, and what is said of those that mean nothing."""

import pytest

from scenarios.outputs import (
    MEASURES,
    Output,
    outputs_of,
    parse,
    read_outputs,
    vocabulary,
    year_problems,
)
from sim.observe import DIMENSIONS


def one(name):
    (found,), problems = parse(name, "outputs")
    assert not problems
    return found


@pytest.mark.parametrize(
    ("name", "measure", "groups", "years"),
    [
        ("emigrations in 2030", "emigrations", {}, (2030, 2030)),
        ("Emigrations 2030", "emigrations", {}, (2030, 2030)),
        ("returns 2020-2029", "returns", {}, (2020, 2029)),
        ("returns in 2020..2029", "returns", {}, (2020, 2029)),
        ("stock of refugees in 2030", "stock", {"reason": ("refuge",)}, (2030, 2030)),
        ("stock of immigrants in 2030", "stock", {"background": ("adult_arrival", "child_arrival")},
         (2030, 2030)),
        ("domestic_moves of women, refugees in 2030", "domestic moves",
         {"sex": ("female",), "reason": ("refuge",)}, (2030, 2030)),
        ("arrivals of reason work and refugees in 2020", "arrivals", {"reason": ("work", "refuge")},
         (2020, 2020)),
        ("emigration rate of country group 2 in 2030", "emigration rate", {"country_group": ("2",)},
         (2030, 2030)),
        ("stock of county Oslo, age group 25-35 in 2030", "stock",
         {"county": ("03",), "age_group": ("25-35",)}, (2030, 2030)),
        ("stock of Oslo in 2030", "stock", {"county": ("03",)}, (2030, 2030)),
        ("stock of eu_east in 2030", "stock", {"origin": ("eu_east",)}, (2030, 2030)),
        ("births of everybody in 2030", "births", {}, (2030, 2030)),
    ],
)  # fmt: skip
def test_names_are_understood(name, measure, groups, years):
    found = one(name)
    assert (found.measure, dict(found.groups), found.years) == (measure, groups, years)


def test_by_divides_into_one_output_for_each_code():
    found, problems = parse("emigrations of women by reason in 2030", "outputs")
    assert not problems
    assert [dict(o.groups)["reason"][0] for o in found] == list(DIMENSIONS["reason"].codes.names)
    assert all(dict(o.groups)["sex"] == ("female",) for o in found)
    assert found[1].name == "emigrations of women, reason refuge in 2030"
    again = [parse(o.name, "")[0][0] for o in found]
    assert [(o.measure, dict(o.groups), o.years) for o in again] == [
        (o.measure, dict(o.groups), o.years) for o in found
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("emigratons in 2030", "Did you mean 'emigrations'?"),
        ("stock of refugee in 2030", "Did you mean 'refugees'?"),
        ("stock by resaon in 2030", "Did you mean 'reason'?"),
        ("stock of refugees by reason in 2030", "names one too"),
        ("emigrations", "Say the year"),
        ("emigrations in 2030..2020", "The first year comes first."),
        ("emigrations in 1066", "years within"),
        (7, "names 7"),
        ("", "names ''"),
        (
            "stock of unknown in 2030",
            "counts those of 'unknown'",
        ),  # unknown reason, or joined whom?
    ],
)
def test_what_means_nothing_is_refused(name, words):
    _, problems = parse(name, "outputs")
    assert words in "; ".join(map(str, problems))


def test_all_problems_come_at_once_and_nothing_twice():
    _, problems = read_outputs(
        ["stok in 2030", "births in 2030", "births in 2030", "births"], "outputs"
    )
    assert len(problems) == 3
    assert "names 'births in 2030' twice" in str(problems[1])
    assert read_outputs([], "outputs")[1]
    assert read_outputs("births in 2030", "outputs") == (("births in 2030",), [])
    assert [o.name for o in outputs_of(("births in 2030",))] == ["births in 2030"]


def test_a_stock_may_be_of_the_january_after_the_last_year():
    found = outputs_of(("stock in 2031", "births in 2030", "births in 2031", "stock in 2032"))
    said = [str(p) for p in year_problems(found, (2013, 2030), "outputs")]
    assert len(said) == 2
    assert "births in 2031" in said[0]
    assert "stock in 2032" in said[1]
    assert one("stock in 2031").needed == (2031, 2030)


def test_every_measure_has_a_unit_and_every_code_a_name():
    for measure in MEASURES:
        assert Output("", measure, (), (2020, 2020)).unit in ("persons", "percent")
    for name, dimension in DIMENSIONS.items():
        for code in dimension.codes:
            word = f"{name} {code.name}".replace("_", " ").casefold()
            assert vocabulary()[word] == ((name, (code.name,)),)
