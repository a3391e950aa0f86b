"""`vandring run SCENARIO`: its options, the scenario that they ask for, and the outcome told."""

import argparse
import json
import sys
from typing import Any

from runs.terminal import MOST_THREADS, takes_next, told, whole_number
from sim.problems import InputError, Problem, refuse

EXAMPLES = """\
examples:
  vandring run baseline
  vandring run baseline --years 2013..2014 --replicates 50 --threads 2
  vandring run my_scenario.yaml --population register.parquet --json
  vandring run --resume runs/out/baseline-20260102T030405-0a1b2c3d

A scenario is the name of a shipped one or the path of a YAML file. The run is written to
a new folder under runs/out/, with report.html, flows.parquet, stocks.parquet, summary
tables, figures and manifest.json. Options put their value over that of the scenario.
A run that was broken off goes on with --resume, and gives the same numbers.
"""
OVERRIDES = (
    "years", "replicates", "seed", "model_type", "population", "parameters", "economy",
    "calibration", "draws", "uncertainty",
)  # fmt: skip


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add(
        "scenario",
        metavar="SCENARIO",
        nargs="?",
        help="name of a shipped scenario, or path of a YAML file",
    )
    add("--years", metavar="FIRST..LAST", help="first and last year to live, such as 2013..2022")
    add("--replicates", metavar="N", help="how often to live them, with different luck")
    add("--seed", metavar="N", help="where the luck starts; the same seed gives the same numbers")
    add("--threads", metavar="N", help="replicates lived side by side (default: 1)")
    add("--dask", metavar="ADDRESS", nargs="?", const="local", help="live them on a Dask cluster: "
        "its scheduler's address or file; without one, processes on this machine, as many as "
        "--threads, else one a core")  # fmt: skip
    add("--model-type", metavar="1|2|3", help="one logit for all, by centrality, or also by sex")
    add("--population", metavar="WHICH", help="embedded, embedded:0.1 for a tenth, or a file")
    add("--parameters", metavar="WHICH", help="published, or a folder of `vandring estimate`")
    add("--economy", metavar="WHICH", help="default, or a CSV file of paths")
    add("--calibration", metavar="WHICH", help="shipped, or a folder of a calibration")
    add("--uncertainty", metavar="WHAT", help="drawn anew in each replicate besides luck: none, "
        "all, parameters or economy")  # fmt: skip
    add("--draws", metavar="HOW", help="explicit error terms, or faster threshold draws")
    add("--resume", metavar="RUN", help="go on with a run that was broken off: the folder that it "
        "would have got, or its name in runs/out")  # fmt: skip
    add("--out", metavar="FOLDER", help="write the run there instead of to a new folder")
    add("--shards", metavar="N", help="live the people in so many parts of whole families, for "
        "populations larger than memory; auto: a million persons each")  # fmt: skip
    add("--chunk", metavar="N", help="persons handled at a time (speed only)")
    add("--json", action="store_true", help="print the outcome as JSON on standard output")


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Read the scenario, live it, tell where the run lies."""
    from runs.store import folder_problem

    problems: list[Problem] = [*arguments.unknown]
    threads = threads_asked_for(arguments, problems)
    chunk = arguments.chunk
    if chunk is not None:
        chunk = whole_number(chunk, "--chunk", 10**9, problems)
    if arguments.resume is not None:
        finished = _resumed(arguments, threads, chunk, problems)
    elif arguments.scenario is None and not problems:
        missing = "the following arguments are required: SCENARIO"
        raise InputError(
            "command", [Problem("arguments", missing, cure="See vandring run --help.")]
        )
    else:
        scenario = scenario_asked_for(arguments, command, problems)
        problems += folder_problem(arguments.out)
        if problems or scenario is None:
            raise InputError("command", problems)
        finished = _run(scenario, arguments, threads, chunk, command)
    tell = _print_json if arguments.json else _print_lines
    return told(lambda: tell(finished), f"the run lies in {finished.folder}")


def threads_asked_for(arguments: argparse.Namespace, problems: list[Problem]) -> int | None:
    """Return how many replicates are lived side by side here, None if nothing was said.

    What is wrong with where and in how many parts they are to be lived joins `problems`.
    """
    given, dask = arguments.threads, arguments.dask
    if arguments.shards is not None:
        from runs.shards import shards_problem

        problems += shards_problem(arguments.shards)
    if dask is not None:
        from runs.cluster import LOCAL, address_problem

        problems += address_problem(dask)
        if given is not None and dask != LOCAL:
            found = "means nothing on a cluster that is there already"
            cure = "The cluster's workers have threads of their own."
            problems.append(Problem("--threads", found, "without --dask ADDRESS", cure))
    if given is None:
        return None
    return whole_number(given, "--threads", MOST_THREADS, problems)


def _run(
    scenario: Any,
    arguments: argparse.Namespace,
    threads: int | None,
    chunk: int | None,
    command: list[str],
) -> Any:
    from runs.pipeline import run
    from scenarios.lint import warnings_of

    for warning in warnings_of(scenario):
        print(f"vandring: note: {warning}", file=sys.stderr)
    asked_for = {"scenario": arguments.scenario, "options": _options(arguments)}
    return run(scenario, threads=threads, out=arguments.out, chunk=chunk, command=command,
               asked_for=asked_for, dask=arguments.dask, shards=arguments.shards)  # fmt: skip


def _options(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the options that put their value over that of the scenario."""
    given = {name: getattr(arguments, name) for name in OVERRIDES}
    return {name: value for name, value in given.items() if value is not None}


