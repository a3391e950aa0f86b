"""Which run a user means to go on with or to repeat, and whether everything is as it was."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runs.settings import scenario_of
from runs.store import OUT
from runs.tables import BACKGROUND
from runs.unfinished import RECORD, hidden
from scenarios.schema import FIELDS, Scenario, load_scenario
from sim.problems import InputError, Problem, suggest

INPUTS = ("population", "parameters", "economy", "calibration")
FINISHED = "manifest.json"
BEGIN, END = ".", ".part"


def folder_to_resume(which: str) -> Path:
    """Return the folder that an unfinished run will get.

    which: that folder, the hidden one beside it, or its name under runs/out.
    """
    places = [Path(which), OUT / which]
    places = [_without_hiding(place) for place in places]
    for place in places:
        if (place / FINISHED).exists():
            left = f" {hidden(place)} can be removed." if hidden(place).exists() else ""
            cure = f"Look at its report.html; repeat it with vandring replay.{left}"
            raise _nothing(f"the run {place} is finished", cure)
        if hidden(place).is_dir():
            return place
    known = unfinished_runs()
    cure = suggest(Path(which).name, known) or "Begin a run with vandring run SCENARIO."
    raise _nothing(f"there is no unfinished run {which}", cure, ", ".join(known))


def unfinished_runs() -> list[str]:
    """Return the names of the unfinished runs under runs/out."""
    found = sorted(OUT.glob(f"{BEGIN}*{END}/{RECORD}")) if OUT.is_dir() else []
    return [_without_hiding(path.parent).name for path in found]


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Problem]:
    """Tell what decides a run's bits and is not as it was."""
    cure = "Bring it back to what it was, or run anew."
    if "code" not in then or then["code"] != now["code"]:
        found = f"is another than that of the run (commit {now['commit']})"
        yield Problem("code", found, f"commit {then.get('commit')}, unaltered", cure)
    before, here = then.get("versions", {}), now["versions"]
    for name in sorted({*before, *here}):
        was, is_now = (versions.get(name, "none") for versions in (before, here))
        if was != is_now:
            yield Problem(f"version of {name}", f"is {is_now}", was, cure)
    if then.get("machine") != now["machine"]:
        yield Problem("machine", f"is {now['machine']}", str(then.get("machine")), cure)
    for name in INPUTS:
        input_then = then.get(name, {})
        if input_then.get("sha256") != now[name]["sha256"]:
            held = input_then.get("name", input_then.get("asked_for", "it"))
            yield Problem(name, f"{held} is not what it was when the run began", "the same", cure)


def scenario_changes(record: Mapping[str, Any]) -> Iterator[Problem]:
    """Tell if what the run was asked for means another scenario now; the run keeps to the old."""
    asked = record.get("asked_for")
    if asked is None:
        return
    cure = "Bring it back to what it was, or run it anew."
    try:
        now = with_background(load_scenario(asked["scenario"], asked["options"]))
    except InputError as error:
        found = f"{asked['scenario']} cannot be read as it was ({error.problems[0]})"
        yield Problem("scenario", found, "", cure)
        return
    was = scenario_of(record, "run")
    fields = [name for name in FIELDS if getattr(now, name) != getattr(was, name)]
    if fields:
        found = f"{asked['scenario']} says other {', '.join(fields)} than when the run began"
        yield Problem("scenario", found, "the same", cure)


def with_background(scenario: Scenario) -> Scenario:
    """Return a scenario whose tables tell immigrants from Norwegian-born persons."""
    if BACKGROUND in scenario.dimensions:
        return scenario
    return replace(scenario, dimensions=(BACKGROUND, *scenario.dimensions))


def _without_hiding(path: Path) -> Path:
    """Return the folder that a hidden one belongs to; any other as it is."""
    name = path.name
    if name.startswith(BEGIN) and name.endswith(END) and len(name) > len(BEGIN + END):
        return path.with_name(name[len(BEGIN) : -len(END)])
    return path


def _nothing(found: str, cure: str, allowed: str = "") -> InputError:
    return InputError("command", [Problem("--resume", found, allowed, cure)])
