from dataclasses import replace

import pytest

from scenarios.reading import MOST_ALIASES, parse_yaml
from scenarios.schema import Scenario, load_scenario, names
from sim.observe import DEFAULT_DIMENSIONS
from sim.problems import InputError

PLAIN = "name: mine\nquestion: What if?\n"


@pytest.fixture
def write(tmp_path):
    def made(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return made


def said(which, overrides=None):
    with pytest.raises(InputError) as caught:
        load_scenario(which, overrides)
    return str(caught.value)


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_loads_and_bears_its_own_name(name):
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.question.endswith("?")


def test_baseline_is_among_them():
    assert "baseline" in names()


def test_what_a_file_leaves_out_takes_the_default(write):
    assert load_scenario(write(PLAIN)) == Scenario("mine", "What if?")


def test_a_scenario_based_on_another_that_changes_nothing_equals_it():
    base, same = load_scenario("baseline"), load_scenario("unchanged")
    assert replace(same, name=base.name, question=base.question, based_on="") == base


def test_a_base_may_lie_beside_the_file(write):
    write("name: base\nquestion: Why?\nseed: 5\nassumptions: {children: stay}\n", "base.yaml")
    mine = load_scenario(write(f"{PLAIN}based_on: base.yaml\nassumptions: {{old_age: stay}}\n"))
    assert mine.seed == 5
    changed = {"children": "stay", "old_age": "stay"}
    assert dict(mine.assumptions) == {**dict(Scenario("", "").assumptions), **changed}


def test_options_put_their_value_over_the_files(write):
    path = write(f"{PLAIN}years: 2013..2020\nreplicates: 3\n")
    scenario = load_scenario(path, {"years": "2014..2015", "model_type": "3", "seed": "9"})
    assert (scenario.years, scenario.replicates) == ((2014, 2015), 3)
    assert (scenario.model_type, scenario.seed) == (3, 9)


@pytest.mark.parametrize("years", ["2013", "[2013, 2013]", "2013..2013"])
def test_years_may_be_written_in_several_ways(write, years):
    assert load_scenario(write(f"{PLAIN}years: {years}\n")).years == (2013, 2013)


@pytest.mark.parametrize("dimensions", ["[sex, reason]", "'sex, reason'"])
def test_dimensions_are_a_list(write, dimensions):
    path = write(f"{PLAIN}dimensions: {dimensions}\n")
    assert load_scenario(path).dimensions == ("sex", "reason")
    assert load_scenario(write(PLAIN)).dimensions == DEFAULT_DIMENSIONS


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("years: 2020..2013", "years: is 2020..2013; allowed: first..last, such as 2013..2022"),
        ("years: soon", "mine.yaml: years: is 'soon' (str); allowed: first..last"),
        ("years: 1890..1900", "within 1990..2099"),
        ("replicates: 0", "replicates: is 0 (int); allowed: a whole number, 1 to 100000"),
        ("replicates: 2.5", "replicates: is 2.5 (float)"),
        ("replicates: true", "replicates: is True (bool)"),
        ("seed: -1", "seed: is -1 (int); allowed: a whole number, 0 to 4294967295"),
        ("model_type: 4", "model_type: is 4 (int); allowed: 1 or 2 or 3"),
        ("draws: explict", "allowed: explicit or threshold. Did you mean 'explicit'?"),
        ("dimensions: [sexx]", "dimensions: names 'sexx' (str)"),
        ("dimensions: [sex, sex]", "dimensions: names a dimension twice"),
        ("assumptions: {childern: stay}", "assumptions.childern: is an unknown assumption"),
        (
            "assumptions: {children: go}",
            "assumptions.children: is 'go' (str); allowed: follow_adult or",
        ),
        ("populatoin: x", "populatoin: is an unknown field"),
        ("population: 7", "population: is 7 (int); allowed: a line of text"),
        ("based_on: nowhere", "mine.yaml: based_on: there is none called 'nowhere'"),
        ("based_on: no.yaml", "mine.yaml: based_on: there is no file "),
        (
            "assumptions: {children: [stay]}",
            "mine.yaml: assumptions.children: is ['stay'] (list); allowed: follow_adult or",
        ),
        ("dimensions: [[sex]]", "mine.yaml: dimensions: names ['sex'] (list); allowed: "),
        (
            "question: 2013-13-45",
            "mine.yaml: line 3, column 11: holds '2013-13-45', which is no timestamp; allowed: plain",
        ),
        (f"seed: {'9' * 5000}", "mine.yaml: line 3, column 7: holds '9999"),
        (f"seed: 0x{'9' * 5000}", "line 3, column 7: holds a number of too many digits"),
        (f"seed: '{'9' * 5000}'", f"mine.yaml: seed: is '{'9' * 56}... (str); allowed"),
        (f"years: '{'9' * 5000}'", f"mine.yaml: years: is '{'9' * 56}... (str); allowed"),
        ("seed: !!int ''", "holds '', which is no int"),
        ("seed: \t\tx: 1", "Use spaces."),
        ("seed: \x07", "unacceptable character"),
    ],
)
def test_a_wrong_value_is_named(write, line, says):
    plain = "name: mine\n\n" if line.startswith("question") else PLAIN
    assert says in said(write(f"{plain}{line}\n"))


