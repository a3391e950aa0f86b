"""`vandring plan SCENARIO`: what a run will cost, and how many replicates a precision needs."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runs.terminal import MOST_THREADS, told, whole_number
from sim.problems import InputError, Problem, refuse, shown, suggest

if TYPE_CHECKING:
    from runs.pilot import Forecast
    from runs.precision import Precision

OVERRIDES = (
    "years", "replicates", "seed", "model_type", "population", "parameters", "economy",
    "calibration", "draws", "uncertainty",
)  # fmt: skip
EXAMPLES = """\
examples:
  vandring plan baseline --threads 2
  vandring plan forecast --replicates 100 --threads 2
  vandring plan baseline --half-width 100 --of emigrations --year 2022
  vandring plan baseline --half-width 0.5% --of stock

Nothing is written. A pilot lives a few years of all the people and all the years of a part of
them; what it measures is told for the whole run. Seconds are those of this machine as busy as it
is now. The half-width is that of the 95 % interval of the mean, which more replicates narrow; the
interval for one history they do not.
"""
GIB, MIB = 2**30, 2**20
STOCK = "stock"
FEW = 10  # replicates; of fewer the interval for one history is mostly what they do not know
MANY = 40  # replicates of each of the two ensembles of the pilot of precision


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", help="name of a shipped scenario, or path of a YAML file")
    add("--half-width", metavar="X", help="wanted of the 95 %% interval of the mean: persons, "
        "percentage points for a rate, or a percentage of the mean such as 2%%")  # fmt: skip
    add("--of", metavar="MEASURE", help="what it is of (default: emigrations)")
    add("--year", metavar="YEAR", help="and in which year (default: the last)")
    for name in OVERRIDES:
        add(f"--{name.replace('_', '-')}", metavar="WHAT", help="as for `vandring run`")
    add("--threads", metavar="N", default="1", help="replicates lived side by side (default: 1)")
    add("--json", action="store_true", help="print the plan as JSON on standard output")


def act(arguments: argparse.Namespace, command: list[str]) -> int:
    """Check, try out, tell."""
    from runs.running import scenario_asked_for

    problems: list[Problem] = [*arguments.unknown]
    threads = whole_number(arguments.threads, "--threads", MOST_THREADS, problems)
    wanted = _half_width(arguments, problems)
    year = arguments.year
    if year is not None:
        year = whole_number(year, "--year", 9999, problems)
    scenario = scenario_asked_for(arguments, command, problems)
    problems += _never_told(arguments.of, year, scenario)
    if problems or scenario is None:
        raise InputError("command", problems)
    plan = plan_for(scenario, threads, arguments.of or "emigrations", year, wanted)
    if arguments.json:
        return told(lambda: print(json.dumps(plan, indent=2)), "nothing was written")
    return told(lambda: print("\n".join(in_words(plan))), "nothing was written")


def _half_width(
    arguments: argparse.Namespace, problems: list[Problem]
) -> "tuple[float, bool] | None":
    """Return the wanted half-width and whether it is a percentage of the mean."""
    word = arguments.half_width
    if word is None:
        for name in ("of", "year"):
            if getattr(arguments, name) is not None:
                cure = "Say how well it is to be known, such as --half-width 2%."
                problems.append(Problem(f"--{name}", "says of what a half-width is", cure=cure))
        return None
    if arguments.replicates is not None:
        cure = "Leave one of them out: the half-width decides how many replicates are needed."
        problems.append(Problem("--half-width", "is asked for beside --replicates", cure=cure))
    try:
        number = float(word.removesuffix("%"))
    except ValueError:
        number = float("nan")
    if not 0 < number < 1e12:
        allowed = "a number above 0, or a percentage such as 2%"
        problems.append(Problem("--half-width", f"is {shown(word)}", allowed))
    return number, word.endswith("%")


def _never_told(of: str | None, year: int | None, scenario: Any) -> Iterator[Problem]:
    """Yield what no run of this scenario tells: a measure of another name, or of another year."""
    from runs.measures import COUNTS, RATES

    known = (*COUNTS, *RATES, STOCK)
    if of is not None and of not in known:
        yield Problem("--of", f"is {shown(of)}", ", ".join(known), suggest(of, known))
    if scenario is not None and year is not None:
        first, last = scenario.years[0], scenario.years[1] + (of == STOCK)
        if not first <= year <= last:
            yield Problem("--year", f"is {year}", f"{first} to {last}")


def plan_for(
    scenario: Any, threads: int, measure: str, year: int | None, wanted: "tuple[float, bool] | None"
) -> dict[str, Any]:
    """Return the plan of a run as data."""
    from runs import precision
    from runs.pilot import Pilot, clocks
    from runs.pipeline import job_of

    start = clocks()
    if wanted is not None:
        scenario = replace(scenario, replicates=max(scenario.replicates, 2))
    job = job_of(scenario, None, datetime.now(UTC).astimezone(), ["vandring"])
    job.record["threads"] = threads
    population = clocks() - start
    found: dict[str, Any] = {
        "scenario": scenario.name,
        "years": list(scenario.years),
        "persons": len(job.people.population),
        "threads": threads,
        "uncertainty": job.record["uncertainty"],
    }
    replicates = scenario.replicates
    if wanted is not None:
        known = precision.pilot(job.plan, measure, year, threads, many=MANY)
        replicates = _needed(known, wanted)
        found["precision"] = _told(known, replicates, wanted)
    pilot = Pilot(job, population, max(min(threads, replicates), 1))
    found["run"] = _cost(pilot.forecast(replicates))
    found["pilot_seconds"] = round(float((clocks() - start)[0]), 1)
    return found


def _needed(known: "Precision", wanted: tuple[float, bool]) -> int:
    """Return how many replicates a half-width needs, or say that no number is enough."""
    from runs.precision import MOST_NEEDED

    half = _persons(known, wanted)
    needed = known.needed(half)
    if needed is None:
        found = f"needs more than {MOST_NEEDED:,} replicates"
        best = known.of_mean(MOST_NEEDED)
        refuse("command", [Problem("--half-width", found, f"above {best:.4g}")])
        raise AssertionError
    return needed


def _persons(known: "Precision", wanted: tuple[float, bool]) -> float:
    """Return the wanted half-width in the measure's own unit."""
    number, relative = wanted
    return number * abs(known.mean) / 100 if relative else number


