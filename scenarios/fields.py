"""The fields of a scenario file: what each means, and what it may hold."""

from collections.abc import Callable
from typing import Any

from scenarios.changes import as_written, read_changes
from scenarios.outputs import read_outputs
from scenarios.ranges import read_ranges
from sim.agents.columns import LAST_YEAR
from sim.chance import LARGEST_SEED
from sim.engine import ASSUMPTIONS
from sim.observe import DIMENSIONS
from sim.problems import Problem, shown, suggest

FIRST_START = 1990
MOST_REPLICATES = 100_000
DRAWS = ("explicit", "threshold")
MODEL_TYPES = (1, 2, 3)
UNCERTAIN = ("parameters", "economy")  # what a run may draw anew for each replicate
OPTION = "--"  # begins the name of what was said on the command line
MOST_DIGITS = 20
MOST_ASSUMPTIONS = 100
Checked = tuple[Any, list[Problem]]

MEANINGS = {
    "name": "What the scenario is called; part of the names of its run folders.",
    "question": "What is asked, as a sentence with a question mark; the report answers it.",
    "based_on": "The scenario whose values hold where this one says nothing: a shipped one by "
    "name, or the path of another file, from the folder of this one.",
    "years": "First and last year lived; the population is that of 1 January of the first.",
    "population": "'embedded', 'embedded:0.1' for a tenth of it, or the path of a Parquet file.",
    "parameters": "'published', or the folder of models estimated by `vandring estimate`.",
    "model_type": "1 one logit for all, 2 one for each centrality level, 3 also for each sex.",
    "replicates": "How often the years are lived, with different luck.",
    "seed": "Where the luck starts: the same seed gives everybody the same luck.",
    "draws": "'explicit' error terms, or faster 'threshold' draws.",
    "economy": "'default', or the path of a CSV file with paths of one's own.",
    "calibration": "'shipped', or the folder of a calibration.",
    "uncertainty": "What each replicate draws anew besides luck: 'none', 'all', or of 'parameters' "
    "(coefficients and the answer to the economy) and 'economy' (its paths).",
    "dimensions": "By what flows and stocks are divided; a run always divides by background too.",
    "assumptions": "Choices that the sources leave open, by name; those of the base hold else.",
    "changes": "What is altered, by the names of levers and parameters, after what the base "
    "alters: docs/scenarios.md.",
    "ranges": "Between what levers and parameters may lie, for `vandring sensitivity` alone: "
    "docs/sensitivity.md. Those of the base hold for levers that are not named here.",
    "outputs": "What `vandring sensitivity` tells of, by name: 'emigrations in 2030', 'stock of "
    "refugees in 2030'.",
}


def _text(value: Any, where: str) -> Checked:
    if isinstance(value, str) and value.strip():
        return value.strip(), []
    return value, [Problem(where, f"is {_seen(value, where)}", "a line of text")]


def _name(value: Any, where: str) -> Checked:
    if isinstance(value, str) and value and set(value) <= set(NAME_LETTERS):
        return value, []
    allowed = "letters, digits, - and _ (the name becomes part of a folder's name)"
    return value, [Problem(where, f"is {_seen(value, where)}", allowed)]


NAME_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


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
    if len(words) > len(DIMENSIONS):
        return value, [Problem(where, f"names {len(words):,}", f"each once of {known}")]
    problems = [
        Problem(where, f"names {_seen(word, where)}", known, suggest(str(word), DIMENSIONS))
        for word in words
        if not isinstance(word, str) or word not in DIMENSIONS
    ]
    if len(set(map(str, words))) < len(words):
        problems.append(Problem(where, "names a dimension twice", "each once"))
    return tuple(words), problems


def _uncertainty(value: Any, where: str) -> Checked:
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if words in (["all"], ["none"]):
        return UNCERTAIN if words == ["all"] else (), []
    if isinstance(words, list) and set(map(str, words)) <= set(UNCERTAIN):
        return tuple(word for word in UNCERTAIN if word in words), []
    cure = suggest(str(value), (*UNCERTAIN, "all", "none"))
    allowed = f"none, all, or a list of {', '.join(UNCERTAIN)}"
    return value, [Problem(where, f"is {_seen(value, where)}", allowed, cure)]


def _assumptions(value: Any, where: str) -> Checked:
    known = {assumption.name: assumption for assumption in ASSUMPTIONS}
    if not isinstance(value, dict):
        return value, [
            Problem(where, f"is {_seen(value, where)}", f"values for {', '.join(known)}")
        ]
    if len(value) > MOST_ASSUMPTIONS:
        return value, [Problem(where, f"names {len(value):,} assumptions", ", ".join(known))]
    problems = []
    for name, choice in value.items():
        at = f"{where}.{as_written(name)}"
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
    "economy": _text,
    "calibration": _text,
    "changes": read_changes,
    "ranges": read_ranges,
    "outputs": read_outputs,
    "uncertainty": _uncertainty,
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
