"""Whether the manifest of a run says what `vandring run` writes: files can be altered by hand.

Checked are the values that other commands use. What is missing there, or of another kind, is
told in one message, all at once, before anything is done with it.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from scenarios.changes import as_written
from scenarios.fields import CHECKS
from scenarios.ranges import Range
from scenarios.schema import FIELDS
from sim.engine import ASSUMPTIONS
from sim.problems import InputError, Problem, refuse, shown
from sim.transitions.levers import KINDS

CURE = "The manifest was altered: run the scenario again."
OBJECTS = ("scenario", "population", "parameters")
OF_THIS_KIND = ("economy", "calibration")  # in every manifest whose scenario has these fields
LISTS = ("assumptions", "uncertainty", "changes", "warnings")
TOLD = ("name", "years", "kind", "number")  # of a change


def manifest_of(folder: Path) -> Mapping[str, Any]:
    """Return the manifest of a run, or say all that is wrong with it."""
    try:
        record = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problem = Problem("manifest.json", f"cannot be read ({error})", "that of a run")
        raise InputError(str(folder), [problem]) from None
    if not isinstance(record, dict) or not isinstance(record.get("scenario"), dict):
        raise InputError(
            str(folder), [Problem("manifest.json", "has no scenario", "that of a run")]
        )
    refuse(f"manifest.json of {folder}", record_problems(record))
    return record


def record_problems(record: Mapping[str, Any]) -> list[Problem]:
    """Return what a manifest says that no run can have written."""
    scenario = record.get("scenario")
    of_this_kind = isinstance(scenario, dict) and set(scenario) == set(FIELDS)
    wanted = (*OBJECTS, *(OF_THIS_KIND if of_this_kind else ()))
    problems = [_odd(name, record.get(name), "named values") for name in wanted
                if not isinstance(record.get(name), dict)]  # fmt: skip
    problems += [_odd(name, record[name], "a list") for name in LISTS
                 if not isinstance(record.get(name, []), list)]  # fmt: skip
    if not problems:
        problems += _inside(record)
        problems += _numbers(record)
        problems += _scenario(record["scenario"]) if of_this_kind else ()
    if not problems and of_this_kind:
        problems += _apart(record)
    return problems


def _odd(where: str, found: Any, allowed: str) -> Problem:
    said = "is missing" if found is None else f"is {shown(found)}"
    return Problem(where, said, allowed, CURE)


def _numbers(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the years, the replicates and the seed."""
    for name in ("years", "replicates", "seed"):
        yield from _field(name, record.get(name), name)


def _inside(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the parts of a manifest."""
    for name in ("population", "parameters", *OF_THIS_KIND):
        part = record.get(name, {"sha256": ""})
        if not isinstance(part, dict) or not isinstance(part.get("sha256"), str):
            yield _odd(name, part, "named values, a fingerprint sha256 among them")
    persons = record["population"].get("persons", 0)
    if not _is_whole(persons):
        yield _odd("population.persons", persons, "a whole number")
    if not isinstance(record["scenario"].get("name"), str):
        yield _odd("scenario.name", record["scenario"].get("name"), "a name")
    for one in record.get("assumptions", []):
        if not isinstance(one, dict) or not {"name", "value", "meaning"} <= set(one):
            yield _odd("assumptions", one, "a name, a value and a meaning")
    for one in record.get("uncertainty", []):
        if not isinstance(one, str):
            yield _odd("uncertainty", one, "a word")


def _is_whole(found: Any) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def _field(name: str, value: Any, where: str) -> Iterator[Problem]:
    """Yield what is wrong with a field of a scenario as a manifest holds it."""
    if name == "assumptions":
        try:
            value = dict(value)
            whole = {assumption.name for assumption in ASSUMPTIONS} == set(value)
        except (TypeError, ValueError):
            whole = False
        if not whole:
            yield _odd(where, value, "pairs of a name and a value, of every assumption")
            return
    if name == "based_on" and value == "":
        return
    numbers = name in ("years", "replicates", "seed", "model_type")
    if numbers and not all(map(_is_whole, value if isinstance(value, list) else [value])):
        yield _odd(where, value, "whole numbers")
        return
    _, found = CHECKS[name](value, where)
    yield from (Problem(one.where, one.found, one.allowed, CURE) for one in found)


def _scenario(held: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the scenario that a manifest holds."""
    for name in FIELDS:
        if name == "changes":
            yield from _changes(held[name])
        elif name == "ranges":
            yield from _ranges(held[name])
        elif name != "outputs" or held[name] != []:  # a scenario need not ask for any
            yield from _field(name, held[name], f"scenario.{name}")


def _ranges(held: Any) -> Iterator[Problem]:
    """Yield what is wrong with the ranges of a scenario: no run uses them, so their form alone."""
    names = {field.name for field in fields(Range)}
    if not isinstance(held, list):
        yield _odd("scenario.ranges", held, "a list")
        return
    for place, one in enumerate(held):
        if not isinstance(one, dict) or set(one) != names:
            yield _odd(f"scenario.ranges[{place}]", one, f"values for {', '.join(sorted(names))}")


def _changes(held: Any) -> Iterator[Problem]:
    """Yield what is wrong with the changes of a scenario: each by itself, as it is written."""
    if not isinstance(held, list):
        yield _odd("scenario.changes", held, "a list")
        return
    for place, one in enumerate(held):
        where = f"scenario.changes[{place}]"
        if not isinstance(one, dict) or set(one) != set(TOLD) or not isinstance(one["name"], str):
            yield _odd(where, one, f"values for {', '.join(TOLD)}")
            continue
        number, years = one["number"], one["years"]
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        if one["kind"] not in KINDS or not plain or not math.isfinite(number):
            yield _odd(where, one, f"one of {', '.join(KINDS)}, and a number")
            continue
        said: Any = {one["kind"]: number}
        if years is not None:
            if not isinstance(years, list) or len(years) != 2 or not all(map(_is_whole, years)):
                yield _odd(f"{where}.years", years, "a first and a last year")
                continue
            said = {f"{years[0]}..{years[1]}": said}
        _, found = CHECKS["changes"]({one["name"]: said}, where)
        yield from (Problem(p.where, p.found, p.allowed, CURE) for p in found)


def _apart(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what a manifest says otherwise than the scenario that it holds."""
    for name in ("years", "replicates", "seed"):
        theirs = record["scenario"][name]
        if record[name] != theirs:
            found = f"is {as_written(record[name])}, but that of its scenario is {theirs}"
            yield Problem(name, found, "the same", CURE)
