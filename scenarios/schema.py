"""What a scenario says in the end: its own words over those of what it is based on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from scenarios.changes import Told, as_written
from scenarios.fields import CHECKS, MEANINGS, OPTION, UNCERTAIN
from scenarios.finding import (
    DEFAULT_ECONOMY,
    EMBEDDED,
    FILES,
    LIBRARY,
    Roots,
    beside,
    circle,
    find,
    missing,
    names,
    read,
    roots_of,
)
from scenarios.outlook import economy_problems, limit_problems, outlook_of
from scenarios.ranges import Range, merged, range_problems
from sim.engine import ASSUMPTIONS
from sim.observe import DEFAULT_DIMENSIONS
from sim.problems import InputError, Problem, refuse, shown, suggest
from sim.transitions.arrival_levers import BLOCKS
from sim.transitions.calibrated import SHIPPED
from sim.transitions.economy_levers import SERIES_OF
from sim.transitions.process import PUBLISHED

__all__ = [
    "DEFAULT_ECONOMY",
    "EMBEDDED",
    "FIELDS",
    "LIBRARY",
    "Scenario",
    "lineage",
    "load_scenario",
    "names",
]

MOST_ANCESTORS = 20
MOST_NAMES = 100  # fields of a file
MOST_TOLD = 40  # problems


@dataclass(frozen=True)
class Scenario:
    """A named question, and everything that decides a run's numbers.

    `scenarios.fields.MEANINGS` says what each field means. Assumptions are pairs of a name and
    a value, all of them; changes are those of the oldest ancestor first.
    """

    name: str
    question: str
    based_on: str = ""
    years: tuple[int, int] = (2013, 2022)
    population: str = EMBEDDED
    parameters: str = PUBLISHED
    model_type: int = 1
    replicates: int = 20
    seed: int = 2013
    draws: str = "explicit"
    economy: str = DEFAULT_ECONOMY
    calibration: str = SHIPPED
    uncertainty: tuple[str, ...] = UNCERTAIN
    dimensions: tuple[str, ...] = DEFAULT_DIMENSIONS
    assumptions: tuple[tuple[str, str], ...] = tuple((a.name, a.default) for a in ASSUMPTIONS)
    changes: tuple[Told, ...] = ()
    ranges: tuple[Range, ...] = ()
    outputs: tuple[str, ...] = ()

    def chosen(self, assumption: str) -> str:
        """Return the value of an assumption."""
        return dict(self.assumptions)[assumption]


FIELDS = tuple(field.name for field in fields(Scenario))
assert set(FIELDS) == set(CHECKS) == set(MEANINGS)
REQUIRED = ("name", "question")


def load_scenario(which: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read a scenario by name or path, with values that the command line puts over it.

    Raises InputError with all problems of the file and of the overrides.
    """
    return lineage(which, overrides)[0]


def lineage(which: str, overrides: Mapping[str, Any] | None = None) -> tuple[Scenario, ...]:
    """Return a scenario, what it is based on, what that is based on, and so on.

    Each is whole: it holds what it inherits. Overrides are put over the first alone.
    """
    values, wrong = _check(dict(overrides or {}), OPTION)
    problems: list[Problem] = []
    named: dict[str, tuple[str, str]] = {}
    line = _resolve(which, (), (), problems, named)
    given = {name: ("", values[name]) for name in FILES if isinstance(values.get(name), str)}
    absent = list(_absent({**named, **given}))
    if line:
        line[0] = replace(line[0], **_merged(line[0], values))
        problems += _beyond_limits(line[0], [*problems, *wrong, *absent])
        if not (problems or wrong or absent):
            problems += _open_too_wide(line[0])
    problems += absent
    refuse(f"scenario {shown(which)}" if problems else "command", _first([*problems, *wrong]))
    return tuple(line)


def _beyond_limits(scenario: Scenario, others: Iterable[Problem]) -> list[Problem]:
    """Return which changes leave their limits, as far as the other problems let one say.

    Where the economy or the assumptions are wrong themselves, nobody can know where series, or
    arrivals, begin.
    """
    wheres = [problem.where for problem in others]
    unsure = {
        field: any(field in where for where in wheres) for field in ("economy", "assumptions")
    }
    outlook = outlook_of(DEFAULT_ECONOMY if unsure["economy"] else scenario.economy,
                         scenario.chosen("arrivals"))  # fmt: skip
    told = [one for one in scenario.changes
            if not (unsure["economy"] and one.name in SERIES_OF)
            and not (unsure["assumptions"] and one.name in BLOCKS)]  # fmt: skip
    return limit_problems(outlook, told)


