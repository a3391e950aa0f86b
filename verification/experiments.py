"""The three published experiments as scenarios, lived in full.

    python -m verification.experiments

Every scenario lives 2004-2013 beside its base with the same luck, ten replicates; what is told
is the change of emigrations of immigrants in 2013. The result, results_experiments.csv, is what
tests/test_experiments.py and docs/calibration.md read. It takes about ten minutes.
"""

import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from calibration.elasticities import experiments
from runs.people import find_people
from runs.settings import settings_of
from scenarios.schema import load_scenario
from sim.chance import Chance
from sim.engine import Simulation
from sim.observe import Counts

OUT = Path(__file__).with_name("results_experiments.csv")
BASE, YEAR, REPLICATES, THREADS = "history", 2013, 10, 2
KINDS = {"": "with_feedback", "_2013": "without_feedback"}
IMMIGRANTS = 2  # backgrounds: adult and child arrivals


def main() -> int:
    """Live all scenarios and write the table."""
    published = {x.name: x.percent for x in experiments()}
    with ThreadPoolExecutor(THREADS) as pool:
        base = np.array(list(pool.map(lambda k: emigrations(BASE, k), range(REPLICATES))))
        rows = []
        for name, percent in published.items():
            for end, kind in KINDS.items():
                which = f"{name}{end}"
                found = np.array(
                    list(pool.map(lambda k, w=which: emigrations(w, k), range(REPLICATES)))
                )
                rows.append(_row(which, kind, percent, base, found))
                print(*rows[-1], sep=", ", flush=True)
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["scenario", "stock", "published_percent", "percent", "std_error",
                         "replicates", "base", "difference"])  # fmt: skip
        writer.writerows(rows)
    return 0


def _row(which: str, kind: str, percent: float, base: np.ndarray, found: np.ndarray
         ) -> list[object]:  # fmt: skip
    effect = 100 * (found / base - 1)
    return [which, kind, percent, f"{effect.mean():.2f}",
            f"{effect.std(ddof=1) / np.sqrt(REPLICATES):.2f}", REPLICATES, f"{base.mean():.0f}",
            f"{(found - base).mean():.0f}"]  # fmt: skip


def emigrations(which: str, replicate: int) -> int:
    """Return the emigrations of immigrants in 2013 of one replicate of a scenario."""
    scenario = load_scenario(which)
    people = find_people(scenario.population, scenario.years[0]).population
    simulation = Simulation(people, settings_of(scenario), Chance(scenario.seed, replicate),
                            dimensions=("background",), forgetful=True)  # fmt: skip
    counts: Counts | None = None
    while simulation.year <= YEAR:
        counts = simulation.step()
    assert counts is not None
    cells, number = counts.flows["emigrate"]
    return int(number[simulation.observer.labels(cells)[0] < IMMIGRANTS].sum())


if __name__ == "__main__":
    sys.exit(main())
