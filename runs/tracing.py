"""`vandring trace RUN PERSON`: one life told year by year, with chances, luck and reasons.

The run is lived again from its manifest (same people, same seed, so the same bits) and one
person is watched: who they were on 1 January, what each process did to them, and for the
yearly choice the probability and the error term of every alternative.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import DONE
from sim.problems import Problem, refuse, shown

if TYPE_CHECKING:
    from runs.people import People
    from runs.watching import Life
    from scenarios.schema import Scenario

EXAMPLES = """\
examples:
  vandring trace runs/out/baseline-20130101T120000-0123abcd 1042
  vandring trace my_run 1042 --replicate 3 --json

PERSON is an identifier of the population. Persons who arrive or are born in a run have long ones;
`--event emigrate` in place of PERSON tells of the first to whom that happens.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("run", metavar="RUN", help="folder of a run")
    add("person", metavar="PERSON", nargs="?", help="identifier of a person")
    add("--event", metavar="WHAT", help="instead of PERSON: the first to whom this happens")
    add("--replicate", metavar="N", default="0", help="which history (default: 0)")
    add("--json", action="store_true", help="print the life as JSON")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Find the run, live it again, tell of the person."""
    if arguments.person is None and len(arguments.rest) == 1 and _number(arguments.rest[0]):
        arguments.person, arguments.unknown = arguments.rest[0], []  # it stood behind an option
    problems = [*arguments.unknown, *_wrong(arguments)]
    refuse("command", problems)
    from runs.recorded import manifest_of

    folder = Path(arguments.run)
    record = manifest_of(folder)
    scenario, people = _people(record, folder)
    from runs.watching import watch

    person = None if arguments.person is None else int(arguments.person)
    life = watch(scenario, people, int(arguments.replicate), person, arguments.event)
    if arguments.json:
        print(json.dumps(life.record(), indent=1, ensure_ascii=False))
    else:
        print("\n".join(_told(life, record)))
    return DONE


def _wrong(arguments: argparse.Namespace) -> Iterable[Problem]:
    from sim.codes import EVENT

    if (arguments.person is None) == (arguments.event is None):
        yield Problem("PERSON", "is needed, or --event, but not both", "one of them")
    if arguments.person is not None and not _number(arguments.person):
        found = f"is {shown(arguments.person)}"
        yield Problem("PERSON", found, "an identifier, a whole number from 0")
    if arguments.event is not None and arguments.event not in EVENT.names[1:]:
        found, allowed = f"is {shown(arguments.event)}", ", ".join(EVENT.names[1:])
        yield Problem("--event", found, allowed)
    if not _number(arguments.replicate):
        yield Problem("--replicate", f"is {shown(arguments.replicate)}", "a whole number from 0")
    if not (Path(arguments.run) / "manifest.json").is_file():
        cure = "Give the folder that `vandring run` wrote."
        yield Problem("RUN", f"{shown(arguments.run)} holds no manifest.json", "a run", cure)


def _number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and int(word[:20]) < 2**63


def _people(record: Mapping[str, Any], folder: Path) -> "tuple[Scenario, People]":
    """Return the scenario and the people of a run, or say what is not as it was."""
    from runs.manifest import parameter_digest
    from runs.people import find_people
    from runs.settings import scenario_of, unlike

    scenario = scenario_of(record, folder)
    people = find_people(scenario.population, scenario.years[0])
    problems = unlike(record, scenario)
    if people.digest != record["population"]["sha256"]:
        cure = "Run the scenario again, then trace that run."
        problems.append(Problem("population", "is another than that of the run", "the same", cure))
    if parameter_digest(scenario.parameters) != record["parameters"]["sha256"]:
        problems.append(Problem("parameters", "are others than those of the run", "the same"))
    refuse(str(folder), problems)
    return scenario, people


def _told(life: "Life", record: Mapping[str, Any]) -> Iterable[str]:
    name = record["scenario"]["name"]
    yield f"Person {life.person} in run {name}, replicate {life.replicate}, seed {record['seed']}"
    for year in life.years:
        yield ""
        yield f"{year.year}  {year.state}"
        for line in year.lines:
            yield f"      {line}"
    yield ""
    yield f"{life.end[0]}  {life.end[1]}"
