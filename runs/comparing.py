"""`vandring compare A B`: what differs between two runs or scenarios, for whom and why.

Both are lived side by side with the same luck, so that whatever differs between two persons'
lives is the scenarios' doing. Where that is impossible, finished runs are compared as they lie.
"""

import argparse
import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import MOST_THREADS, told, whole_number
from sim.problems import InputError, Problem, refuse

if TYPE_CHECKING:
    from runs.comparands import Comparand, Ground
    from runs.differences import Comparison
    from runs.lockstep import Duel, History, Ints
    from runs.people import People
    from scenarios.schema import Scenario

OPTIONS = ("years", "replicates", "seed", "population", "uncertainty")
FORMAT = "vandring comparison 1"
INPUTS = ("parameters", "economy", "calibration")  # files that a manifest has fingerprints of
EXAMPLES = """\
examples:
  vandring compare baseline by_sex_and_centrality
  vandring compare baseline my_scenario.yaml --years 2013..2016 --replicates 10 --threads 2
  vandring compare runs/out/baseline-20130101T120000-0123abcd my_run --json

A and B are folders of finished runs, their names in runs/out, or scenarios. All numbers are B
less A. As soon as one is a scenario, A decides who lives, which years, how often and with which
luck, unless options say otherwise. How persons are compared: docs/compare.md.
"""


class Otherwise(Exception):  # noqa: N818 - no error: another way is taken
    """Why runs cannot be lived again as they were."""


