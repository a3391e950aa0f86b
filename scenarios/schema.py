"""What a scenario may say, and the one place where it is checked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from scenarios.reading import parse_yaml
from sim.agents.columns import LAST_YEAR
from sim.chance import LARGEST_SEED
from sim.engine import ASSUMPTIONS
from sim.observe import DEFAULT_DIMENSIONS, DIMENSIONS
from sim.problems import InputError, Problem, refuse, shown, suggest
from sim.transitions.process import PUBLISHED

FIRST_START = 1990
MOST_REPLICATES = 100_000
DRAWS = ("explicit", "threshold")
MODEL_TYPES = (1, 2, 3)
LIBRARY = Path(__file__).parent
MOST_ANCESTORS = 20
EMBEDDED = "embedded"
OPTION = "--"  # begins the name of what was said on the command line
MOST_DIGITS = 20


@dataclass(frozen=True)
class Scenario:
    """A named question, and everything that decides a run's numbers.

    years: first and last year lived; the population is that of 1 January of the first.
    population: 'embedded', 'embedded:0.1' for a tenth of it, or the path of a Parquet file.
    parameters: 'published', or the folder of models estimated by `vandring estimate`.
    draws: 'explicit' error terms, or faster 'threshold' draws.
    dimensions: by what the flows and stocks are divided; a run always divides by background too.
    """

    name: str
    question: str
    based_on: str = ""
    years: tuple[int, int] = (2013, 2022)
    population: str = "embedded"
    parameters: str = PUBLISHED
    model_type: int = 1
    replicates: int = 20
    seed: int = 2013
    draws: str = "explicit"
    dimensions: tuple[str, ...] = DEFAULT_DIMENSIONS
    assumptions: tuple[tuple[str, str], ...] = tuple((a.name, a.default) for a in ASSUMPTIONS)


FIELDS = tuple(field.name for field in fields(Scenario))
REQUIRED = ("name", "question")
Checked = tuple[Any, list[Problem]]


def load_scenario(which: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read a scenario by name or path, with values that the command line puts over it.

    Raises InputError with all problems of the file and of the overrides.
    """
    changes, wrong = _check(dict(overrides or {}), OPTION)
    problems: list[Problem] = []
    base = _resolve(which, (), problems)
    source = f"scenario {shown(which)}" if problems else "command"
    refuse(source, [*problems, *wrong])
    return replace(base, **_merged(base, changes))


def names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def _find(which: str, near: Path | None) -> Path | Problem:
    """Return the file of a scenario given by name or path, or what is wrong with that."""
    where = "based_on" if near else "scenario"
    if "/" not in which and not which.endswith((".yaml", ".yml")):
        shipped = LIBRARY / f"{which}.yaml"
        if which in names():
            return shipped
        allowed = f"the path of a YAML file, or {', '.join(names())}"
        found = f"there is none called {shown(which)}"
        return Problem(where, found, allowed, suggest(which, names()))
    path = near.parent / which if near else Path(which)
    try:
        if path.is_file():
            return path.resolve()
        if path.is_dir():
            return Problem(where, f"{path} is a folder", "a YAML file")
    except OSError as error:
        found = f"{shown(which)} cannot be read ({error.strerror})"
        return Problem(where, found, "a YAML file")
    return Problem(where, f"there is no file {path}", "a YAML file")


def _resolve(which: str, descent: tuple[Path, ...], problems: list[Problem]) -> Scenario:
    """Read a scenario and, first, what it is based on; what is wrong joins `problems`."""
    plain = Scenario("", "")
    near = descent[-1] if descent else None
    path = _find(which, near)
    if isinstance(path, Problem):
        problems += _in_file(near, [path])
        return plain
    if path in descent or len(descent) >= MOST_ANCESTORS:
        trail = " > ".join(p.stem for p in (*descent, path))
        problems += _in_file(near, [Problem("based_on", f"goes in a circle: {trail}", "a base")])
        return plain
    try:
        raw = _read(path)
    except InputError as error:
        problems += _in_file(path, error.problems)
        return plain
    based_on = raw.get("based_on", "")
    if isinstance(based_on, str) and based_on.strip():
        plain = _resolve(based_on.strip(), (*descent, path), problems)
    values, wrong = _check(raw)
    missing = [
        Problem(name, "is missing", "a line of text") for name in REQUIRED if name not in raw
    ]
    problems += _in_file(path, [*missing, *wrong])
    if problems:
        return plain
    for name in ("population", "parameters"):
        if name in values:
            values[name] = _beside(path, values[name])
    merged: dict[str, Any] = {"based_on": "", **_merged(plain, values)}
    return replace(plain, **merged)


