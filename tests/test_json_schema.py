"""The schema for editors and the reader agree, by a small check of the parts that are used."""

import json
import re

import pytest
import yaml

from scenarios.finding import LIBRARY
from scenarios.json_schema import DIALECT, as_text, json_schema
from scenarios.schema import FIELDS, load_scenario, names
from sim.problems import InputError

PLAIN = "name: mine\nquestion: What if?\n"
SCHEMA = json_schema()
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
ABOUT = {"$schema", "title", "description", "default", "examples", "$defs"}
KNOWN = {"type", "properties", "patternProperties", "additionalProperties", "required", "anyOf",
         "enum", "pattern", "minimum", "maximum", "items", "minItems", "maxItems", "uniqueItems",
         "minProperties", "maxProperties", "$ref"}  # fmt: skip


def fits(value, part):
    """Say whether a value fits a schema: draft 2020-12, as far as ours goes."""
    assert set(part) <= KNOWN | ABOUT, set(part) - KNOWN - ABOUT
    if "$ref" in part and not fits(value, SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]):
        return False
    if "anyOf" in part and not any(fits(value, one) for one in part["anyOf"]):
        return False
    if "enum" in part and not any(
        type(one) is type(value) and one == value for one in part["enum"]
    ):
        return False
    kind = part.get("type")
    if kind and (isinstance(value, bool) or not isinstance(value, TYPES[kind])):
        return False
    if isinstance(value, dict):
        return object_fits(value, part)
    if isinstance(value, list):
        return (
            part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value))
            and (not part.get("uniqueItems") or len(set(map(str, value))) == len(value))
            and all(fits(one, part.get("items", {})) for one in value)
        )
    if isinstance(value, str):
        return re.search(part.get("pattern", ""), value) is not None
    low, high = part.get("minimum", float("-inf")), part.get("maximum", float("inf"))
    return isinstance(value, bool) or value is None or low <= value <= high


def object_fits(value, part):
    named, patterns = part.get("properties", {}), part.get("patternProperties", {})
    if not set(part.get("required", ())) <= set(value):
        return False
    if not part.get("minProperties", 0) <= len(value) <= part.get("maxProperties", len(value)):
        return False
    for key, held in value.items():
        word = str(key)  # editors see keys as text
        met = [named[word]] if word in named else []
        met += [one for pattern, one in patterns.items() if re.search(pattern, word)]
        if not all(fits(held, one) for one in met):
            return False
        if not met and part.get("additionalProperties", True) is False:
            return False
    return True


def valid(text):
    return fits(yaml.safe_load(text), SCHEMA)


def readable(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    try:
        load_scenario(str(path))
    except InputError:
        return False
    return True


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_fits_and_names_the_schema(name):
    text = (LIBRARY / f"{name}.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert valid(text)


def test_the_file_is_what_the_declarations_say():
    assert (LIBRARY / "scenario.schema.json").read_text("utf-8") == as_text()
    assert json.loads(as_text())["$schema"] == DIALECT


def test_every_field_and_lever_is_described():
    assert list(SCHEMA["properties"]) == list(FIELDS)
    assert all(part["description"] for part in SCHEMA["properties"].values())
    levers = SCHEMA["properties"]["changes"]["properties"]
    assert (
        "Unemployment in Norway (percent, 0.5 to 30; fitted on 2.5 to 4.4)."
        in (levers["unemployment.norway"]["description"])
    )


GOOD = [
    "years: 2013", "years: 2013..2020", "years: [2013, 2020]", "years: '2013 .. 2020'", "seed: 0",
    "seed: '7'", "model_type: 2", "model_type: '2'", "draws: threshold", "dimensions: [sex, reason]",
    "dimensions: sex, reason", "assumptions: {arrivals: none}", "population: embedded:0.1",
    "changes: {emigration: x2}", "changes: {emigration: 1.5, births: '+10%'}",
    "changes: {emigration: {2020..2022: +0.5, 2025..: {factor: 2}}}", "changes: {emigration: {set: 1}}",
    "changes: {unions_assumed.same_origin: 0.8}", "changes: {unions.*.*.part: x1.5}",
    "changes: {arrivals.work.sweden: {2020: -100}}", "changes: {emigration: 1e0}",
    "ranges: {emigration: x0.5 to x2}", "ranges: {emigration: {2020..: -10% to +10% likely +0%}}",
    "ranges: {emigration: {from: 0.5, to: 2}}", "ranges: {unions_assumed.same_origin: 0.5 to 0.9}",
    "ranges: {emigration: {normal: x1, sd: 0.1}}", "outputs: births in 2030",
    "outputs: [births in 2030, stock in 2031]",
    "uncertainty: all", "uncertainty: none", "uncertainty: [economy]", "uncertainty: economy, parameters",
]  # fmt: skip
BAD = [
    "years: soon", "years: [2013, 2014, 2015]", "years: 1890", "seed: -1", "seed: 1.5", "seed: true",
    "seed: five", "model_type: 4", "model_type: true", "draws: explict", "dimensions: [sexx]",
    "dimensions: [sex, sex]", "dimensions: []", "assumptions: {arrivals: nobody}",
    "assumptions: {arivals: none}", "assumptions: 7", "population: 7", "sede: 7", "question: ''",
    "name: a b", "name: ''", "changes: [1]", "changes: {emigraton: x2}", "changes: {emigration: 2x}",
    "changes: {emigration: yes}", "changes: {emigration: 5%}", "changes: {emigration: {}}",
    "changes: {emigration: {20: x2}}", "changes: {emigration: {2020: x}}",
    "changes: {emigration: {set: 1, add: 1}}", "changes: {emigration: {factor: -1}}",
    "ranges: {emigration: x2}", "ranges: {emigraton: x1 to x2}", "ranges: {emigration: x1 to}",
    "ranges: {emigration: {from: 1}}", "ranges: {emigration: {normal: 1}}", "ranges: [1]",
    "outputs: []", "outputs: 7", "outputs: ''",
    "changes: {unionsx.a: 1}", "uncertainty: everything", "uncertainty: [econmy]", "changes: {arrivals.work.swedn: 1}",
]  # fmt: skip


def whole(line):
    field = line.partition(":")[0]
    return (
        "".join(f"{one}\n" for one in PLAIN.splitlines() if not one.startswith(f"{field}:")) + line
    )


@pytest.mark.parametrize("line", GOOD)
def test_what_the_reader_takes_the_schema_takes(tmp_path, line):
    assert readable(tmp_path, whole(line))
    assert valid(whole(line))


@pytest.mark.parametrize("line", BAD)
def test_what_the_schema_marks_the_reader_refuses(tmp_path, line):
    assert not readable(tmp_path, whole(line))
    assert not valid(whole(line))


def test_name_and_question_are_needed():
    assert not valid("name: mine\n")
    assert not valid("question: Why?\n")
