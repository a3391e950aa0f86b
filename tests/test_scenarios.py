import os
from dataclasses import replace

import pytest

from scenarios.finding import LIBRARY, MOST_BYTES
from scenarios.reading import MOST_ALIASES, parse_yaml
from scenarios.schema import Scenario, lineage, load_scenario, names
from sim.economy import Economy
from sim.observe import DEFAULT_DIMENSIONS
from sim.problems import InputError
from sim.transitions.arrival_tables import published_numbers

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
        ("changes: {births: 0x2}", "line 3, column 19: holds 0x2, which YAML reads as 2; allowed"),
        ("changes: {births: 0b11}", "holds 0b11, which YAML reads as 3"),
        ("changes: {births: +0x2}", "holds +0x2, which YAML reads as 2"),
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
    (tmp_path / "p.parquet").touch()
    assert load_scenario(write(f"{PLAIN}population: p.parquet\n")).population == str(
        (tmp_path / "p.parquet").resolve()
    )
    tenth = write(f"{PLAIN}population: embedded:0.1\n")
    assert load_scenario(tenth).population == "embedded:0.1"
    here = str(tmp_path / "p.parquet")
    assert load_scenario(tenth, {"population": here}).population == here


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
    monkeypatch.setattr("scenarios.finding.Path.open", refuse)
    assert "mine.yaml: file: no permission to read it; allowed: a file that you" in said(path)


# What a file may name


@pytest.mark.parametrize("field", ["population", "parameters", "economy", "calibration"])
@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("../../outside", "'../../outside' leaves the project; allowed: a path from this file's"),
        ("a/../../../outside", "leaves the project"),
        ("/outside", "is the absolute path '/outside'; allowed: a path from this file's folder"),
        ('"a\\0b"', "is 'a\\x00b', which is no path"),
    ],
)
def test_a_path_that_leaves_the_project_is_refused(write, field, named, says):
    message = said(write(f"{PLAIN}{field}: {named}\n"))
    assert f"mine.yaml: {field}: " in message
    assert says in message
    if "no path" not in says:
        assert f"or on the command line: --{field}" in message


@pytest.mark.parametrize("word", ["default:/../../x", "shipped:/../../x", "published:/../../x"])
def test_only_the_embedded_population_has_a_share(write, word):
    """A shipped word with a colon is a path like any other."""
    for field in ("parameters", "economy", "calibration"):
        message = said(write(f"{PLAIN}{field}: '{word}'\n"))
        assert "leaves the project" in message


def test_a_base_may_lie_below_the_current_folder_but_nowhere_else(tmp_path, monkeypatch):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for folder in (project / "mine", elsewhere):
        folder.mkdir(parents=True)
    for where in (project, elsewhere):
        (where / "base.yaml").write_text("name: base\nquestion: Why?\nseed: 5\n")
    mine = project / "mine" / "mine.yaml"
    mine.write_text(f"{PLAIN}based_on: ../base.yaml\n")
    assert "mine.yaml: based_on: '../base.yaml' leaves the project" in said(str(mine))
    monkeypatch.chdir(project)
    assert load_scenario("mine/mine.yaml").seed == 5
    mine.write_text(f"{PLAIN}based_on: ../../elsewhere/base.yaml\n")
    assert "leaves the project" in said("mine/mine.yaml")
    mine.write_text(f"{PLAIN}based_on: {elsewhere}/base.yaml\n")
    assert "is the absolute path" in said("mine/mine.yaml")
    assert "Give it from the folder of this file." in said("mine/mine.yaml")


