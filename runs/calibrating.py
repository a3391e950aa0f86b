"""`vandring calibrate`: the model aligned to the published record, with a page on how well."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import DONE, FAILED
from sim.problems import Problem, refuse, shown

if TYPE_CHECKING:
    from calibration.calibrated_fit import Found

MOST_SEEDS = 20
LEAST_SCALE = 0.05
PAGE, RECORD = "calibration.html", "calibration.json"
EXAMPLES = """\
examples:
  vandring calibrate --out my_calibration
  vandring calibrate --out quick --scale 0.2 --seeds 1
  vandring run baseline --calibration my_calibration

The folder that it writes can be named in a scenario (calibration: my_calibration). It holds four
tables, and calibration.html: the fit, the residuals and what is not identified. The figures
that it fits to come with the package (calibration/data). It takes some minutes.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("--out", metavar="FOLDER", help="(needed) new or empty folder for the calibration")
    add("--scale", metavar="SHARE", default="1", help="share of the people in the histories that "
        "are simulated: 0.2 is quick and rougher")  # fmt: skip
    add("--seeds", metavar="N", default="4", help="histories simulated in each round (default 4)")
    add("--flows-alone", action="store_true", help="fit the years to flows alone, not to stocks")
    add("--json", action="store_true", help="print what was found as JSON")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Calibrate, write, tell; exit with 1 if something published does not hold."""
    from runs.store import folder_problem, whole_folder

    scale, seeds = _number(arguments.scale), _number(arguments.seeds)
    problems = [*arguments.unknown, *_wrong(scale, seeds, arguments)]
    refuse("command", problems or folder_problem(arguments.out))
    from calibration.calibrated_fit import calibrate

    with whole_folder(Path(arguments.out)) as part:
        found = calibrate(
            part, scale=scale, seeds=tuple(range(1, int(seeds) + 1)),
            stocks=not arguments.flows_alone, say=_say,
        )  # fmt: skip
        record = _record(found, scale, int(seeds), stocks=not arguments.flows_alone)
        (part / RECORD).write_text(json.dumps(record, indent=1), "utf-8")
        (part / PAGE).write_text(page(found, record), "utf-8")
    missed = [line for line in (*found.families, *found.experiments) if not line.held]
    if arguments.json:
        print(json.dumps(record, indent=1))
    else:
        print("\n".join(told(found, Path(arguments.out))))
    return FAILED if missed else DONE


def _say(step: str) -> None:
    print(f"vandring: {step} ...", file=sys.stderr, flush=True)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _wrong(scale: float, seeds: float, arguments: argparse.Namespace) -> Iterator[Problem]:
    if not arguments.out:
        yield Problem("--out", "is missing", "a new folder", "Add --out my_calibration.")
    if not LEAST_SCALE <= scale <= 1:
        yield Problem("--scale", f"is {shown(arguments.scale)}", f"{LEAST_SCALE} to 1")
    if not (1 <= seeds <= MOST_SEEDS and seeds % 1 == 0):
        yield Problem("--seeds", f"is {shown(arguments.seeds)}", f"1 to {MOST_SEEDS}")


def _record(found: "Found", scale: float, seeds: int, *, stocks: bool) -> dict[str, Any]:
    return {
        "scale": scale,
        "seeds": seeds,
        "years_fitted_to": "flows and stocks" if stocks else "flows alone",
        "last_steps_of_the_years": list(found.moved),
        "settled": found.settled,
        "families": [asdict(line) for line in found.families],
        "experiments": [asdict(line) for line in found.experiments],
        "answers": [asdict(answer) | {"identified": answer.identified} for answer in found.answers],
    }


def told(found: "Found", folder: Path) -> Iterator[str]:
    """Yield what the command prints."""
    held = sum(line.held for line in found.families)
    yield (f"Tables 4.1-4.3: {held} of {len(found.families)} rates within 0.5 points or 15 percent")
    for line in found.experiments:
        yield f"{line.where}: {line.model:+.2f} percent (published {line.published:+.1f})"
    steps = ", ".join(f"{step:.3f}" for step in found.moved)
    yield f"shifts of the years, largest change by round: {steps}"
    if not found.settled:
        yield "note: the shifts have not come to rest; use more people (--scale) or seeds"
    unknown = [a for a in found.answers if not a.identified]
    yield f"{len(unknown)} of {len(found.answers)} elasticities are as their priors: not identified"
    yield f"The page lies in\n  {folder / PAGE}"


def page(found: "Found", record: Mapping[str, Any]) -> str:
    """Return the page with fit, residuals and what is not identified."""
    from jinja2 import Environment, StrictUndefined

    from runs.compare_report import style
    from sim.codes import COUNTRY_GROUP, REASON

    text = (resources.files("runs") / "templates" / "calibrate.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=StrictUndefined)  # fmt: skip
    shifts = [
        {"reason": reason, "group": group, "cells": [
            (float(found.shifts[y, r, g]), float(found.errors[y, r, g]))
            for y in range(len(found.shifts))
        ]}
        for r, reason in enumerate(REASON.names) for g, group in enumerate(COUNTRY_GROUP.names)
        if not (reason == "nordic" and g > 0)
    ]  # fmt: skip
    return environment.from_string(text).render(
        found=found, record=record, style=style(), shifts=shifts,
        years=[2004 + y for y in range(len(found.shifts))],
    )  # fmt: skip