def _open_too_wide(scenario: Scenario) -> Iterable[Problem]:
    """Yield which ranges leave what a lever may be."""
    arrivals = scenario.chosen("arrivals")
    return range_problems(scenario.economy, arrivals, scenario.changes, scenario.ranges)


def _first(problems: list[Problem]) -> list[Problem]:
    """Return as many problems as one can read, and how many are left."""
    left = len(problems) - MOST_TOLD
    if left <= 0:
        return problems
    return [*problems[:MOST_TOLD], Problem("and then", f"there are {left:,} more")]


def _absent(named: Mapping[str, tuple[str, str]]) -> Iterable[Problem]:
    """Yield what is wrong with the files that fields name.

    named: by field, the file that names it ("" for the command line) and what it names.
    """
    for field, (where, which) in named.items():
        wrong = economy_problems(which) if field == "economy" else list(missing(field, which))
        yield from _in_file(Path(where) if where else None, wrong)


def _resolve(
    which: str,
    descent: tuple[Path, ...],
    roots: Roots,
    problems: list[Problem],
    named: dict[str, tuple[str, str]],
) -> list[Scenario]:
    """Read a scenario and, first, what it is based on; nothing if one of them cannot be read.

    What is wrong joins `problems`, and the rest is returned; files that fields name join
    `named`, the base's first.
    """
    near = descent[-1] if descent else None
    path = find(which, near, roots)
    if isinstance(path, Problem):
        problems += _in_file(near, [path])
        return []
    wrong = list(circle(descent, path, MOST_ANCESTORS))
    if wrong:
        problems += _in_file(near, wrong)
        return []
    roots = roots or roots_of(path)
    try:
        raw = read(path, FIELDS)
    except InputError as error:
        problems += _in_file(path, error.problems)
        return []
    based_on = raw.get("based_on")
    line: list[Scenario] = []
    if isinstance(based_on, str) and based_on.strip():
        line = _resolve(based_on.strip(), (*descent, path), roots, problems, named)
    values, wrong = _check(raw)
    unsaid = [Problem(name, "is missing", "a line of text") for name in REQUIRED if name not in raw]
    values, outside = _placed(path, values, wrong, roots)
    problems += _in_file(path, [*unsaid, *wrong, *outside])
    named.update({field: (path.name, values[field]) for field in FILES
                  if isinstance(values.get(field), str)})  # fmt: skip
    if "based_on" in raw and not line:
        return []
    base = line[0] if line else Scenario("", "")
    return [replace(base, **{"based_on": "", **_merged(base, values)}), *line]


def _placed(
    path: Path, values: dict[str, Any], wrong: Iterable[Problem], roots: Roots
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values with the files that they name found from this file's folder."""
    bad = {problem.where for problem in wrong}
    placed = {name: beside(path, name, values[name], roots)
              for name in FILES if name in values and name not in bad}  # fmt: skip
    outside = [found for found in placed.values() if isinstance(found, Problem)]
    sound = {name: found for name, found in placed.items() if not isinstance(found, Problem)}
    return {name: sound.get(name, value) for name, value in values.items()
            if name in sound or name not in placed}, outside  # fmt: skip


def _in_file(path: Path | None, problems: Iterable[Problem]) -> list[Problem]:
    """Say of each problem in which file it is."""
    prefix = f"{path.name}: " if path else ""
    return [replace(problem, where=f"{prefix}{problem.where}") for problem in problems]


def _merged(base: Scenario, values: dict[str, Any]) -> dict[str, Any]:
    """Assumptions and ranges are changed one by one, changes added; all else is replaced."""
    if "assumptions" in values:
        together = {**dict(base.assumptions), **values["assumptions"]}
        values = {**values, "assumptions": tuple(together.items())}
    if "changes" in values:
        values = {**values, "changes": (*base.changes, *values["changes"])}
    if "ranges" in values:
        values = {**values, "ranges": merged(base.ranges, values["ranges"])}
    return values


def _check(raw: Mapping[Any, Any], prefix: str = "") -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields that are as they should be, and what is wrong with the others.

    Of changes those that were understood; prefix: `OPTION` if it was on the command line.
    """
    if len(raw) > MOST_NAMES:
        return {}, [Problem("file", f"has {len(raw):,} fields", ", ".join(FIELDS))]
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        where = f"{OPTION}{str(name).replace('_', '-')}" if prefix else as_written(name)
        if name not in FIELDS:
            cure = suggest(str(name), FIELDS)
            problems.append(Problem(where, "is an unknown field", ", ".join(FIELDS), cure))
            continue
        checked, found = CHECKS[name](value, where)
        problems += found
        if not found or name == "changes":
            values[name] = checked
    return values, problems