def test_a_link_is_followed_before_it_is_judged(write, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.csv").write_text("year,series,value\n")
    (project / "economy.csv").symlink_to(tmp_path / "secret.csv")
    (project / "mine.yaml").write_text(f"{PLAIN}economy: economy.csv\n")
    assert "economy: 'economy.csv' leaves the project" in said(str(project / "mine.yaml"))


def test_the_base_of_a_base_keeps_to_the_same_project(tmp_path):
    deep = tmp_path / "deep"
    deep.mkdir()
    (tmp_path / "p.parquet").touch()
    (deep / "base.yaml").write_text("name: base\nquestion: Why?\npopulation: ../p.parquet\n")
    top = tmp_path / "top.yaml"
    top.write_text(f"{PLAIN}based_on: deep/base.yaml\n")
    assert load_scenario(str(top)).population == str((tmp_path / "p.parquet").resolve())
    assert "leaves the project" in said(str(deep / "base.yaml"))


def test_the_command_line_may_name_any_place(write, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = write(PLAIN)
    given = {"calibration": str(elsewhere), "parameters": str(elsewhere)}
    assert load_scenario(path, given).calibration == str(elsewhere)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("population", "there is no file 'nowhere'; allowed: a Parquet file. Is the path right? 'embedded' needs no"),
        ("parameters", "there is no folder 'nowhere'; allowed: a folder that `vandring estimate` wrote"),
        ("calibration", "there is no folder 'nowhere'; allowed: a folder that `vandring calibrate` wrote"),
        ("economy", "nowhere: file: does not exist; allowed: a CSV file"),
    ],
)  # fmt: skip
def test_files_that_are_missing_are_all_told_with_the_rest(write, field, says):
    path = write(f"{PLAIN}{field}: nowhere\nsede: 7\n")
    message = said(path)
    assert "has 2 problems" in message
    assert f"mine.yaml: {field}" in message
    assert "mine.yaml: sede: is an unknown field" in message
    assert says in said("baseline", {field: "nowhere"})


def test_a_folder_is_no_population_and_a_file_no_folder(write, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert "/folder' is a folder; allowed: a Parquet file" in said(
        write(f"{PLAIN}population: folder\n")
    )
    assert "/file' is a file; allowed: a folder that" in said(write(f"{PLAIN}calibration: file\n"))


def test_a_file_that_an_option_or_a_child_replaces_need_not_be_there(write):
    write(f"{PLAIN}population: nowhere\n", "base.yaml")
    child = write(f"{PLAIN}based_on: base.yaml\npopulation: embedded\n")
    assert load_scenario(child).population == "embedded"
    alone = write(f"{PLAIN}population: nowhere\n")
    assert load_scenario(alone, {"population": "embedded:0.1"}).population == "embedded:0.1"


def test_a_scenario_runs_where_the_current_folder_is_gone(write, tmp_path, monkeypatch):
    path = write(f"{PLAIN}population: p.parquet\n")
    (tmp_path / "p.parquet").touch()
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load_scenario(path).population.endswith("p.parquet")


def test_a_missing_base_is_looked_for_among_the_files_beside(write):
    write(PLAIN, "baes.yaml")
    message = said(write(f"{PLAIN}based_on: base.yaml\n"))
    assert (
        "there is no file 'base.yaml'; allowed: a YAML file. Did you mean 'baes.yaml'?" in message
    )


# What YAML would let pass


def test_a_file_of_a_million_lines_is_refused_before_it_is_parsed(write):
    text = PLAIN + "".join(f"key{i}: {i}\n" for i in range(100_000))
    message = said(write(text))
    assert (
        f"mine.yaml: file: is larger than {MOST_BYTES:,} bytes; allowed: a scenario of" in message
    )


def test_a_file_at_the_limit_is_read(write):
    text = PLAIN + "#" * (MOST_BYTES - len(PLAIN) - 1) + "\n"
    assert load_scenario(write(text)).name == "mine"
    assert "is larger" in said(write(text + "#"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("".join(f"key{i}: {i}\n" for i in range(15_000)), "file: has 15,002 fields; allowed: name, "),
        ("changes:\n" + "".join(f"  a{i}: {i}\n" for i in range(15_000)), "changes: names 15,000 levers; allowed: at most 1,000"),
        ("changes:\n  births:\n" + "".join(f"    {i}: {i}\n" for i in range(15_000)), "changes.births: names 15,000 times; allowed: each year once"),
        ("assumptions:\n" + "".join(f"  a{i}: x\n" for i in range(15_000)), "assumptions: names 15,000 assumptions; allowed: "),
        ("dimensions: [" + ", ".join(f"a{i}" for i in range(15_000)) + "]", "dimensions: names 15,000; allowed"),
    ],
)  # fmt: skip
def test_thousands_of_lines_get_one_answer(write, text, says):
    message = said(write(PLAIN + text))
    assert says in message
    assert "has 1 problem:" in message


@pytest.mark.parametrize("text", ['"{}": 1', 'changes: {{"{}": 1}}', 'assumptions: {{"{}": x}}'])
def test_keys_that_are_no_words_stay_on_one_line(write, text):
    for key in ("a\\nb", "\\e[31mred", "", "x" * 200):
        message = said(write(PLAIN + text.format(key)))
        assert message.count("\n") == 1
        assert "\x1b" not in message
        assert len(message) < 3000


def test_more_problems_than_one_can_read_are_counted(write):
    many = "".join(f"  emigration.x{i}: 1\n" for i in range(100))
    message = said(write(f"{PLAIN}changes:\n{many}"))
    assert "and then: there are 60 more" in message
    assert message.count("\n") == 41


def test_a_mark_before_the_first_word_is_no_matter(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PLAIN.encode())
    assert load_scenario(str(path)).name == "mine"


def test_merged_mappings_are_refused():
    with pytest.raises(InputError, match=r"line 2, column 5: holds a merge key \(<<\)"):
        parse_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}\n", "x.yaml")


