"""From a scenario to the settings of its simulations, and from a manifest to its scenario."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from runs.people import file_problem
from scenarios.changes import Told
from scenarios.outlook import economy_of, limit_problems, outlook_of
from scenarios.ranges import Range
from scenarios.schema import FIELDS, Scenario
from sim.problems import InputError, Problem, refuse
from sim.transitions import calibrated
from sim.transitions.logit import parameters_set
from sim.transitions.process import PUBLISHED, Settings
from sim.transitions.sources import CellChange


def settings_of(scenario: Scenario, chunk: int | None = None, draw: int | None = None) -> Settings:
    """Return how a scenario's simulations are run; refuse files and levers that do not fit.

    chunk: a matter of speed. draw: of the calibration's posterior; None: its mean.
    """
    changes = tuple(told.change for told in scenario.changes)
    levers = tuple(change for change in changes if change)
    cells = tuple(told.cells for told in scenario.changes if not told.change)
    economy = economy_of(scenario.economy)
    calibrated.read(scenario.calibration)
    outlook = outlook_of(scenario.economy, scenario.chosen("arrivals"))
    refuse(f"scenario {scenario.name}", limit_problems(outlook, scenario.changes))
    plain = Settings()
    return Settings(
        model_type=scenario.model_type,
        parameters=scenario.parameters,
        draws="threshold" if scenario.draws == "threshold" else "explicit",
        assumptions=dict(scenario.assumptions),
        chunk=plain.chunk if chunk is None else chunk,
        calibration=scenario.calibration,
        draw=draw,
        economy=economy,
        changes=levers,
        tables=tuple(cell for cell in cells if isinstance(cell, CellChange)),
    )


def input_problems(scenario: Scenario) -> list[Problem]:
    """Return what is wrong with the files that a scenario names, before anything is simulated."""
    problems = list(file_problem(scenario.population))
    problems += _problems_of("calibration", lambda: calibrated.read(scenario.calibration))
    if scenario.parameters != PUBLISHED:
        settings = Settings(model_type=scenario.model_type, parameters=scenario.parameters)
        problems += _problems_of("parameters", lambda: parameters_set(settings))
    return problems


def _problems_of(field: str, read: Callable[[], Any]) -> list[Problem]:
    """Return the problems of a file that a field names."""
    try:
        read()
    except InputError as error:
        return [replace(problem, where=f"{field}: {problem.where}") for problem in error.problems]
    return []


def digests(scenario: Scenario) -> dict[str, dict[str, str]]:
    """Return fingerprints of the economy and of the calibration that a scenario names."""
    economy = sha256(economy_of(scenario.economy).values.tobytes()).hexdigest()
    found = calibrated.read(scenario.calibration)
    parts = [found.offset, *found.means.values(), *found.draws.values(), *found.shifts.values(),
             *found.within.values()]  # fmt: skip
    calibration = sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
    return {
        "economy": {"name": scenario.economy, "sha256": economy},
        "calibration": {"name": scenario.calibration, "sha256": calibration},
    }


def scenario_of(record: Mapping[str, Any], where: str | Path) -> Scenario:
    """Return the scenario that a manifest holds, or say that it is of another Vandring."""
    held = record["scenario"]
    if set(held) != set(FIELDS):
        cure = "Run the scenario again with this Vandring."
        problem = Problem("scenario", "was written by another Vandring", "one of this kind", cure)
        raise InputError(str(where), [problem])
    values = {name: _tupled(value) for name, value in held.items()}
    for name, kind in (("changes", Told), ("ranges", Range)):
        values[name] = tuple(
            kind(**{key: _tupled(value) for key, value in told.items()}) for told in held[name]
        )
    return Scenario(**values)


def unlike(record: Mapping[str, Any], scenario: Scenario) -> list[Problem]:
    """Return which files that a manifest names are no longer as they were."""
    return [
        Problem(name, f"is another than that of the run ({found['name']})", "the same")
        for name, found in digests(scenario).items()
        if found["sha256"] != record[name]["sha256"]
    ]


def _tupled(value: Any) -> Any:
    """Return a list of a manifest as the tuple that it was."""
    return tuple(map(_tupled, value)) if isinstance(value, list) else value
