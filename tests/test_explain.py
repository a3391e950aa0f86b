"""A scenario told in words, from Python and from the command line."""

import json
import re

import pytest

from runs.cli import main
from scenarios.explain import changes_of, explain, explained, written
from scenarios.schema import FIELDS, lineage, load_scenario, names
from sim.problems import InputError

BASE = "name: base\nquestion: Why?\nbased_on: history\n"


@pytest.fixture
def write(tmp_path):
    def made(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    write_base = tmp_path / "base.yaml"
    write_base.write_text(BASE)
    return made


def told(write, changes, **kinds):
    extra = "".join(f"{key}: {value}\n" for key, value in kinds.items())
    text = f"name: mine\nquestion: What if?\nbased_on: base.yaml\n{extra}"
    return explain(write(f"{text}changes:\n{changes}" if changes else text))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "unemployment.norway: +1.0",
            "Unemployment in Norway is 1 percentage point higher in every year "
            "(2004: 4.3 -> 5.3, 2013: 3.4 -> 4.4 percent).",
        ),
        (
            "arrivals.refuge: {2005: x3}",
            "First arrivals of refugees are three times as many in 2005 (2005: 3,931 -> 11,793 persons).",
        ),
        (
            "income_ratio: {2013: +0.1}",
            "The income ratios of Norway to all country groups are 0.1 higher in 2013 (group 1, "
            "2013: 1.45 -> 1.55; group 2, 2013: 2.76 -> 2.86; group 3, 2013: 7.86 -> 7.96).",
        ),
        ("births: x2", "The chance of a birth is twice as high in every year."),
        (
            "emigration.work: {2010..: +10%}",
            "The odds of emigrating of labour immigrants are 10 percent higher from 2010 on.",
        ),
        (
            "emigration: {2020: x2}",
            "The odds of emigrating are twice as high in 2020 (no effect in the years of the run).",
        ),
        (
            "unions_assumed.same_origin: 0.8",
            "The parameter unions_assumed.same_origin is set to 0.8 (0.9 -> 0.8).",
        ),
        (
            "unions.*.*.part: x2",
            "The parameter unions.*.*.part is twice as high (18 numbers from ",
        ),
        (
            "logit.emigrate.age: +0.1",
            "The coefficient logit.emigrate.age is 0.1 higher, in every model.",
        ),
    ],
)
def test_one_change_is_one_sentence_with_its_numbers(write, change, sentence):
    (said,) = told(write, f"  {change}\n").changes
    assert said.startswith(sentence)


def test_changes_of_one_lever_are_one_sentence(write):
    (said,) = told(write, "  unemployment.norway: {2010: +1, 2011..2012: 5}\n").changes
    assert said.startswith(
        "Unemployment in Norway is 1 percentage point higher in 2010; set to 5 percent in 2011 to 2012 ("
    )


def test_what_the_base_alters_is_the_ground_and_is_not_told_again(write):
    write(f"{BASE}changes: {{emigration: x1.5, births: x2}}\n", "base.yaml")
    (said,) = told(write, "  emigration: x1.2\n").changes
    assert (
        said
        == "The odds of emigrating are 20 percent higher in every year (2004: 1.5 -> 1.8, 2013: 1.5 -> 1.8)."
    )


def test_a_parameter_begins_where_the_base_has_put_it(write):
    """0.9 as shipped, half of it in the base, half of that here."""
    write(f"{BASE}changes: {{unions_assumed.same_origin: x0.5}}\n", "base.yaml")
    (said,) = told(write, "  unions_assumed.same_origin: x0.5\n").changes
    assert said == "The parameter unions_assumed.same_origin is half as high (0.45 -> 0.225)."


def test_fields_and_assumptions_that_differ_come_with_their_meaning(write):
    found = told(write, "", years="2004..2005", assumptions="{arrivals: none}", model_type=2)
    assert [(f.name, f.here, f.base) for f in found.fields] == [
        ("years", "2004..2005", "2004..2013"),
        ("model_type", "2", "1"),
    ]
    (assumed,) = found.assumptions
    assert (assumed.name, assumed.here, assumed.base) == ("arrivals", "none", "history")
    assert assumed.meaning == "Nobody arrives."
    assert found.changes == (
        "First arrivals differ in all (2004: 25,113 -> 0, 2005: 27,172 -> 0 persons).",
    )


def test_another_economy_is_told_by_its_series(write, tmp_path):
    (tmp_path / "e.csv").write_text("year,series,value\n2013,unemployment_norway,6\n")
    found = told(write, "", economy="e.csv")
    assert found.changes == ("Unemployment in Norway is another (2013: 3.4 -> 6.0 percent).",)
    assert [f.name for f in found.fields] == ["economy"]
    assert found.courses["unemployment.norway"] == {2013: (pytest.approx(3.425), 6.0)}


