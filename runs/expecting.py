"""`vandring expect SCENARIO ...`: expected flows and stocks without chance, at once."""

import argparse
import csv
import io
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from runs.running import OVERRIDES, scenario_asked_for
from runs.terminal import takes_next, told
from sim.problems import InputError, Problem, refuse

EXAMPLES = """\
examples:
  vandring expect baseline --years 2013..2022
  vandring expect baseline high_unemployment my_scenario.yaml --years 2013..2022
  vandring expect my_scenario.yaml --json
  vandring expect high_unemployment --out expected.csv

The same rules as `vandring run`, as expected persons in cells: no luck, no replicates and no
intervals. What of it is exact and what approximate: docs/twin.md.
Several scenarios are answered in turn, which takes a second or so each after the start, and the
last table says how their emigrations differ from those of the first. Options hold for all.
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
SOURCES = "Sources, levers and all other assumptions: vandring explain, docs/codebook.md."
WIDTH, BROAD = 12, 17  # of columns of measures, and of scenarios


@dataclass(frozen=True)
class Start:
    """A scenario that nothing is wrong with. people: whom it starts with, shared if the same.

    label: its name, or the word that it was asked for by if another has the same name.
    """

    label: str
    scenario: Any
    people: Any
    settings: Any


@dataclass(frozen=True)
class Answer:
    """What is expected of a scenario. lived: its years, the last one a stock alone."""

    start: Start
    lived: Sequence[Any]


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", nargs="+",
        help="names of shipped scenarios, or paths of YAML files")  # fmt: skip
    add("--years", metavar="FIRST..LAST", help="first and last year to live, such as 2013..2022")
    add("--model-type", metavar="1|2|3", help="one logit for all, by centrality, or also by sex")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--parameters", metavar="WHICH", help="published, or a folder of `vandring estimate`")
    add("--economy", metavar="WHICH", help="default, or a CSV file of paths")
    add("--calibration", metavar="WHICH", help="shipped, or a folder of a calibration")
    add("--out", metavar="FILE", help="write all numbers to a CSV file too")
    add("--json", action="store_true", help="print them as JSON on standard output; a list of "
        "answers if there are several scenarios")  # fmt: skip
    parser.set_defaults(**dict.fromkeys(set(OVERRIDES) - set(OPTIONS)))


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Read the scenarios, live their expected years, tell them."""
    began = time.perf_counter()
    problems: list[Problem] = []
    asked = _scenarios_asked_for(arguments, command, problems)
    problems += _file_problem(arguments.out)
    refuse("command", problems)
    from scenarios.lint import warnings_of

    for label, scenario in asked.items():
        of_which = f"{label}: " if len(asked) > 1 else ""
        for warning in warnings_of(scenario):
            print(f"vandring: note: {of_which}{warning}", file=sys.stderr)
    answers: Iterable[Answer] = _answered(_started(asked), began)
    kept = "nothing was written"
    if arguments.out is not None or arguments.json:
        answers = list(answers)
    if arguments.out is not None:
        kept = f"the numbers lie in {_write(Path(arguments.out), answers)}"
    tell = _print_json if arguments.json else _print_several if len(asked) > 1 else _print_one
    return told(lambda: tell(answers), kept)


def _scenarios_asked_for(
    arguments: argparse.Namespace, command: list[str], problems: list[Problem]
) -> dict[str, Any]:
    """Return the scenarios by their labels; what is wrong with any of them joins `problems`.

    Scenarios may also stand after options. What is wrong with all of them is said once.
    """
    rest = arguments.rest
    more = [word for before, word in pairwise(["", *rest])
            if not word.startswith("-") and not takes_next(before)]  # fmt: skip
    arguments.rest = [word for word in rest if word not in more]
    problems += arguments.parser.unknown(arguments.rest)
    words = [*arguments.scenario, *more]
    twice = dict.fromkeys(word for word in words if words.count(word) > 1)
    problems += [Problem(word, "is asked for more than once", "each scenario once")
                 for word in twice]  # fmt: skip
    found, wrong = {}, {}
    for word in dict.fromkeys(words):
        one = argparse.Namespace(**{**vars(arguments), "scenario": word})
        wrong[word] = list[Problem]()
        found[word] = scenario_asked_for(one, command, wrong[word])
    problems += _of_each(wrong)
    if problems:
        return {}
    names = [scenario.name for scenario in found.values()]
    return {word if names.count(known.name) > 1 else known.name: known
            for word, known in found.items()}  # fmt: skip


def _of_each(wrong: dict[str, list[Problem]]) -> list[Problem]:
    """Return the problems of all scenarios: first those that all have, then those of each."""
    first, *others = wrong.values()
    of_all = [problem for problem in first if all(problem in other for other in others)]
    return of_all + [
        problem if label in problem.where else replace(problem, where=f"{label}: {problem.where}")
        for label, problems in wrong.items()
        for problem in problems
        if problem not in of_all
    ]


def _started(asked: dict[str, Any]) -> list[Start]:
    """Find the people of every scenario; whatever does not fit is said of all at once."""
    from runs.people import find_population, wrong_start
    from runs.settings import settings_of

    people: dict[tuple[str, int], Any] = {}
    starts, wrong = [], dict[str, list[Problem]]()
    for label, scenario in asked.items():
        first = scenario.years[0]
        which = scenario.population, first
        try:
            if which not in people:
                people[which] = find_population(*which)
            refuse(f"scenario {label}", wrong_start(first, people[which].year))
            starts.append(Start(label, scenario, people[which], settings_of(scenario)))
        except InputError as error:
            if len(asked) == 1:
                raise
            wrong[label] = [*error.problems]
    refuse("command", _of_each(wrong) if wrong else ())
    return starts