def test_all_problems_come_at_once(write):
    message = said(write("nam: x\nseed: -1\nyears: no\n"))
    assert "has 5 problems" in message
    assert "Did you mean 'name'?" in message
    assert "question: is missing" in message


def test_problems_of_the_file_and_of_the_options_are_told_apart():
    message = said("baseline", {"model_type": "9", "years": "x"})
    assert "- --model-type: is '9'; allowed: 1 or 2 or 3\n" in message
    assert "- --years: is 'x'; allowed: first..last" in message


def test_an_unknown_scenario_lists_the_known_ones():
    message = said("baselin")
    assert "there is none called 'baselin'" in message
    assert "Did you mean 'baseline'?" in message
    assert "there is no file no/such.yaml" in said("no/such.yaml")


@pytest.mark.parametrize("name", ["../evil", "a b", "", "a/b"])
def test_a_name_cannot_leave_the_folder_of_runs(write, name):
    assert "name: is" in said(write(f"name: '{name}'\nquestion: Why?\n"))


def test_a_circle_of_bases_is_named(write):
    write(f"{PLAIN}based_on: b.yaml\n", "a.yaml")
    path = write(f"{PLAIN}based_on: a.yaml\n", "b.yaml")
    assert "goes in a circle: b > a > b" in said(path)


def test_a_key_said_twice_is_refused_with_its_line():
    with pytest.raises(InputError, match=r"line 2, column 1: names 'seed' twice"):
        parse_yaml("seed: 1\nseed: 2\n", "x.yaml")
    with pytest.raises(InputError, match="names 'b' twice"):
        parse_yaml("a: {b: 1, b: 2}\n", "x.yaml")


@pytest.mark.parametrize(
    "text", ["a: [1", "a: !!python/object:os.system x", "a: *nobody", "\tb: 1"]
)
def test_what_is_not_plain_yaml_is_refused(text):
    with pytest.raises(InputError, match="allowed: plain YAML"):
        parse_yaml(text, "x.yaml")


def test_aliases_are_bounded():
    bomb = "a: &a [x]\n" + f"b: [{', '.join(['*a'] * (MOST_ALIASES + 1))}]\n"
    with pytest.raises(InputError, match="more than 100 aliases"):
        parse_yaml(bomb, "x.yaml")
    assert parse_yaml("a: &a [x]\nb: *a\n", "x.yaml")["b"] == ["x"]


def test_deep_nesting_is_refused():
    with pytest.raises(InputError, match="nested too deeply"):
        parse_yaml("[" * 5000, "x.yaml")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_that_is_no_mapping_is_refused(write, text):
    assert "file: holds" in said(write(text))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "file: cannot be read (UnicodeDecodeError)" in said(str(path))


def test_problems_of_a_file_and_of_its_base_come_together(write):
    write("name: base\nquestion: Why?\nseed: -5\n", "base.yaml")
    message = said(write(f"{PLAIN}based_on: base.yaml\nyears: no\n"), {"draws": "x"})
    assert "has 3 problems" in message
    assert "- base.yaml: seed: is -5 (int)" in message
    assert "- mine.yaml: years: is False (bool)" in message
    assert "- --draws: is 'x'" in message


def test_broken_yaml_in_a_base_names_the_base(write):
    write("name: base\n\tquestion: Why?\n", "base.yaml")
    message = said(write(f"{PLAIN}based_on: base.yaml\nseed: x\n"))
    assert "- base.yaml: line 2, column 1: found character '\\t'" in message
    assert "allowed: plain YAML. Use spaces." in message
    assert "- mine.yaml: seed: is 'x' (str)" in message


def test_numbers_of_5000_digits_on_the_command_line():
    message = said("baseline", {"seed": "9" * 5000, "years": "9" * 5000})
    assert f"- --seed: is '{'9' * 56}...; allowed: a whole number" in message
    assert f"- --years: is '{'9' * 56}...; allowed: first..last" in message


def test_a_population_lies_beside_its_scenario(write, tmp_path):
    assert load_scenario(write(f"{PLAIN}population: p.parquet\n")).population == str(
        (tmp_path / "p.parquet").resolve()
    )
    assert load_scenario(write(f"{PLAIN}population: /p.parquet\n")).population == "/p.parquet"
    tenth = write(f"{PLAIN}population: embedded:0.1\n")
    assert load_scenario(tenth).population == "embedded:0.1"
    assert load_scenario(tenth, {"population": "p.parquet"}).population == "p.parquet"


def test_a_folder_is_no_scenario(tmp_path):
    (tmp_path / "x.yaml").mkdir()
    assert f"scenario: {tmp_path}/x.yaml is a folder; allowed: a YAML file" in said(
        f"{tmp_path}/x.yaml"
    )
    assert "cannot be read (File name too long)" in said(f"{tmp_path}/{'x' * 300}.yaml")


def test_a_scenario_that_may_not_be_read(write, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = write(PLAIN)
    monkeypatch.setattr("scenarios.schema.Path.read_text", refuse)
    assert "mine.yaml: file: no permission to read it; allowed: a file that you" in said(path)
