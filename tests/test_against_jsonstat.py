"""JSON-stat 2.0: cubes written by hand, with the mappings that explain them."""

import copy
import json

import pytest

from runs.validation.against_jsonstat import read_jsonstat
from sim.problems import InputError

CUBE = {
    "version": "2.0", "class": "dataset", "label": "Utvandring",
    "id": ["Kjonn", "Tid", "ContentsCode"], "size": [3, 2, 1],
    "dimension": {
        "Kjonn": {"label": "kjønn", "category": {
            "index": ["0", "1", "2"], "label": {"0": "Begge kjønn", "1": "Menn", "2": "Kvinner"}}},
        "Tid": {"label": "år", "category": {"index": {"2011": 1, "2010": 0}}},
        "ContentsCode": {"label": "innhold", "category": {"label": {"Utv": "Utvandring"}}},
    },
    "value": [19.0, 20.0, 11.0, 11.5, 8.0, 8.5],
}  # fmt: skip
MAPPING = """
unit: persons
dimensions:
  Tid: year
  Kjonn: {to: sex, codes: {"1": men, Kvinner: women}, leave_out: ["0"]}
  innhold: {to: measure, codes: {Utv: emigration_count}}
"""


@pytest.fixture
def read(tmp_path):
    def reading(cube=CUBE, mapping=MAPPING):
        path, other = tmp_path / "cube.json", tmp_path / "map.yaml"
        path.write_text(cube if isinstance(cube, str) else json.dumps(cube), "utf-8")
        other.write_text(mapping or "", "utf-8")
        return read_jsonstat(path, other if mapping is not None else None)

    return reading


def altered(**changes):
    return copy.deepcopy(CUBE) | changes


def test_every_cell_is_a_figure_with_its_own_codes(read):
    found = read()
    assert not found.problems
    told = {(r.codes["sex"], r.year): r.value for r in found.rows}
    assert told == {
        ("men", 2010): 11,
        ("men", 2011): 11.5,
        ("women", 2010): 8,
        ("women", 2011): 8.5,
    }
    assert {(r.measure, r.unit) for r in found.rows} == {("emigration_count", "persons")}
    assert found.rows[0].where == "cell 1/2010/Utv"


def test_values_may_be_an_object_with_places(read):
    found = read(altered(value={"2": 11.0, "3": 11.5, "4": 8.0, "5": 8.5}))
    assert [r.value for r in found.rows] == [11, 11.5, 8, 8.5]
    assert not found.problems


def test_totals_may_be_kept_instead_of_parts(read):
    mapping = MAPPING.replace('{to: sex, codes: {"1": men, Kvinner: women}, leave_out: ["0"]}',
                              '{to: none, keep: "0"}')  # fmt: skip
    found = read(mapping=mapping)
    assert [(r.codes, r.value) for r in found.rows] == [({}, 19), ({}, 20)]


def test_names_of_this_project_need_no_mapping(read):
    plain = {
        "class": "dataset", "id": ["sex", "year", "measure"], "size": [2, 1, 1],
        "dimension": {"sex": {"category": {"index": ["men", "women"]}},
                      "year": {"category": {"index": ["2012"]}},
                      "measure": {"category": {"index": ["stock"]}}},
        "value": [3, 4],
    }  # fmt: skip
    found = read(plain, None)
    assert [(r.measure, r.year, r.codes, r.value) for r in found.rows] == [
        ("stock", 2012, {"sex": "men"}, 3.0), ("stock", 2012, {"sex": "women"}, 4.0)]  # fmt: skip


def test_without_a_mapping_everything_unknown_is_listed_at_once(read):
    with pytest.raises(InputError) as error:
        read(CUBE, None)
    said = str(error.value)
    assert said.startswith("cube.json has 5 problems")
    for words in ("dimension Kjonn: is not in the mapping; it has 0 (Begge kjønn), 1 (Menn)",
                  "dimension Tid", "dimension ContentsCode", "says not what is measured",
                  "says not which dimension is the year"):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('codes: {"1": men, Kvinner: women}', 'codes: {"1": men}', "unknown as sex: 2 (Kvinner)"),
        ('"1": men', '"1": mann', "unknown as sex: 1 (Menn); allowed: men, women"),
        ("  Tid: year", "  Tid: yaer", "Did you mean 'year'?"),
        ("  Tid: year", "  Tid: year\n  Alder: age", "'Alder' is no dimension of the data set"),
        ("unit: persons", "unti: persons", "unti: unknown field"),
        ("leave_out", "leaveout", "unknown field 'leaveout'"),
        ("unit: persons", "measure: emigration", "measure: is 'emigration'"),
        ("  Tid: year", "  Tid: sex", "two dimensions are sex"),
        ("to: measure, codes: {Utv: emigration_count}", "to: none", "says not what is measured"),
        ('{to: sex, codes: {"1": men, Kvinner: women}, leave_out: ["0"]}', "none",
         "dimension Kjonn: keeps ''"),
        ("dimensions:", "dimensions: [", "cannot be read"),
        ("dimensions:", "x: " + "[" * 5_000 + "\ndimensions:", "cannot be read"),
        ('codes: {"1": men, Kvinner: women}', "codes: [men]", "codes are no pairs"),
        ('leave_out: ["0"]', "leave_out: 5", "leave_out is no list"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_has_its_message(read, old, new, says):
    assert old in MAPPING
    with pytest.raises(InputError) as error:
        read(mapping=MAPPING.replace(old, new))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("cube", "says"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ({"dataset": CUBE}, "Ask for the format json-stat2"),
        (altered(size=[3, 2]), "do not fit together"),
        (altered(size=[3, 2, 0]), "do not fit together"),
        (altered(size=[2, 2, 1]), "Kjonn: has not the 2 categories"),
        (altered(value=[1, 2]), "has 2 figures; allowed: 6"),
        (altered(id=[["Kjonn"], "Tid", "Utv"]), "do not fit together"),
        *(
            (altered(dimension={**CUBE["dimension"], "Kjonn": odd}), "Kjonn: is no dimension")
            for odd in (
                7,
                {"category": None},
                {"category": []},
                {"category": {"index": 5}},
                {"category": {"index": "12"}},
                {"category": {"index": {"1": "a", "2": None}}},
                {"category": {"index": {"1": 0, "2": 5}}},
                {"category": {"index": ["1"], "label": ["M"]}},
            )
        ),
        (altered(value=None), "value: is missing"),
        (altered(size=[300, 300, 1]), "90,000 figures; allowed: at most 20,000"),
    ],
)
def test_what_is_no_data_set_is_refused(read, cube, says):
    with pytest.raises(InputError) as error:
        read(cube)
    assert says in str(error.value)
    assert "Traceback" not in str(error.value)


@pytest.mark.parametrize("empty", [None, "..", True, 10**400])
def test_empty_cells_are_said_in_one_message(read, empty):
    found = read(altered(value=[1, 2, empty, empty, 3, 4]))
    (problem,) = found.problems
    assert problem.where == "cell 1/2010/Utv, cell 1/2011/Utv"
    assert len(found.rows) == 2
