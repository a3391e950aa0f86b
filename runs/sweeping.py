"""`vandring sensitivity SCENARIO`: which levers matter most, from the ranges of the scenario."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import INTERRUPTED, told, whole_number
from sim.problems import InputError, Problem, shown, suggest

if TYPE_CHECKING:
    from runs.sensitivity.design import Design
    from runs.sensitivity.question import Question
    from scenarios.schema import Scenario

MOST_REPLICATES = 10_000
MOST_RUNS = 10_000_000
METHODS = "oat, morris, sobol or delta"
ORDERED = ("oat", "morris", "delta")  # which need inputs from low to high
OUTPUT = "--output"
EXAMPLES = """\
examples:
  vandring sensitivity sensitivity_small --method oat --replicates 4
  vandring sensitivity sensitivity_2030 --population embedded:0.1 --threads 2
  vandring sensitivity my_scenario.yaml --method morris --output "arrivals in 2028"
  vandring sensitivity sensitivity_2030 --out mine --resume        # go on where it was stopped

The scenario says between what levers and parameters may lie (ranges:), and what to tell of
(outputs:). Every point has the same luck. How it is written and read: docs/sensitivity.md.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    parser.set_defaults(replicates=None, uncertainty=None, shards=None)  # those of a run are others
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", help="name of a shipped scenario, or path of a YAML file")
    add("--method", metavar="HOW", default="sobol", help=f"{METHODS} (default: sobol)")
    add("--size", metavar="N", help="steps (oat), trajectories (morris), base points (sobol, a "
        "power of 2) or points (delta)")  # fmt: skip
    add("--second-order", action="store_true", help="with sobol: what pairs of inputs make, too")
    add("--output", metavar="NAME", action="append", help="tell of this instead of the scenario's "
        "outputs, such as 'emigrations in 2030'; may be said several times")  # fmt: skip
    add("--replicates", metavar="N", dest="times", default="1", help="lives at each point, over "
        "which outputs are averaged (default: 1)")  # fmt: skip
    add("--uncertainty", metavar="WHAT", dest="uncertain", default="none", help="parameters, "
        "economy or all: draws of these as inputs of their own (sobol)")  # fmt: skip
    add("--years", metavar="FIRST..LAST", help="first and last year to live")
    add("--seed", metavar="N", help="where luck and points start")
    add("--threads", metavar="N", help="points lived side by side (default: 1)")
    add("--dask", metavar="ADDRESS", nargs="?", const="local", help="live them on a Dask cluster: "
        "its scheduler's address or file; without one, processes on this machine")  # fmt: skip
    add("--model-type", metavar="1|2|3", help="one logit for all, by centrality, or also by sex")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--parameters", metavar="WHICH", help="published, or a folder of `vandring estimate`")
    add("--economy", metavar="WHICH", help="default, or a CSV file of paths")
    add("--calibration", metavar="WHICH", help="shipped, or a folder of a calibration")
    add("--draws", metavar="HOW", help="explicit error terms, or faster threshold draws")
    add("--out", metavar="FOLDER", help="write there instead of to a folder in runs/out")
    add("--resume", action="store_true", help="go on with the same analysis, which was stopped")
    add("--json", action="store_true", help="print what was found as JSON on standard output")


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Check, live all points, write, tell; what was lived is kept if it is stopped."""
    from runs.running import scenario_asked_for, threads_asked_for
    from runs.store import folder_problem

    problems = [*arguments.unknown, *folder_problem(arguments.out)]
    threads = threads_asked_for(arguments, problems)
    scenario = scenario_asked_for(arguments, command, problems)
    question = _question(arguments, scenario, problems)
    if problems or question is None:
        raise InputError("command", problems)
    from runs.sensitivity.analysis import analyse

    _warn(question)
    try:
        folder, record = analyse(
            question,
            threads=threads,
            dask=arguments.dask,
            out=arguments.out,
            resume=arguments.resume,
            command=command,
        )
    except KeyboardInterrupt:
        print("vandring: stopped; what was lived is kept: the same command with --resume goes on",
              file=sys.stderr)  # fmt: skip
        return INTERRUPTED
    return told(lambda: _tell(folder, record, as_json=arguments.json), f"it lies in {folder}")


def _question(
    arguments: argparse.Namespace, scenario: "Scenario | None", problems: list[Problem]
) -> "Question | None":
    """Return what is asked; what is wrong joins `problems`, so that all comes at once."""
    from runs.sensitivity.question import Question

    times = whole_number(arguments.times, "--replicates", MOST_REPLICATES, problems)
    uncertain = _uncertain(arguments, problems)
    design = _design(arguments, scenario.seed if scenario else 0, problems)
    outputs = _said(arguments.output, problems)
    if scenario is None:
        return None
    scenario = _with_outputs(scenario, outputs, problems)
    question = Question(scenario, design, times, uncertain)
    if not question.inputs:
        cure = "Add ranges: to the file, such as unemployment.norway: {2025..: -1 to +2}."
        problems.append(Problem("ranges", "are none, so nothing can be varied", "some", cure))
    many = design.many(len(question.inputs)) * times
    if many > MOST_RUNS:
        problems.append(Problem("--size", f"asks for {many:,} lives", f"at most {MOST_RUNS:,}"))
    return question


def _uncertain(arguments: argparse.Namespace, problems: list[Problem]) -> tuple[str, ...]:
    """Return what is drawn as an input: only shares of the variance can tell of draws."""
    from scenarios.fields import CHECKS

    found, wrong = CHECKS["uncertainty"](arguments.uncertain, "--uncertainty")
    problems += wrong
    if wrong:
        return ()
    if found and arguments.method in ORDERED:
        cure = "Use --method sobol, or leave --uncertainty out."
        said = f"draws have no order, which {arguments.method} needs"
        problems.append(Problem("--uncertainty", said, "with sobol only", cure))
    return tuple(found)


def _design(arguments: argparse.Namespace, seed: int, problems: list[Problem]) -> "Design":
    """Return how to look; beside an unknown method what else is wrong is told as of sobol."""
    from runs.sensitivity.design import METHODS as KNOWN
    from runs.sensitivity.design import SIZES, SOBOL, Design, size_problem

    method = arguments.method
    known = method in KNOWN
    if not known:
        cure = suggest(method, KNOWN)
        problems.append(Problem("--method", f"is {shown(method)}", ", ".join(KNOWN), cure))
        method = SOBOL
    if arguments.second_order and method != SOBOL:
        problems.append(Problem("--second-order", f"is unknown to {method}", "with sobol only"))
    size = SIZES[method][2]
    if arguments.size is not None:
        before = len(problems)
        size = whole_number(arguments.size, "--size", MOST_RUNS, problems)
        problems += size_problem(method, size) if known and len(problems) == before else []
    return Design(method, size, seed, arguments.second_order)


def _said(said: list[str] | None, problems: list[Problem]) -> tuple[str, ...] | None:
    """Return the outputs of the command line, None if there are none or some make no sense."""
    from scenarios.outputs import read_outputs

    if not said:
        return None
    names, wrong = read_outputs(said, OUTPUT)
    problems += wrong
    return None if wrong else names


def _with_outputs(
    scenario: "Scenario", said: tuple[str, ...] | None, problems: list[Problem]
) -> "Scenario":
    """Return the scenario with the outputs of the command line, if there are any."""
    from scenarios.outputs import WRITTEN, outputs_of, year_problems

    if said:
        scenario = replace(scenario, outputs=said)
    elif any(problem.where.startswith(OUTPUT) for problem in problems):
        return scenario  # those of the file are not asked for
    if not scenario.outputs:
        problems.append(Problem("outputs", "are none", WRITTEN, "Add --output, or outputs: to the "
                                "file."))  # fmt: skip
    problems += year_problems(outputs_of(scenario.outputs), scenario.years,
                              OUTPUT if said else "outputs")  # fmt: skip
    return scenario


def _warn(question: "Question") -> None:
    """Say on standard error what may not be meant."""
    from scenarios.lint import FOR_SENSITIVITY, warnings_of

    for warning in warnings_of(question.scenario):
        if warning != FOR_SENSITIVITY:
            print(f"vandring: note: {warning}", file=sys.stderr)
    if question.scenario.uncertainty and not question.uncertain:
        print("vandring: note: every point uses the estimates themselves; --uncertainty varies "
              "them too.", file=sys.stderr)  # fmt: skip


def _tell(folder: Path, record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        keys = ("design", "points", "inputs", "answer", "caveats", "noise", "files", "timings")
        held = {"folder": str(folder), **{key: record[key] for key in keys}}
        print(json.dumps(held, indent=2, ensure_ascii=False))
        return
    for sentence in (*record["answer"], *record["caveats"]):
        print(sentence)
    print(f"The page lies in\n  {folder / 'sensitivity.html'}")