def _read(path: Path) -> dict[Any, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except PermissionError:
        problem = Problem("file", "no permission to read it", "a file that you may read")
        raise InputError(str(path), [problem]) from None
    except (OSError, UnicodeDecodeError) as error:
        found = f"cannot be read ({type(error).__name__})"
        raise InputError(str(path), [Problem("file", found, "text in UTF-8")]) from None
    raw = parse_yaml(text, str(path))
    if isinstance(raw, dict):
        return raw
    problem = Problem("file", f"holds {_seen(raw)}", f"the fields {', '.join(FIELDS)}")
    raise InputError(str(path), [problem])


def _in_file(path: Path | None, problems: Iterable[Problem]) -> list[Problem]:
    """Say of each problem in which file it is."""
    prefix = f"{path.name}: " if path else ""
    return [replace(problem, where=f"{prefix}{problem.where}") for problem in problems]


def _beside(path: Path, named: str) -> str:
    """Return a population or parameters as named in a file: a path begins where the file lies."""
    if named.partition(":")[0] in (EMBEDDED, PUBLISHED):
        return named
    return str(path.parent / named)


def _merged(base: Scenario, values: dict[str, Any]) -> dict[str, Any]:
    """Assumptions are changed one by one; everything else is replaced."""
    if "assumptions" in values:
        together = {**dict(base.assumptions), **values["assumptions"]}
        values = {**values, "assumptions": tuple(together.items())}
    return values


def _check(raw: Mapping[Any, Any], prefix: str = "") -> tuple[dict[str, Any], list[Problem]]:
    """Check every field that is given; prefix: `OPTION` if it was on the command line."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        where = f"{OPTION}{str(name).replace('_', '-')}" if prefix else str(name)
        if name not in FIELDS:
            cure = suggest(str(name), FIELDS)
            problems.append(Problem(where, "is an unknown field", ", ".join(FIELDS), cure))
            continue
        checked, found = CHECKS[name](value, where)
        problems += found
        values[name] = checked
    return values, problems


def _text(value: Any, where: str) -> Checked:
    if isinstance(value, str) and value.strip():
        return value.strip(), []
    return value, [Problem(where, f"is {_seen(value, where)}", "a line of text")]


def _name(value: Any, where: str) -> Checked:
    if isinstance(value, str) and value and set(value) <= set(_NAME_LETTERS):
        return value, []
    allowed = "letters, digits, - and _ (the name becomes part of a folder's name)"
    return value, [Problem(where, f"is {_seen(value, where)}", allowed)]


_NAME_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def _whole(low: int, high: int) -> Callable[[Any, str], Checked]:
    def check(value: Any, where: str) -> Checked:
        number = _as_int(value)
        if number is not None and low <= number <= high:
            return number, []
        return value, [
            Problem(where, f"is {_seen(value, where)}", f"a whole number, {low} to {high}")
        ]

    return check


def _years(value: Any, where: str) -> Checked:
    allowed = f"first..last, such as 2013..2022, within {FIRST_START}..{LAST_YEAR - 1}"
    parts = value.split("..") if isinstance(value, str) else value
    if isinstance(value, int) and not isinstance(value, bool):
        parts = [value, value]
    if isinstance(parts, list) and len(parts) == 1:
        parts = parts * 2
    if not isinstance(parts, list) or len(parts) != 2 or None in map(_as_int, parts):
        return value, [Problem(where, f"is {_seen(value, where)}", allowed)]
    first, last = (int(part) for part in parts)
    if not FIRST_START <= first <= last <= LAST_YEAR - 1:
        cure = "The first year comes first." if first > last else ""
        return value, [Problem(where, f"is {first}..{last}", allowed, cure)]
    return (first, last), []


def _one_of(choices: tuple[Any, ...]) -> Callable[[Any, str], Checked]:
    def check(value: Any, where: str) -> Checked:
        for choice in choices:
            if not isinstance(value, bool) and str(value) == str(choice):
                return choice, []
        cure = suggest(str(value), [str(c) for c in choices])
        allowed = " or ".join(map(str, choices))
        return value, [Problem(where, f"is {_seen(value, where)}", allowed, cure)]

    return check


def _dimensions(value: Any, where: str) -> Checked:
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(words, list) or not words:
        return value, [
            Problem(where, f"is {_seen(value, where)}", f"a list of {', '.join(DIMENSIONS)}")
        ]
    known = ", ".join(DIMENSIONS)
    problems = [
        Problem(where, f"names {_seen(word, where)}", known, suggest(str(word), DIMENSIONS))
        for word in words
        if not isinstance(word, str) or word not in DIMENSIONS
    ]
    if len(set(map(str, words))) < len(words):
        problems.append(Problem(where, "names a dimension twice", "each once"))
    return tuple(words), problems


def _assumptions(value: Any, where: str) -> Checked:
    known = {assumption.name: assumption for assumption in ASSUMPTIONS}
    if not isinstance(value, dict):
        return value, [
            Problem(where, f"is {_seen(value, where)}", f"values for {', '.join(known)}")
        ]
    problems = []
    for name, choice in value.items():
        at = f"{where}.{name}"
        if name not in known:
            problems.append(
                Problem(at, "is an unknown assumption", ", ".join(known), suggest(str(name), known))
            )
        elif not isinstance(choice, str) or choice not in known[name].meanings:
            meanings = known[name].meanings
            cure = suggest(str(choice), meanings)
            problems.append(Problem(at, f"is {_seen(choice, at)}", " or ".join(meanings), cure))
    return value, problems


CHECKS: dict[str, Callable[[Any, str], Checked]] = {
    "name": _name,
    "question": _text,
    "based_on": _text,
    "years": _years,
    "population": _text,
    "parameters": _text,
    "model_type": _one_of(MODEL_TYPES),
    "replicates": _whole(1, MOST_REPLICATES),
    "seed": _whole(0, LARGEST_SEED),
    "draws": _one_of(DRAWS),
    "dimensions": _dimensions,
    "assumptions": _assumptions,
}


def _as_int(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**MOST_DIGITS else None
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= MOST_DIGITS:
        return int(value)
    return None


def _seen(value: Any, where: str = "") -> str:
    """Say what was found, and in a file as what YAML read it; an option is always text."""
    if value is None:
        return "nothing"
    return shown(value) if where.startswith(OPTION) else f"{shown(value)} ({type(value).__name__})"