def test_a_series_that_is_altered_too_is_told_once(write, tmp_path):
    (tmp_path / "e.csv").write_text("year,series,value\n2013,unemployment_norway,6\n")
    found = told(write, "  unemployment.norway: {2013: +1}\n", economy="e.csv")
    assert found.changes == (
        "Unemployment in Norway is 1 percentage point higher in 2013 (2013: 3.4 -> 7.0 percent).",
    )


def test_a_scenario_without_a_base_tells_everything(write):
    found = explain(write("name: alone\nquestion: What if?\nseed: 7\nchanges: {births: x2}\n"))
    assert found.line == ()
    said = {f.name for f in found.fields}
    assert said == set(FIELDS) - {
        "name",
        "question",
        "based_on",
        "assumptions",
        "changes",
        "ranges",
        "outputs",
    }
    assert "seed is 7" in "\n".join(found.lines())
    assert "The chance of a birth is twice as high in every year." in found.changes


def test_the_lines_name_ancestors_differences_and_warnings():
    lines = list(explain("experiment_unemployment_norway").lines())
    assert lines[0].startswith("experiment_unemployment_norway: How many more or fewer")
    assert lines[1] == "Based on history, which is based on baseline."
    assert lines[3] == "What differs from history:"
    assert lines[4].startswith("- Unemployment in Norway is 1 percentage point higher")
    assert lines[-1].startswith("- unemployment.norway is ")
    assert "Warnings:" in lines


def test_a_scenario_that_changes_nothing_says_so():
    assert "Nothing differs from baseline." in list(explain("unchanged").lines())


def test_a_run_tells_what_all_ancestors_alter(write):
    write(f"{BASE}changes: {{births: x2}}\n", "base.yaml")
    path = write("name: mine\nquestion: What if?\nbased_on: base.yaml\nchanges: {deaths: x2}\n")
    assert changes_of(load_scenario(path)) == [
        "The chance of a birth is twice as high in every year.",
        "The death rate is twice as high in every year.",
    ]
    assert changes_of(load_scenario("baseline")) == []


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_is_explained_without_a_loss(name):
    line = lineage(name)
    found = explained(line[0], line[1:])
    text = "\n".join(found.lines())
    new = line[0].changes[len(line[1].changes) :] if len(line) > 1 else line[0].changes
    assert len(found.changes) == len({one.name for one in new})
    assert not re.search(r"\bnan\b", text)
    assert "no effect" not in text
    assert json.loads(json.dumps(found.record()))["name"] == name


def test_values_are_written_as_in_a_file():
    assert written((2013, 2022)) == "2013..2022"
    assert written(("sex", "reason")) == "sex, reason"
    assert written((("a", "b"),)) == "a: b"
    assert written(7) == "7"
    assert written(()) == "none"


# The command


def answer(capsys, *words):
    code = main(["explain", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_tells_in_words(capsys):
    code, out, err = answer(capsys, "high_unemployment")
    assert (code, err) == (0, "")
    assert (
        "- Unemployment in Norway is 2 percentage points higher from 2025 on (2025: 4.0 -> 6.0"
        in out
    )
    assert max(map(len, out.splitlines())) <= 100


def test_the_command_tells_in_json(capsys):
    record = json.loads(answer(capsys, "refugee_surge", "--json")[1])
    assert record["line"] == ["to_2030", "baseline"]
    assert record["warnings"] == []
    assert record["courses"]["arrivals.refuge"]["2026"][1] == pytest.approx(35700)
    assert json.loads(answer(capsys, "financial_crisis", "--json")[1])["warnings"]


def test_the_levers_are_listed(capsys):
    out = answer(capsys, "--levers")[1]
    assert (
        "- unemployment.norway: Unemployment in Norway (percent; 0.5 to 30; fitted 2.5 to 4.4)"
        in out
    )
    assert "- arrivals.REASON.ORIGIN" in out
    assert "- unions.SEX.AGE_FROM.within|outside|part|leave: 72" in out
    record = json.loads(answer(capsys, "--levers", "--json")[1])
    assert len(record["levers"]) > 100
    assert sum(len(table["names"]) for table in record["parameters"]) > 1_000


def test_a_scenario_and_the_levers_can_be_had_at_once(capsys):
    record = json.loads(answer(capsys, "baseline", "--levers", "--json")[1])
    assert record["name"] == "baseline"
    assert record["levers"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "SCENARIO: is missing; allowed: a YAML file, baseline, "),
        (["baselin"], "Did you mean 'baseline'?"),
        (["baseline", "--jsn"], "Did you mean '--json'?"),
        (["baseline", "more"], "is one word too many"),
    ],
)
def test_wrong_words_are_answered(capsys, words, says):
    code, out, err = answer(capsys, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_a_calibration_that_is_not_there_is_no_traceback(write):
    with pytest.raises(InputError, match=r"mine\.yaml: calibration: there is no folder"):
        told(write, "  unemployment.norway: 3\n", calibration="nowhere")


def test_a_calibration_that_is_empty_is_no_traceback(write, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        told(write, "  unemployment.norway: 3\n", calibration="empty")