def _answered(starts: Sequence[Start], began: float) -> Iterator[Answer]:
    """Live the expected years of each; say on standard error what it took."""
    from sim.twin.model import Expected, Twin

    before = time.perf_counter() - began
    for start in starts:
        clock = time.perf_counter()
        first, last = start.scenario.years
        twin = Twin(start.people, start.settings)
        lived = [*twin.run(last - first + 1)]
        took = time.perf_counter() - clock
        print(f"vandring: {start.label}: {took:.2f} s, after {before:.2f} s of start",
              file=sys.stderr)  # fmt: skip
        yield Answer(start, [*lived, Expected(twin.year, twin.stock(), {})])


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


def _write(path: Path, answers: Iterable[Answer]) -> Path:
    """Write every number, with a column for the scenario if there are several."""
    from runs.tables import write_whole

    answers = list(answers)
    several = len(answers) > 1
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*["scenario"] * several, *COLUMNS))
    for answer in answers:
        label = [answer.start.label] * several
        writer.writerows((*label, *row[:3], f"{row[3]:.3f}") for row in rows_of(answer.lived))
    try:
        return write_whole(path, file.getvalue())
    except OSError as error:
        found = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError("command", [Problem("--out", found, "a writable file")]) from None


def _notes(start: Start) -> list[str]:
    """Return what has to be known of an answer: of this one, and of every one."""
    begins, *others = _own_notes(start)
    return [begins, *APPROXIMATE, *others, SOURCES]


def _own_notes(start: Start) -> list[str]:
    from runs.people import part_of_the_people
    from sim.engine import ASSUMPTIONS

    scenario = start.scenario
    part = part_of_the_people(scenario.population)
    notes = [f"{part}Start: {start.people.source}."]
    if scenario.uncertainty:
        notes.append("What the scenario draws anew in each replicate is left at the estimates.")
    usual = {assumption.name: assumption.default for assumption in ASSUMPTIONS}
    chosen = dict(scenario.assumptions).items()
    assumed = ", ".join(f"{name}: {value}" for name, value in chosen if usual[name] != value)
    if assumed:
        notes.append(f"Assumptions that are not the usual ones: {assumed}.")
    return notes


def _print_json(answers: Iterable[Answer]) -> None:
    """Print the answer, or a list of several."""
    said = [
        {
            "scenario": answer.start.label,
            "question": answer.start.scenario.question,
            "expected": [dict(zip(COLUMNS, row, strict=True)) for row in rows_of(answer.lived)],
            "notes": _notes(answer.start),
        }
        for answer in answers
    ]
    print(json.dumps(said if len(said) > 1 else said[0], indent=1, ensure_ascii=False))


def _print_one(answers: Iterable[Answer]) -> None:
    for answer in answers:
        _print_tables(answer)
        _print_notes(_notes(answer.start))


def _print_several(answers: Iterable[Answer]) -> None:
    """Print each answer as soon as it is there, how they differ, and what holds for all."""
    every: list[Answer] = []
    for answer in answers:
        every.append(answer)
        _print_tables(answer)
        _print_notes([*_own_notes(answer.start), ""])
        sys.stdout.flush()
    _print_differences(every)
    _print_notes([*APPROXIMATE, SOURCES])


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        print(f"- {note}" if note else "")


def _print_tables(answer: Answer) -> None:
    from sim.twin.model import GROUPS

    question = answer.start.scenario.question
    print(f"{answer.start.label}: {question}\nExpected persons a year\n")
    print("year" + "".join(f"{heading:>{WIDTH}}" for heading in HEADINGS.values()))
    for year in answer.lived:
        numbers = {STOCK: year.stock} | year.flows
        cells = (f"{numbers[m].sum():{WIDTH},.0f}" if m in numbers else " " * WIDTH
                 for m in HEADINGS)  # fmt: skip
        print(f"{year.year}" + "".join(cells))
    for measure in ("emigrate", STOCK):
        print(f"\n{HEADINGS[measure]} by reason\nyear" + "".join(f"{g:>15}" for g in GROUPS))
        for year in answer.lived:
            numbers = {STOCK: year.stock} | year.flows
            if measure in numbers:
                print(f"{year.year}" + "".join(f"{n:15,.0f}" for n in numbers[measure]))
    print()


def _print_differences(answers: Sequence[Answer]) -> None:
    """Print the emigrations of all scenarios by year, and by how much they differ."""
    first, *others = (
        {year.year: year.total("emigrate") for year in answer.lived if year.flows}
        for answer in answers
    )
    labels = [answer.start.label for answer in answers]
    headings = [*labels, *(f"{label}, more" for label in labels[1:])]
    wide = max(BROAD, *(len(heading) + 2 for heading in headings))
    print(f"emigrate in every scenario, and how many more than in {labels[0]}")
    print("year" + "".join(f"{heading:>{wide}}" for heading in headings))
    for year in sorted({year for numbers in (first, *others) for year in numbers}):
        cells = [_cell(numbers.get(year), wide) for numbers in (first, *others)]
        for numbers in others:
            both = year in first and year in numbers
            cells.append(_cell(numbers[year] - first[year] if both else None, wide, sign="+"))
        print(f"{year}" + "".join(cells))
    print()
    if len({answer.start.people.source for answer in answers}) > 1:
        print("- They do not start with the same people: not all differences are the scenarios'.")


def _cell(number: float | None, wide: int, sign: str = "") -> str:
    return " " * wide if number is None else f"{round(number):{sign}{wide},}"