@pytest.mark.parametrize(("written", "read"), [("010", "8"), ("1:30", "90"), ("+010", "8")])
def test_numbers_that_yaml_reads_otherwise_are_refused(written, read):
    with pytest.raises(InputError, match=f"which YAML reads as {read}"):
        parse_yaml(f"seed: {written}\n", "x.yaml")


def test_a_plus_is_remembered_and_nothing_else():
    made = parse_yaml("a: +1\nb: 1\nc: +1.5\nd: -1\ne: 0\n", "x.yaml")
    assert [getattr(value, "signed", False) for value in made.values()] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert made == {"a": 1, "b": 1, "c": 1.5, "d": -1, "e": 0}


def test_a_pipe_is_no_scenario(tmp_path):
    os.mkfifo(tmp_path / "x.yaml")
    assert "there is no file" in said(str(tmp_path / "x.yaml"))


def test_too_many_ancestors(write):
    write("name: a0\nquestion: Why?\n", "a0.yaml")
    for i in range(1, 30):
        path = write(f"name: a{i}\nquestion: Why?\nbased_on: a{i - 1}.yaml\n", f"a{i}.yaml")
    assert "based_on: has more than 20 ancestors: a29 > a28" in said(path)


# What is inherited


def test_a_line_of_ancestors_holds_what_each_says_in_the_end(write):
    write("name: old\nquestion: Why?\nseed: 5\nchanges: {births: x2}\n", "old.yaml")
    write("name: mid\nquestion: Why?\nbased_on: old.yaml\nreplicates: 3\n", "mid.yaml")
    path = write(f"{PLAIN}based_on: mid.yaml\nchanges: {{births: x3, deaths: 0}}\n")
    line = lineage(path, {"seed": "9"})
    assert [one.name for one in line] == ["mine", "mid", "old"]
    assert [one.seed for one in line] == [9, 5, 5]
    assert [one.replicates for one in line] == [3, 3, 20]
    assert [[told.number for told in one.changes] for one in line] == [[2, 3, 0], [2], [2]]


def test_what_levers_come_to_is_judged_with_the_base(write):
    write("name: base\nquestion: Why?\nchanges: {emigration: x5}\n", "base.yaml")
    assert load_scenario(write(f"{PLAIN}based_on: base.yaml\nchanges: {{emigration: x4}}\n"))
    message = said(write(f"{PLAIN}based_on: base.yaml\nchanges: {{emigration: x5}}\n"))
    assert (
        "changes.emigration: would be 25 in 2000, and in 100 later years; allowed: 0 to 20"
        in message
    )


def test_an_economy_file_is_judged_with_the_scenario(write, tmp_path):
    (tmp_path / "e.csv").write_text("year,series,value\n2020,unemployment_norway,0.05\n2021,x,3\n")
    message = said(write(f"{PLAIN}economy: e.csv\n"))
    assert "has 2 problems" in message
    assert "economy e.csv: line 2, value: is '0.05'; allowed: 0.5 to 30. Wrong unit?" in message
    assert "economy nowhere.csv: file: does not exist" in said(
        write(f"{PLAIN}economy: nowhere.csv\n")
    )


# The shipped scenarios

ASKED_FOR = {
    "baseline", "experiment_unemployment_group1", "experiment_unemployment_norway",
    "experiment_income", "high_unemployment", "low_unemployment", "income_convergence_group2",
    "financial_crisis", "refugee_surge", "nordic_boom", "low_immigration",
}  # fmt: skip


def test_the_scenarios_that_were_asked_for_are_there():
    assert set(names()) >= ASKED_FOR


