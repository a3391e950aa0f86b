"""`vandring expect SCENARIO`: expected flows and stocks of a scenario, without chance, at once."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runs.running import OVERRIDES, scenario_asked_for
from runs.terminal import told
from sim.problems import InputError, Problem, refuse

EXAMPLES = """\
examples:
  vandring expect baseline --years 2013..2022
  vandring expect my_scenario.yaml --json
  vandring expect high_unemployment --out expected.csv

The same rules as `vandring run`, as expected persons in cells: no luck, no replicates and no
intervals. What of it is exact and what approximate: docs/twin.md.
"""
OPTIONS = ("years", "model_type", "population", "parameters", "economy", "calibration")
COLUMNS = ("year", "group", "measure", "expected")
STOCK = "stock"
HEADINGS = {
    STOCK: "stock 1.1.", "arrive": "arrive", "return": "return", "birth": "born",
    "emigrate": "emigrate", "death": "die", "domestic": "move",
}  # fmt: skip
APPROXIMATE = (
    "The first year's emigrations and moves are exact. Later what happens to the others of a "
    "family, and where people live, are means, and small cells of neighbouring ages are put "
    "together: docs/twin.md tells by how much means of runs were missed.",
    "Nothing is said of uncertainty: `vandring run` gives intervals.",
    "Moves are those to another centrality level.",
)


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", help="name of a shipped scenario, or path of a YAML file")
    add("--years", metavar="FIRST..LAST", help="first and last year to live, such as 2013..2022")
    add("--model-type", metavar="1|2|3", help="one logit for all, by centrality, or also by sex")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--parameters", metavar="WHICH", help="published, or a folder of `vandring estimate`")
    add("--economy", metavar="WHICH", help="default, or a CSV file of paths")
    add("--calibration", metavar="WHICH", help="shipped, or a folder of a calibration")
    add("--out", metavar="FILE", help="write all numbers to a CSV file too")
    add("--json", action="store_true", help="print them as JSON on standard output")
    parser.set_defaults(**dict.fromkeys(set(OVERRIDES) - set(OPTIONS)))


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Read the scenario, live its expected years, tell them."""
    problems: list[Problem] = [*arguments.unknown]
    scenario = scenario_asked_for(arguments, command, problems)
    problems += _file_problem(arguments.out)
    if problems or scenario is None:
        raise InputError("command", problems)
    from scenarios.lint import warnings_of

    for warning in warnings_of(scenario):
        print(f"vandring: note: {warning}", file=sys.stderr)
    lived, source = expected(scenario)
    kept = "nothing was written"
    if arguments.out is not None:
        kept = f"the numbers lie in {_write(Path(arguments.out), rows_of(lived))}"
    tell = _print_json if arguments.json else _print_lines
    return told(lambda: tell(scenario, lived, source), kept)


def expected(scenario: Any) -> tuple[list[Any], str]:
    """Return the expected years of a scenario, the last one a stock alone, and who they are of."""
    from runs.people import find_people
    from runs.pipeline import wrong_start
    from runs.settings import settings_of
    from sim.twin.model import Expected, Twin

    first, last = scenario.years
    people = find_people(scenario.population, first).population
    refuse(f"scenario {scenario.name}", wrong_start(first, people.year))
    twin = Twin(people, settings_of(scenario))
    lived = list(twin.run(last - first + 1))
    return [*lived, Expected(twin.year, twin.stock(), {})], people.source


def rows_of(lived: Sequence[Any]) -> list[tuple[int, str, str, float]]:
    """Return every number: year, group, measure, expected persons."""
    from sim.twin.model import GROUPS

    found = []
    for year in lived:
        for measure, persons in ({STOCK: year.stock} | year.flows).items():
            found += [(year.year, group, measure, float(number))
                      for group, number in zip(GROUPS, persons, strict=True)]  # fmt: skip
    return found


def _file_problem(out: str | None) -> list[Problem]:
    """Say at once that the numbers cannot be written."""
    if out is None:
        return []
    path, allowed = Path(out), "the name of a new file"
    try:
        if not out.strip() or path.is_dir() or path.exists():
            found = "is a folder" if out.strip() and path.is_dir() else "is there already"
            found = found if out.strip() else "is empty"
            return [Problem("--out", f"{out!r} {found}", allowed, "Choose another name.")]
        if not path.absolute().parent.is_dir():
            found = f"there is no folder {path.absolute().parent}"
            return [Problem("--out", found, allowed, "Make the folder first.")]
    except OSError as error:
        return [Problem("--out", f"cannot be written ({error.strerror})", allowed)]
    return []


def _write(path: Path, rows: Sequence[tuple[int, str, str, float]]) -> Path:
    from runs.tables import write_whole

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*row[:3], f"{row[3]:.3f}") for row in rows)
    try:
        return write_whole(path, file.getvalue())
    except OSError as error:
        found = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError("command", [Problem("--out", found, "a writable file")]) from None


def _notes(scenario: Any, source: str) -> list[str]:
    from runs.people import part_of_the_people
    from sim.engine import ASSUMPTIONS

    part = part_of_the_people(scenario.population)
    notes = [f"Start: {source}.", *APPROXIMATE]
    if scenario.uncertainty:
        notes.append("What the scenario draws anew in each replicate is left at the estimates.")
    usual = {assumption.name: assumption.default for assumption in ASSUMPTIONS}
    chosen = dict(scenario.assumptions).items()
    assumed = ", ".join(f"{name}: {value}" for name, value in chosen if usual[name] != value)
    if assumed:
        notes.append(f"Assumptions that are not the usual ones: {assumed}.")
    notes.append("Sources, levers and all other assumptions: vandring explain, docs/codebook.md.")
    return [f"{part}{notes[0]}", *notes[1:]]


def _print_json(scenario: Any, lived: Sequence[Any], source: str) -> None:
    answer = {
        "scenario": scenario.name,
        "question": scenario.question,
        "expected": [dict(zip(COLUMNS, row, strict=True)) for row in rows_of(lived)],
        "notes": _notes(scenario, source),
    }
    print(json.dumps(answer, indent=1, ensure_ascii=False))


def _print_lines(scenario: Any, lived: Sequence[Any], source: str) -> None:
    from sim.twin.model import GROUPS

    print(f"{scenario.name}: {scenario.question}\nExpected persons a year\n")
    print("year" + "".join(f"{heading:>12}" for heading in HEADINGS.values()))
    for year in lived:
        numbers = {STOCK: year.stock} | year.flows
        cells = (f"{numbers[m].sum():12,.0f}" if m in numbers else " " * 12 for m in HEADINGS)
        print(f"{year.year}" + "".join(cells))
    for measure in ("emigrate", STOCK):
        print(f"\n{HEADINGS[measure]} by reason\nyear" + "".join(f"{g:>15}" for g in GROUPS))
        for year in lived:
            numbers = {STOCK: year.stock} | year.flows
            if measure in numbers:
                print(f"{year.year}" + "".join(f"{n:15,.0f}" for n in numbers[measure]))
    print()
    for note in _notes(scenario, source):
        print(f"- {note}")