def _told(known: "Precision", replicates: int, wanted: tuple[float, bool]) -> dict[str, Any]:
    """Return what is told of a measure's precision."""
    return {
        "measure": known.measure,
        "year": known.year,
        "mean": _figures(known.mean),
        "wanted_half_width": _figures(_persons(known, wanted)),
        "replicates": replicates,
        "half_width_of_mean": _figures(known.of_mean(replicates)),
        "half_width_of_one_history": _figures(known.of_one(replicates)),
        "drawn_share_of_variance": _figures(100 * known.drawn / (known.variance or 1)),
    }


def _figures(number: float) -> float:
    """Return a number to four figures."""
    return float(f"{number:.4g}")


def _cost(of: "Forecast") -> dict[str, Any]:
    seconds = {name: round(value, 1) for name, value in asdict(of).items()
               if name in ("population", "simulation", "writing")}  # fmt: skip
    return {
        "replicates": of.replicates,
        "threads": of.threads,
        "seconds": round(of.seconds, 1),
        "stages": seconds,
        "processor_seconds": round(of.processor, 1),
        "memory_gib": round(of.memory / GIB, 2),
        "disk_mib": round(of.disk / MIB, 1),
        "disk_while_running_mib": round(of.disk_while_running / MIB, 1),
    }


def in_words(plan: dict[str, Any]) -> list[str]:
    """Return the plan as lines to read."""
    run, (first, last) = plan["run"], plan["years"]
    stages = ", ".join(f"{name} {value:,.0f}" for name, value in run["stages"].items())
    threads = f"{run['threads']} thread{'s' if run['threads'] > 1 else ''}"
    replicates = f"{run['replicates']:,} replicate{'s' if run['replicates'] > 1 else ''}"
    lines = [
        f"{plan['scenario']}, {first}..{last}: {plan['persons']:,} persons, {replicates}, "
        f"{threads}",
        f"  time    about {_duration(run['seconds'])} ({stages} s), "
        f"{_duration(run['processor_seconds'])} of the processor",
        f"  memory  about {run['memory_gib']:.2f} GiB at most",
        f"  disk    about {run['disk_mib']:,.0f} MiB, {run['disk_while_running_mib']:,.0f} MiB "
        "while it runs",
    ]
    if "precision" in plan:
        lines += _precision_in_words(plan["precision"], plan["uncertainty"])
    lines.append("From a pilot on this machine as busy as it is now; expect within 30 %.")
    return lines


def _precision_in_words(known: dict[str, Any], drawn: list[str]) -> list[str]:
    what = f"{known['measure'].replace('_', ' ')} in {known['year']}"
    beside = " and ".join(["chance", *drawn])
    few = known["replicates"] < FEW
    return [
        f"  {what}, about {known['mean']:,g}: {known['replicates']:,} replicates give "
        f"a 95 % interval of the mean of ±{known['half_width_of_mean']:,g} "
        f"(wanted ±{known['wanted_half_width']:,g}).",
        f"  The interval for one history is then ±{known['half_width_of_one_history']:,g} "
        f"({beside}; {known['drawn_share_of_variance']:.0f} % of the variance is not chance); "
        + (
            "so few replicates hardly know it; some tens tell it much more narrowly."
            if few
            else "more replicates hardly narrow it."
        ),
    ]


def _duration(seconds: float) -> str:
    """Return a time as one would say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