@dataclass(frozen=True)
class Found:
    """A comparison with what was learned on the way."""

    comparison: "Comparison"
    notes: tuple[str, ...]
    people: "People | None" = None


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("a", metavar="A", help="a finished run or a scenario")
    add("b", metavar="B", help="what it is compared with")
    add("--years", metavar="FIRST..LAST", help="years to live in both, such as 2013..2016")
    add("--replicates", metavar="N", help="how often to live them, with different luck")
    add("--seed", metavar="N", help="where the luck starts")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--uncertainty", metavar="WHAT", help="none, all, or of parameters, economy: drawn anew")
    add("--threads", metavar="N", default="1", help="replicates lived side by side (default: 1)")
    add("--out", metavar="FOLDER", help="write there instead of to a new folder in runs/out")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Check, compare, write, tell."""
    from runs.comparands import common_ground
    from runs.store import folder_problem

    problems = [*arguments.unknown, *folder_problem(arguments.out)]
    threads = whole_number(arguments.threads, "--threads", MOST_THREADS, problems)
    given = {name: getattr(arguments, name) for name in OPTIONS if getattr(arguments, name)}
    try:
        ground = common_ground((arguments.a, arguments.b), given)
    except InputError as error:
        raise InputError("command", [*problems, *error.problems]) from None
    refuse("command", problems)

    folder, outcome = compare(ground, threads, arguments.out, command)
    return told(lambda: _tell(folder, outcome, as_json=arguments.json), f"it lies in {folder}")


def _tell(folder: Path, outcome: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome, indent=2, ensure_ascii=False))
        return
    print(outcome["answer"][0])
    for note in (*outcome["notes"], *outcome["warnings"]):
        print(f"Note: {note}")
    print(f"The report lies in\n  {folder / 'report.html'}")


def compare(
    ground: "Ground", threads: int, out: str | None, command: list[str]
) -> tuple[Path, dict[str, Any]]:
    """Compare A and B and write the folder, which is whole or absent."""
    from runs import store
    from runs.compare_report import write_comparison

    started, clock = datetime.now(UTC).astimezone(), time.monotonic()
    labels = [re.sub(r"[^\w-]+", "_", label)[:40] for label in ground.labels]
    mark = sha256(repr([started.isoformat(), command]).encode()).hexdigest()
    name = f"compare-{labels[0]}-{labels[1]}"
    folder = store.new_folder(name, mark, started, out)
    with store.whole_folder(folder) as part:  # so that a folder that cannot be is told at once
        found = find(ground, threads)
        record = _manifest(ground, found, started, command)
        record["timings"] = {"simulation": round(time.monotonic() - clock, 3)}
        outcome = write_comparison(part, record, found.comparison, ground.labels)
    return folder, {"folder": str(folder), "report": str(folder / "report.html"), **outcome}


def find(ground: "Ground", threads: int = 1) -> Found:
    """Compare person by person if both can be lived, otherwise the tables of both runs."""
    if ground.lived:
        try:
            return _lived(ground, threads)
        except Otherwise as reason:
            if not ground.finished or ground.given:
                cure = "Run it again, or give its scenario instead."
                problem = Problem("run", str(reason), "one that this Vandring can live", cure)
                raise InputError("command", [problem]) from None
            why = f"The runs cannot be lived again: {reason}."
    else:
        why = "" if not ground.shared else "A run was written by another Vandring."
    from runs.run_tables import compare_tables

    said = [why] if why else []
    said.append("Tables are compared, so who does something else, and why, cannot be told.")
    return Found(compare_tables(ground), (*ground.notes, *said))


def _lived(ground: "Ground", threads: int) -> Found:
    """Live both side by side and compare every person."""
    from runs.differences import Tally
    from runs.lockstep import live_both
    from runs.progress import Progress

    try:
        duel, people = _duel(ground)
    except InputError as error:
        if not ground.finished or ground.given:
            raise
        raise Otherwise("; ".join(map(str, error.problems))) from None
    notes = list(ground.notes)
    scenarios = [one.scenario for one in ground.both if one.scenario]
    if len({scenario.draws for scenario in scenarios}) > 1:
        notes.append("A and B draw in different ways, so the yearly choice shares no luck.")
    recorded = list(_recorded(ground, duel.years))
    tally, steps = Tally(ground.drawn), duel.years * ground.replicates
    with Progress(steps, "years lived twice") as bar:
        for number, history in enumerate(live_both(duel, threads, bar.advance)):
            if number == 0:
                notes += _as_recorded(ground, history, recorded)
            tally.add(history)
    comparison = tally.comparison(ground.years, ground.replicates)
    return Found(comparison, tuple(notes), people)


def _duel(ground: "Ground") -> "tuple[Duel, People]":
    """Return what is to be lived, or say why a finished run cannot be lived again."""
    from runs.ensemble import Plan, drawn_by
    from runs.lockstep import Duel
    from runs.matching import BY
    from runs.people import find_people
    from runs.settings import settings_of

    scenarios = ground.scenarios()
    assert scenarios is not None, "what is lived has scenarios"
    a, b = scenarios
    people = find_people(a.population, ground.years[0])
    here = people.population.year
    if here != ground.years[0]:
        found = f"begin with {ground.years[0]}, but the population is that of 1 January {here}"
        raise InputError("command", [Problem("years", found, f"{here}..")])
    for comparand in ground.both:
        _check_inputs(comparand, people, population="population" in ground.given)
    years = ground.years[1] - ground.years[0] + 1
    one, other = (
        Plan(people.population, settings_of(scenario), ground.seed, years, ground.replicates, BY,
             drawn_by(scenario))
        for scenario in (a, b)
    )  # fmt: skip
    return Duel((one, other)), people


def _check_inputs(one: "Comparand", people: "People", *, population: bool) -> None:
    """Say that the people or the parameters of a finished run are others now."""
    from runs.manifest import parameter_digest
    from runs.settings import unlike

    if one.folder is None or one.scenario is None:
        return
    if one.record["population"].get("shards"):
        raise Otherwise(f"the people of {one.word} were divided among shards")
    moved = people.population.year != one.record["population"].get("year")
    if not population and not moved and people.digest != one.record["population"].get("sha256"):
        raise Otherwise(f"the population is another than that of {one.word}")
    try:
        parameters = parameter_digest(one.scenario.parameters)
    except OSError:
        raise Otherwise(f"the parameters of {one.word} are not there any more") from None
    if parameters != one.record["parameters"].get("sha256"):
        raise Otherwise(f"the parameters are others than those of {one.word}")
    for problem in unlike(one.record, one.scenario):
        raise Otherwise(f"{one.word}: {problem.where} {problem.found}")


def _recorded(ground: "Ground", years: int) -> "Iterator[Ints | None]":
    """Yield, of A and of B, the events of the first replicate by year, if a run has them."""
    from runs.run_tables import first_totals

    for one in ground.both:
        same = (one.years[0], one.seed) == (ground.years[0], ground.seed)
        as_it_was = same and not set(ground.given) - {"replicates"} and _drawn_alike(one, ground)
        if one.folder is not None and as_it_was:
            yield first_totals(one.folder, ground.years[0], years)
        else:
            yield None


def _drawn_alike(one: "Comparand", ground: "Ground") -> bool:
    """Say whether the first replicate draws what it drew in a run; one alone draws nothing."""
    drawing = one.scenario is not None and one.scenario.uncertainty
    return not drawing or (one.replicates == 1) == (ground.replicates == 1)


def _as_recorded(
    ground: "Ground", history: "History", recorded: "list[Ints | None]"
) -> Iterator[str]:
    """Say of a finished run whose numbers come out otherwise; two such are not lived at all."""
    for one, lived, held in zip(ground.both, history.totals, recorded, strict=True):
        known = 0 if held is None else len(held)
        if held is None or (lived[:known] == held).all():
            continue
        said = f"{one.word} was made by another Vandring, whose numbers differ"
        if ground.finished and not ground.given:
            raise Otherwise(said)
        yield f"{said}; it is lived anew here."


def _manifest(
    ground: "Ground", found: Found, started: datetime, command: list[str]
) -> dict[str, Any]:
    """Return what is known of the comparison, to be repeated and to be cited."""
    import shlex

    from runs import manifest as manifests
    from runs.comparands import changed_fields

    scenarios, people = ground.scenarios(), found.people
    assumed = ground.a.record.get("assumptions", [])
    changes = changed_fields(*scenarios) if scenarios else ()
    return {
        "format": FORMAT,
        "sides": [_side(one, label) for one, label in zip(ground.both, ground.labels, strict=True)],
        "changes": [dict(zip(("what", "a", "b"), change, strict=True)) for change in changes],
        "years": list(ground.years),
        "replicates": ground.replicates,
        "seed": ground.seed if ground.shared else [ground.a.seed, ground.b.seed],
        "uncertainty": list(found.comparison.drawn),
        "shared_luck": found.comparison.paired,
        "persons_compared": found.comparison.reasons is not None,
        "population": _population(ground, people),
        "assumptions": manifests.assumptions(scenarios[0]) if scenarios else assumed,
        "warnings": _warnings(scenarios) if scenarios else [],
        "notes": list(found.notes),
        "versions": manifests.versions(),
        "commit": manifests.commit(),
        "started": started.isoformat(timespec="seconds"),
        "command": shlex.join(command),
    }


def _warnings(scenarios: "Iterable[Scenario]") -> list[str]:
    """Return what may not be meant in either scenario, each said once."""
    from scenarios.lint import warnings_of

    return list(dict.fromkeys(said for scenario in scenarios for said in warnings_of(scenario)))


def _population(ground: "Ground", people: "People | None") -> dict[str, Any]:
    if people is None:
        return dict(ground.a.record["population"])
    return {
        "asked_for": people.asked_for,
        "source": people.population.source,
        "year": people.population.year,
        "persons": len(people.population),
        **people.population.census(),
        "sha256": people.digest,
    }


def _side(one: "Comparand", label: str) -> dict[str, Any]:
    """Return what is known of A or of B."""
    from scenarios.explain import changes_of

    return {
        "label": label,
        "asked_for": one.word,
        "run": str(one.folder) if one.folder else None,
        "scenario": asdict(one.scenario) if one.scenario else dict(one.record["scenario"]),
        "changes": changes_of(one.scenario) if one.scenario else [],
        **(_inputs(one) if one.folder is None else _of_run(one)),
    }


def _of_run(one: "Comparand") -> dict[str, Any]:
    """Return what the manifest of a run says of the files that its numbers come from."""
    return {name: dict(one.record[name]) for name in INPUTS if name in one.record}


def _inputs(one: "Comparand") -> dict[str, Any]:
    """Return the same of a scenario."""
    from runs.manifest import parameter_digest
    from runs.settings import digests, settings_of
    from sim.transitions.logit import parameters_set

    assert one.scenario is not None, "only runs lack a scenario"
    source = parameters_set(settings_of(one.scenario)).source
    name = one.scenario.parameters
    parameters = {"name": name, "source": source, "sha256": parameter_digest(name)}
    return {"parameters": parameters, **digests(one.scenario)}