@pytest.mark.parametrize("name", sorted(set(names()) - {"baseline"}))
def test_a_shipped_scenario_differs_from_its_base_and_says_why_in_comments(name):
    scenario, base, *_ = lineage(name)
    text = (LIBRARY / f"{name}.yaml").read_text("utf-8")
    assert scenario.years[0] == base.years[0] or name == "history"
    if name != "unchanged":
        assert replace(scenario, name="", question="", based_on="") != replace(
            base, name="", question="", based_on=""
        )
    if scenario.changes:
        assert len([line for line in text.splitlines() if line.startswith("# ")]) >= 2


@pytest.mark.parametrize(
    ("name", "lever"),
    [("unemployment_group1", "unemployment.group1"), ("unemployment_norway", "unemployment.norway"),
     ("income", "income_ratio")],
)  # fmt: skip
def test_the_published_experiments_are_one_addition_from_the_first_year(name, lever):
    (told,) = load_scenario(f"experiment_{name}").changes
    assert (told.name, told.years, told.kind) == (lever, None, "add")
    assert told.number == (0.1 if name == "income" else 1.0)
    (short,) = load_scenario(f"experiment_{name}_2013").changes
    # Labour status of the choice of 2013 is that at the end of 2012.
    first = 2012 if name == "unemployment_norway" else 2013
    assert short == replace(told, years=(first, 2013))
    assert load_scenario(f"experiment_{name}").years == (2004, 2013)
    assert load_scenario(f"experiment_{name}").chosen("economy") == "with_feedback"
    assert load_scenario(f"experiment_{name}_2013").chosen("economy") == "without_feedback"


def test_the_financial_crisis_moves_as_the_record_did():
    economy = Economy.default()
    told = {(one.name, one.years[0]): one for one in load_scenario("financial_crisis").changes}
    for where in ("norway", "group1", "group2"):
        for year, then in ((2026, 2009), (2027, 2010), (2028, 2011)):
            series = f"unemployment_{where}"
            rise = economy.value(series, then) - economy.value(series, 2008)
            assert told[f"unemployment.{where}", year].number == pytest.approx(rise, abs=0.05)
    work = published_numbers()[:, 0]
    assert told["arrivals.work", 2026].number == pytest.approx(work[5] / work[4], abs=0.005)


def test_the_refugees_who_come_again_are_those_of_2022_and_2023():
    told = [one for one in load_scenario("refugee_surge").changes if one.name == "arrivals.refuge"]
    assert [one.number for one in told] == list(published_numbers()[18:20, 1])


def test_a_newcomer_changes_one_number_in_a_copied_scenario(tmp_path):
    text = (LIBRARY / "high_unemployment.yaml").read_text("utf-8")
    mine = tmp_path / "my_scenario.yaml"
    mine.write_text(text.replace("+2.0", "+3.0"))
    assert [told.number for told in load_scenario(str(mine)).changes] == [3.0]


def test_limits_are_told_beside_everything_else_that_is_wrong(write):
    """What is added to the base's is too much; a field, a lever and an option are wrong too."""
    write(f"{PLAIN}changes: {{births: +6}}\n", "base.yaml")
    text = f"{PLAIN}based_on: base.yaml\nseed: -1\nchanges: {{births: +6, emigraton: x2, deaths: 50}}\n"
    message = said(write(text), {"model_type": "9"})
    assert "has 5 problems" in message
    assert "changes.births: would be 13 in 2000" in message
    assert message.count("changes.births") == 1
    assert message.count("changes.deaths: is 50") == 1
    assert "seed: is -1" in message
    assert "--model-type: is '9'" in message


@pytest.mark.parametrize(
    ("line", "judged"),
    [
        ("seed: -1", ["unemployment.norway", "arrivals.work", "births"]),
        ("economy: nowhere.csv", ["arrivals.work", "births"]),
        ("economy: 7", ["arrivals.work", "births"]),
        ("assumptions: {arrivals: many}", ["unemployment.norway", "births"]),
        ("based_on: nowhere.yaml", []),
        ("based_on: 7", []),
    ],
)
def test_limits_are_judged_where_it_is_known_what_is_altered(write, line, judged):
    text = "changes: {unemployment.norway: +90, arrivals.work: x9999, births: +50}"
    message = said(write(f"{PLAIN}{text}\n{line}\n"))
    for lever in ("unemployment.norway", "arrivals.work", "births"):
        assert (f"changes.{lever}: would be " in message) == (lever in judged)
