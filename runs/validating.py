"""`vandring validate`: the model beside 561 published findings, with a scorecard and a page."""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runs.terminal import DONE, FAILED, MOST_THREADS, whole_number
from sim.problems import Problem, refuse, shown

if TYPE_CHECKING:
    from runs.validation.against_score import Compared, Observed
    from runs.validation.backtest import Backtest
    from runs.validation.beside import Beside
    from runs.validation.scorecard import Scorecard
    from scenarios.schema import Scenario

MOST_REPLICATES = 1_000
PAGE, RECORD, TABLE = "validation.html", "scorecard.json", "scorecard.csv"
TABLES_PAGE, TABLES = "tables.html", "tables.csv"
OWN_PAGE, OWN = "against.html", "against.csv"
EXAMPLES = """\
examples:
  vandring validate --threads 2
  vandring validate my_scenario.yaml --replicates 4 --json
  vandring validate --against my_rates.csv --against office.json --mapping office.yaml
  vandring validate runs/out/history-20261121T230000-1a2b3c4d

Histories are lived from 2004 on, and every finding of the record is asked of them: those of 2013
alone of the people of 2013, those of the report of 2026 of years until 2023. A scenario, or the
run of one, says with which parameters, calibration and assumptions. Exit code 1: fewer than
24 of the 30 core clusters hold, fewer than 80 percent of all (each cluster weighing alike), or
what no calibration used holds by more than 10 points less than what was fitted.

Figures of your own (--against, as often as you like) are judged apart: tidy CSV with the columns
measure, year, value and variables by the codes of this project, or JSON-stat 2.0 with a mapping.
docs/validation.md has examples of both.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("which", metavar="RUN", nargs="?", default="history", help="a finished run, or a scenario "
        "by name or path (default: history, the shipped model)")  # fmt: skip
    add("--replicates", metavar="N", default="20", help="histories (default 20); half of them "
        "draw parameters too")  # fmt: skip
    add("--threads", metavar="N", default="1", help="speed only; the numbers stay the same")
    add("--against", metavar="FILE", action="append", default=[], help="figures of your own, "
        "judged apart: .csv or JSON-stat (.json); may be given again")  # fmt: skip
    add("--mapping", metavar="FILE", help="what names and codes of JSON-stat files mean here")
    add("--tolerance", metavar="PERCENT", default="10", help="how far off a figure of your own "
        "may be (default 10)")  # fmt: skip
    add("--out", metavar="FOLDER", help="write page and scorecard there (default: runs/out/...)")
    add("--json", action="store_true", help="print the scorecard as JSON")


@dataclass(frozen=True)
class Outcome:
    """What a validation found: the scorecard, tables beside the model's, a user's own figures."""

    card: "Scorecard"
    record: dict[str, Any]
    found: "dict[str, Backtest]"
    tables: "list[Beside]"
    own: "list[Compared]"
    tolerance: float


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Live, judge, write, tell."""
    from datetime import UTC, datetime

    from runs.store import OUT, folder_problem, whole_folder
    from runs.validation.against_score import read_all

    problems: list[Problem] = [*arguments.unknown]
    replicates = whole_number(arguments.replicates, "--replicates", MOST_REPLICATES, problems)
    threads = whole_number(arguments.threads, "--threads", MOST_THREADS, problems)
    tolerance = whole_number(arguments.tolerance, "--tolerance", 100, problems)
    problems += folder_problem(arguments.out)
    if arguments.mapping and not arguments.against:
        problems.append(Problem("--mapping", "is for files of --against, and there are none"))
    refuse("command", problems)
    own = read_all(arguments.against, arguments.mapping, tolerance)
    asked = replace(scenario_named(arguments.which), replicates=replicates)
    outcome = validate(asked, own, threads)
    when = datetime.now(UTC).astimezone()
    folder = Path(arguments.out or OUT / f"validate-{asked.name}-{when:%Y%m%dT%H%M%S}")
    with whole_folder(folder) as part:
        _write(part, outcome)
    if arguments.json:
        print(json.dumps(outcome.record, indent=1))
    else:
        print("\n".join([*told(outcome), f"The pages lie in\n  {folder}"]))
    return DONE if outcome.card.reached else FAILED


def validate(asked: "Scenario", own: "Observed", threads: int) -> Outcome:
    """Live the histories and put everything to them."""
    from runs.progress import Progress
    from runs.validation.against_score import compared, summaries
    from runs.validation.backtest import backtest, lives
    from runs.validation.beside import beside
    from runs.validation.cells import table_cells
    from runs.validation.cells_2026 import cells_2026
    from runs.validation.record import clusters, core_clusters, patterns
    from runs.validation.scorecard import scorecard

    cells = (*table_cells(), *cells_2026())
    with Progress(lives(asked), "histories lived") as bar:
        found = backtest(asked, patterns().values(), (*cells, *own.cells), threads=threads,
                         done=bar.advance)  # fmt: skip
    card = scorecard(patterns(), core_clusters(), clusters(), found)
    mine = compared(own, found)
    record = record_of(card, asked) | ({"against": summaries(mine)} if mine else {})
    return Outcome(card, record, found, beside(cells, found), mine, own.tolerance)


