"""The mapping file: what it may say, and what it is refused for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.example_data import MAPPING
from calibration.extract_columns import BESIDES, CARRIED, CLEAN, FIELDS, OPTIONAL_WAYS, WAYS
from calibration.extract_mapping import ExtractMapping, as_mapping
from calibration.extract_plan import plan_of
from scenarios.reading import parse_yaml
from sim.problems import InputError
from tests.test_house import ROOT

PAGE = (ROOT / "docs/check.md").read_text("utf-8")


def read(text):
    return as_mapping(parse_yaml(text, "mapping.yaml"), "mapping.yaml")


def refused(text):
    with pytest.raises(InputError) as raised:
        read(text)
    return str(raised.value)


def test_an_empty_file_is_a_mapping():
    assert read("") == ExtractMapping()
    assert read("# nothing\n") == ExtractMapping()


def test_words_are_read_as_people_write_them():
    found = read("""
year: 2013
columns: {sex: KJONN, nus: 7}
codes:
  sex: {1: male, 2.0: female}
  emigrated: {J: yes, N: no, true: yes}
empty: {months_unemployed: 0}
missing: ["", "-9", ~]
ignore: [X, 12]
""")
    assert found.year == 2013
    assert found.columns == {"sex": "KJONN", "nus": "7"}
    assert found.codes["sex"] == {"1": "male", "2": "female"}
    assert found.codes["emigrated"] == {"J": "true", "N": "false", "true": "true"}
    assert found.empty == {"months_unemployed": "0"}
    assert found.missing == ("", "-9", "")
    assert found.ignore == ("X", "12")


def test_everything_wrong_is_said_at_once():
    said = refused("""
yaer: 2013
year: "2013"
columns: {sexx: A, age: [1], reason: B, status: B}
codes: {reason: {ARB: werk}, person: {1: 2}, sex: male}
empty: {education: nothing}
missing: x
""")
    for words in (
        "'yaer': is unknown as a key; allowed: year, columns, codes, empty, missing, ignore. "
        "Did you mean 'year'?",
        "year: is '2013'; allowed: the year of the outcomes",
        "'sexx': is unknown as a column under columns",
        "Did you mean 'sex'?",
        "columns, age: holds [1]; allowed: one word",
        "columns: 'B' is named for reason, status; allowed: one column of ours",
        "codes, reason, ARB: is 'werk'; allowed: work, refuge",
        "Did you mean 'work'?",
        "codes, person: cannot be recoded",
        "codes, sex: holds 'male'; allowed: lines of 'your code: ours'",
        "empty, education: is 'nothing'",
        "missing: holds 'x'; allowed: a list of words",
    ):
        assert words in said, words


@pytest.mark.parametrize("text", ["[1, 2]", "word", "7"])
def test_only_keys_make_a_mapping(text):
    assert "allowed: keys: year" in refused(text)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(scalars, inner), max_leaves=6
)


@given(st.dictionaries(st.sampled_from(["year", "columns", "codes", "empty", "ignore"]), anything))
def test_nothing_breaks_the_reading(data):
    try:
        as_mapping(data)
    except InputError as error:
        assert error.problems  # noqa: PT017


@given(st.lists(st.sampled_from(sorted(FIELDS)), unique=True))
def test_a_plan_uses_what_is_there_and_says_what_lacks(names):
    plan = plan_of(names, {"year": "2013"}, ExtractMapping())
    assert set(plan.columns) <= set(names)
    missing = {f.column for f in plan.findings if f.found == "is missing"}
    for target, ways in WAYS.items():
        possible = [way for way in ways if set(way) <= set(names)]
        assert (target in missing) == (not possible)
        if possible:
            assert plan.ways[target] == possible[0]
    assert plan.whole == (not missing)


def test_columns_that_are_not_used_are_said():
    plan = plan_of(["age", "birth_year", "kjonn", "X"], {}, ExtractMapping(ignore=("X", "Y")))
    said = "\n".join(str(finding.problem()) for finding in plan.findings)
    assert "beside is missing: [birth_year]" in said
    assert "not used: 'kjonn'" in said
    assert "Y: is under 'ignore' but not in the file" in said


def test_a_column_of_another_name_is_suggested():
    found = plan_of(["sx", "educatoin"], {}, ExtractMapping(columns={"age": "aeg"})).findings
    said = "\n".join(str(finding.problem()) for finding in found)
    assert "Did you mean 'educatoin'?" in said
    assert "age: the mapping takes it from 'aeg', which is not in the file" in said


def test_a_year_is_needed_for_birth_years_only():
    def lacks(names, meta):
        return any(f.column == "year" for f in plan_of(names, meta, ExtractMapping()).findings)

    assert lacks(["birth_year"], {})
    assert not lacks(["birth_year"], {"year": "2013"})
    assert not lacks(["age"], {})


def test_the_page_holds_the_mapping_that_is_shipped():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert MAPPING in blocks
    for block in blocks:
        read(block)


def test_the_page_tells_of_every_column():
    for name, declared in FIELDS.items():
        assert f"| `{name}` |" in PAGE, name
        if declared.kind == "code" and len(declared.codes) < 10:
            line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
            assert all(code in line for code in declared.codes), name


def test_every_declared_column_has_a_use():
    used = {
        name for way in [*WAYS.values(), *OPTIONAL_WAYS.values()] for part in way for name in part
    }
    assert set(FIELDS) == used | set(CARRIED) | set(BESIDES) | {"died"}
    assert set(CLEAN) == {*WAYS, *OPTIONAL_WAYS, *CARRIED}