def _resumed(
    arguments: argparse.Namespace, threads: int | None, chunk: int | None, problems: list[Problem]
) -> Any:
    """Go on with a run; whatever would make it another run is refused."""
    for name in (*OVERRIDES, "out", "scenario", "shards"):
        if getattr(arguments, name) is not None:
            word = arguments.scenario if name == "scenario" else f"--{name.replace('_', '-')}"
            found = "cannot be given with --resume: the run goes on as it began"
            problems.append(Problem(word, found, "--threads, --dask, --chunk, --json"))
    refuse("command", problems)
    from runs.pipeline import resume
    from runs.resuming import folder_to_resume

    return resume(folder_to_resume(arguments.resume), threads=threads, chunk=chunk,
                  dask=arguments.dask)  # fmt: skip


def scenario_asked_for(
    arguments: argparse.Namespace, command: list[str], problems: list[Problem]
) -> Any:
    """Read the scenario; what is wrong joins `problems`, so that all comes at once."""
    from runs.people import EMBEDDED, file_problem
    from runs.settings import input_problems
    from scenarios.schema import load_scenario

    given = _options(arguments)
    which = arguments.scenario
    before = command[command.index(which) - 1] if which in command else ""
    if before in arguments.rest and takes_next(before):
        which = "baseline"  # the word is the value of an unknown option; check only the rest
    try:
        scenario = load_scenario(which, given)
    except InputError as error:
        problems += error.problems
        share = str(given.get("population", EMBEDDED))
        problems += file_problem(share) if share.partition(":")[0] == EMBEDDED else []
        return None
    problems += input_problems(scenario)
    return scenario


def _print_json(finished: Any) -> None:
    answer = {
        "folder": str(finished.folder),
        "report": str(finished.folder / "report.html"),
        "files": finished.manifest["files"],
        "headline": finished.headline,
    }
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def _held(manifest: dict[str, Any]) -> str:
    """Say what the intervals of a run hold."""
    if manifest["replicates"] < 2:
        return "One replicate uses the estimates themselves and has no interval."
    drawn = " and ".join(manifest["uncertainty"])
    if not drawn:
        return "Intervals hold chance alone."
    return f"Intervals hold chance and the uncertainty of {drawn} (--uncertainty none: chance)."


def _print_lines(finished: Any) -> None:
    seconds = sum(finished.manifest["timings"].values())
    print(f"Done in {seconds:.1f} s. {_held(finished.manifest)} The report lies in")
    print(f"  {finished.folder / 'report.html'}")
