"""What `vandring plan` foretells beside what then happens.

    python -m verification.plans [--quick]

Each case is planned in a process of its own, then run in another. Ratios of foretold to measured
are written to results_plans.csv. Wall seconds depend on who else uses the machine while plan and
run last; processor seconds hardly do. The last rows are about the replicates that a half-width
needs: the half-width foretold for so many, beside that which a run of so many finds.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OUT = Path(__file__).with_name("results_plans.csv")
# Scenario, years, population, replicates, threads.
CASES = (
    ("baseline", "2013..2022", "embedded:0.1", 20, 1),
    ("baseline", "2013..2022", "embedded:0.1", 20, 2),
    ("baseline", "2013..2016", "embedded:0.5", 6, 2),
    ("forecast", "2013..2060", "embedded:0.05", 10, 2),
    ("baseline", "2013..2017", "embedded", 8, 2),
)
QUICK = 2
PRECISION = (("emigrations", 40), ("stock", 40))
OF_ALL = ("baseline", "2013..2022", "embedded:0.1")
PLAN = """
import json, sys
from runs.planning import plan_for
from scenarios.schema import load_scenario
name, years, population, replicates, threads = json.loads(sys.argv[1])
scenario = load_scenario(name, dict(years=years, population=population, replicates=replicates))
print(json.dumps(plan_for(scenario, threads, "", None, None)))
"""
RUN = """
import json, resource, sys, time
from runs.pilot import size_of
from runs.pipeline import run
from scenarios.schema import load_scenario
name, years, population, replicates, threads = json.loads(sys.argv[1])
scenario = load_scenario(name, dict(years=years, population=population, replicates=replicates))
start, before = time.perf_counter(), time.process_time()
found = run(scenario, threads=threads, out=sys.argv[2])
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "processor_seconds": time.process_time() - before,
    "memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    "disk_mib": size_of(found.folder) / 2**20,
}))
"""
KNOWN = """
import json, sys
from datetime import datetime
from runs.pipeline import job_of
from runs.precision import pilot
from scenarios.schema import load_scenario
name, years, population, replicates, measure = json.loads(sys.argv[1])
scenario = load_scenario(name, dict(years=years, population=population, replicates=replicates))
plan = job_of(scenario, None, datetime.now(), []).plan
known = pilot(plan, measure, None, 2)
print(json.dumps({"year": known.year, "half_width": known.of_one(replicates)}))
"""


def main() -> int:
    """Plan and run every case; write the table."""
    cases = CASES[:QUICK] if "--quick" in sys.argv else CASES
    rows = []
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            foretold = _answer(PLAN, case)["run"]
            found = _answer(RUN, case, f"{folder}/run")
        rows += [(*case, what, foretold[what], round(value, 2), round(foretold[what] / value, 2))
                 for what, value in found.items()]  # fmt: skip
        print(*rows[-4:], sep="\n", flush=True)
    if cases == CASES:
        rows += _precision()
        with OUT.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["scenario", "years", "population", "replicates", "threads", "what",
                             "foretold", "measured", "ratio"])  # fmt: skip
            writer.writerows(rows)
    return 0


def _precision() -> list[tuple[object, ...]]:
    """Return the half-width for one history foretold, beside that which a run finds."""
    most = max(many for _, many in PRECISION)
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        _answer(RUN, (*OF_ALL, most, 2), f"{folder}/run")
        with Path(folder, "run", "summary_total.csv").open(encoding="utf-8") as file:
            told = {(row["measure"], row["year"]): row for row in csv.DictReader(file)}
    for measure, many in PRECISION:
        known = _answer(KNOWN, (*OF_ALL, many, measure))
        row = told[measure, str(known["year"])]
        half = (float(row["high"]) - float(row["low"])) / 2
        if not half:
            continue
        rows.append((*OF_ALL, many, 2, f"half-width of {measure}, one history",
                     round(known["half_width"], 4), round(half, 4),
                     round(known["half_width"] / half, 2)))  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def _answer(program: str, case: tuple[object, ...], *words: str) -> dict[str, float]:
    """Run a program in a process of its own; return what it prints."""
    command = [sys.executable, "-c", program, json.dumps(case), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    sys.exit(main())
