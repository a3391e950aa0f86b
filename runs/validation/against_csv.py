"""Observed figures from a tidy CSV file: a figure a row, variables as columns."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from runs.validation.against import (
    EVERYBODY,
    LONGEST_NAME,
    MEASURES,
    MOST_ROWS,
    VARIABLES,
    Found,
    Row,
    code_problem,
    plain_name,
)
from sim.problems import Problem, refuse, suggest
from sim.small_csv import lines_of

NEEDED = ("measure", "year", "value")
NUMBERS = ("low", "high", "se")
COLUMNS = (*NEEDED, *NUMBERS, "unit", *VARIABLES)
MISSING = ("", "na", "nan", "n/a", ".", "..", ":", "-", "null", "none")
LATEST = 9999


def read_csv(path: Path) -> Found:
    """Read a file; what is wrong with its rows is kept, with its columns is refused."""
    lines = lines_of(path, MOST_ROWS)
    header = [plain_name(name) for name in lines[0][1]]
    refuse(path.name, _header(header, lines[0][1]))
    found = Found()
    for number, cells in lines[1:]:
        if len(cells) != len(header):
            found.say(f"line {number}", f"has {len(cells)} cells", f"{len(header)} cells")
            continue
        given = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        _read_row(f"line {number}", given, found)
    return found


def _header(header: list[str], said: list[str]) -> list[Problem]:
    problems = [Problem("columns", f"{name} is missing", ", ".join(NEEDED))
                for name in NEEDED if name not in header]  # fmt: skip
    for name, shown in zip(header, said, strict=True):
        if name not in COLUMNS:
            cure = suggest(name, COLUMNS) or "Leave the column out."
            problems.append(Problem("columns", f"unknown column {shown[:LONGEST_NAME]!r}",
                                    ", ".join(COLUMNS), cure))  # fmt: skip
    double = sorted({name for name in header if header.count(name) > 1})
    problems += [Problem("columns", f"{name} is there twice", "once") for name in double]
    return problems


def _read_row(where: str, given: Mapping[str, str], found: Found) -> None:
    """Add a row, or say all that is wrong with it."""
    before = sum(map(len, found.wrong.values()))
    measure, year = given["measure"], given["year"]
    if measure not in MEASURES:
        found.say(where, f"measure is {measure[:LONGEST_NAME]!r}", ", ".join(MEASURES),
                  suggest(measure, MEASURES))  # fmt: skip
    if not (year.isascii() and year.isdigit() and len(year) == 4 and int(year) <= LATEST):
        found.say(where, f"year is {year[:LONGEST_NAME]!r}", "a calendar year")
    value = _number(where, "value", given["value"], found)
    low, high, error = (_number(where, name, given[name], found, optional=True)
                        if name in given else np.nan for name in NUMBERS)  # fmt: skip
    if low > high:
        found.say(where, f"low {low:g} is above high {high:g}", "low <= high")
    if error < 0:
        found.say(where, f"se is {error:g}", "0 or more")
    codes = {name: given[name] for name in VARIABLES
             if given.get(name, "").casefold() not in EVERYBODY}  # fmt: skip
    group = given.get("group", "")
    if group and group.casefold() in EVERYBODY:  # immigrants alone are meant where nothing is said
        found.say(where, f"group is {group!r}", "immigrants, all_residents or another group")
    for variable, code in codes.items():
        wrong = code_problem(variable, code)
        if wrong:
            found.say(where, f"{variable} is {code[:LONGEST_NAME]!r}", *wrong)
    if sum(map(len, found.wrong.values())) == before:
        found.rows.append(
            Row(where, measure, int(year), codes, value, low, high, error, given.get("unit", ""))
        )


def _number(where: str, name: str, said: str, found: Found, *, optional: bool = False) -> float:
    """Return a finite number; nan, with a word if it is needed or no number."""
    if said.casefold() in MISSING:
        if not optional:
            cure = "Leave the row out if the figure is not known."
            found.say(where, f"{name} is {said!r}", "a number", cure)
        return np.nan
    try:
        number = float(said)
    except ValueError:
        comma = "Write decimals with a point." if "," in said else ""
        found.say(where, f"{name} is {said[:LONGEST_NAME]!r}", "a number", comma)
        return np.nan
    if not np.isfinite(number):
        found.say(where, f"{name} is {said[:LONGEST_NAME]!r}", "a finite number")
    return number