def scenario_named(which: str) -> "Scenario":
    """Return the scenario of a run folder, or one by name or path; years are the record's."""
    from runs.comparands import folder_named
    from runs.recorded import manifest_of
    from runs.settings import scenario_of
    from scenarios.schema import load_scenario

    folder = folder_named(which)
    found = load_scenario(which) if folder is None else scenario_of(manifest_of(folder), folder)
    if found.population != "embedded":
        cure = "Validate with the embedded population: the record is of all immigrants."
        problem = Problem("population", f"is {shown(found.population)}", "embedded", cure)
        refuse(f"scenario {found.name}", [problem])
    return found


def record_of(card: "Scorecard", asked: "Scenario") -> dict[str, Any]:
    """Return the scorecard as data."""
    from runs.intervals import SHARES
    from runs.validation.scorecard import ALL_ASKED, CORE_ASKED, WORSE_ALLOWED
    from runs.validation.wording import label

    def scores(of: Any) -> list[dict[str, Any]]:
        return [{"cluster": one.cluster.name, "title": one.cluster.en,
                 "holds": one.holds if one.judged else None,
                 "held": one.held, "judged": one.judged, "patterns": len(one.cluster.ids)}
                for one in of]  # fmt: skip

    return {
        "scenario": asked.name,
        "replicates": asked.replicates,
        "reached": card.reached,
        "asked": {"core": CORE_ASKED, "percent": ALL_ASKED, "worse_allowed": WORSE_ALLOWED},
        "core_held": card.core_held,
        "percent": round(card.percent, 1),
        "fitted_percent": round(card.fitted, 1),
        "held_out_percent": round(card.held_out, 1),
        "core": scores(card.core),
        "clusters": scores(card.all),
        "patterns": [
            {"id": j.pattern.id, "label": label(j.pattern, "en"), "holds": j.verdict.holds,
             "replicates": _finite(j.replicates), "found": j.verdict.found,
             "expected": j.verdict.expected, "why": j.verdict.why,
             "used_by": list(j.pattern.used_by)}
            for j in card.verdicts.values()
        ],
        "figures": [
            {"id": f.id, "member": f.member, "published": f.published, "mean": _finite(f.mean),
             "low": _finite(f.low), "high": _finite(f.high), "bias": _finite(f.bias),
             "covered": f.covered, "sd_luck": _finite(f.luck),
             "sd_parameters": _finite(f.parameters),
             **{name: _finite(share) for name, share in zip(SHARES, f.shares, strict=True)}}
            for f in card.figures
        ],
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _write(part: Path, of: Outcome) -> None:
    import csv

    from runs.validation import against_score
    from runs.validation.beside import write_csv
    from runs.validation.page import page
    from runs.validation.tables_page import tables_page

    record = of.record
    (part / RECORD).write_text(json.dumps(record, indent=1), "utf-8")
    with (part / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(record["patterns"][0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"used_by": " ".join(row["used_by"])} for row in record["patterns"])
    (part / PAGE).write_text(page(of.card, record, of.found), "utf-8")
    write_csv(part / TABLES, of.tables)
    (part / TABLES_PAGE).write_text(tables_page(of.tables, record), "utf-8")
    if of.own:
        against_score.write_csv(part / OWN, of.own)
        (part / OWN_PAGE).write_text(
            against_score.page(of.own, record, of.tolerance), "utf-8")  # fmt: skip


def told(of: Outcome) -> Iterator[str]:
    """Yield what the command prints."""
    from runs.validation.against_score import told_of
    from runs.validation.beside import told as told_of_tables
    from runs.validation.scorecard import ALL_ASKED, CORE_ASKED

    card = of.card
    judged = [j for j in card.verdicts.values() if j.verdict.holds is not None]
    yield f"{card.core_held} of {len(card.core)} core clusters hold ({CORE_ASKED} asked):"
    for one in card.core:
        mark = "holds" if one.holds else "not judged" if not one.judged else "FAILS"
        yield f"  {mark:10} {one.held}/{one.judged}  {one.cluster.en}"
    yield (f"{card.percent:.0f} percent of all {len(judged)} judged findings hold, clusters "
           f"weighing alike ({ALL_ASKED:.0f} asked); {len(card.verdicts) - len(judged)} "
           "could not be judged")  # fmt: skip
    yield (f"fitted {card.fitted:.0f} percent, held out {card.held_out:.0f} percent")
    yield "Published tables beside the model's:"
    yield from told_of_tables(of.tables)
    if of.own:
        yield from told_of(of.own, of.tolerance)
