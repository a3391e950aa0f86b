"""Manifests that were altered by hand: one clear message, whatever is altered."""

import copy
import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from runs.cli import main
from runs.comparands import common_ground
from runs.manifest import manifest
from runs.people import find_people
from runs.recorded import manifest_of, record_problems
from scenarios.schema import load_scenario
from sim.problems import InputError

JUNK = (None, "abc", -3, 7, True, 1e99, [], [None], {}, {"a": 1}, [["a"]], "x" * 5_000)


@pytest.fixture(scope="module")
def record():
    """The manifest of a scenario with changes, as `vandring run` begins it."""
    scenario = load_scenario("financial_crisis", {"population": "embedded:0.01"})
    people = find_people("embedded:0.01", scenario.years[0])
    parameters = {"name": scenario.parameters, "source": "x"}
    made = manifest(scenario, people, parameters, datetime(2026, 1, 1, tzinfo=UTC), ["vandring"])
    return json.loads(json.dumps(made))


def places(held, path=()):
    """Yield the path of everything in a manifest."""
    inside = held.items() if isinstance(held, dict) else enumerate(held) \
        if isinstance(held, list) else ()  # fmt: skip
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def altered(record, path, junk):
    found = copy.deepcopy(record)
    at = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = junk
    return found


def test_what_a_run_writes_is_as_it_should_be(record):
    assert record_problems(record) == []


def test_ranges_and_outputs_of_a_scenario_are_as_they_should_be(record):
    ranged = load_scenario("sensitivity_small", {"population": "embedded:0.01"})
    held = json.loads(json.dumps(asdict(ranged)))
    found = {**record, "scenario": held, **{k: held[k] for k in ("years", "replicates", "seed")}}
    assert held["ranges"]
    assert held["outputs"]
    assert record_problems(found) == []
    for name, place in (("ranges", ()), ("ranges", (0,)), ("outputs", ()), ("outputs", (0,))):
        for junk in (None, 7, {"a": 1}, "abc"):
            odd = record_problems(altered(found, ("scenario", name, *place), junk))
            assert [problem.where for problem in odd if name in problem.where], (name, junk)


def test_whatever_is_altered_is_refused_or_understood(record, tmp_path):
    """Every value in turn by two kinds of junk: a problem, or a comparison's ground."""
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "manifest.json"
    refused = 0
    for number, place in enumerate(places(record)):
        if place[0] not in ("versions", "machine", "guarantee", "command", "started", "commit"):
            for junk in (JUNK[number % len(JUNK)], JUNK[(5 * number + 3) % len(JUNK)]):
                path.write_text(json.dumps(altered(record, place, junk)), "utf-8")
                try:
                    common_ground((str(tmp_path / "run"), str(tmp_path / "run")), {})
                except InputError:
                    refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("path", "junk", "says"),
    [
        (("years",), "abc", "years: is 'abc'"),
        (("years",), [2013, 2012], "years: is 2013..2012"),
        (("replicates",), 0, "replicates: is 0"),
        (("seed",), True, "seed: is True; allowed: whole numbers"),
        (("seed",), 5, "seed: is 5, but that of its scenario is 2013"),
        (("population",), [], "population: is []"),
        (("population", "persons"), "many", "population.persons: is 'many'"),
        (("parameters", "sha256"), 7, "parameters: is {"),
        (("economy",), None, "economy: is missing"),
        (("calibration", "sha256"), None, "calibration: is {"),
        (("uncertainty",), [1], "uncertainty: is 1"),
        (("scenario", "name"), 7, "scenario.name: is 7"),
        (("scenario", "draws"), "lots", "scenario.draws: is 'lots'"),
        (("scenario", "model_type"), "1", "scenario.model_type: is '1'; allowed: whole numbers"),
        (("scenario", "assumptions", 0), ["unions", "x"], "of every assumption"),
        (("scenario", "assumptions", 0, 1), "perhaps", "is 'perhaps'"),
        (("scenario", "changes"), {}, "scenario.changes: is {}"),
        (("scenario", "changes", 0), 7, "scenario.changes[0]: is 7"),
        (("scenario", "changes", 0, "kind"), "halve", "one of set, add, factor"),
        (("scenario", "changes", 0, "number"), "1", "and a number"),
        (("scenario", "changes", 0, "years"), [2020], "scenario.changes[0].years: is [2020]"),
        (("scenario", "changes", 0, "years"), [2020, 1999], "has the years '2020..1999'"),
        (("scenario", "changes", 0, "name"), "unemploymnt", "is an unknown lever"),
    ],
)
def test_what_was_altered_is_named(record, path, junk, says):
    problems = record_problems(altered(record, path, junk))
    assert any(says in str(problem) for problem in problems), problems
    assert all(problem.cure.startswith("The manifest was altered") for problem in problems)


def test_everything_that_was_altered_is_told_at_once(record):
    found = altered(altered(record, ("years",), "abc"), ("scenario", "seed"), -1)
    assert [problem.where for problem in record_problems(found)] == ["years", "scenario.seed"]


def test_a_run_of_other_scenarios_is_held_to_the_rest_only(record):
    older = altered(record, ("scenario", "left_out"), 1)
    older.pop("economy")
    assert record_problems(older) == []
    assert [p.where for p in record_problems({**older, "years": 7.5})] == ["years"]


@pytest.mark.parametrize("command", ["compare", "validate", "trace"])
def test_every_command_that_reads_a_run_says_it(record, command, tmp_path, capsys):
    text = json.dumps(altered(record, ("scenario", "changes"), 7))
    (tmp_path / "manifest.json").write_text(text, "utf-8")
    run = str(tmp_path)
    words = {"compare": [run, run], "validate": [run], "trace": [run, "1"]}[command]
    assert main([command, *words]) == 2
    said = capsys.readouterr().err
    assert "scenario.changes: is 7; allowed: a list. The manifest was altered" in said
    assert "Traceback" not in said


def test_a_manifest_that_is_none(tmp_path):
    for text in ("{", "[]", "[" * 100_000):
        (tmp_path / "manifest.json").write_text(text, "utf-8")
        with pytest.raises(InputError, match=r"manifest\.json"):
            manifest_of(tmp_path)
