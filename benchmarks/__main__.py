"""`make bench`: the promises about speed and size, measured in one run and printed beside them.

Cases are interleaved and medians compared, since machines are shared and noisy. Options:
--quick leaves out the twenty million persons; --repeat N sets the repetitions.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks import bench_estimate, bench_twin, bench_year
from benchmarks.cases import CASES, PERSON_YEARS, adults, engine
from sim.agents.columns import BYTES_PER_PERSON
from sim.agents.population import Population
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings

CEILINGS = 2  # bytes a person that the mobility process keeps
VANDRING = [sys.executable, "-m", "runs.cli"]
Line = tuple[str, str, str]


def main() -> None:
    """Measure everything and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeat", type=int, default=11)
    options = parser.parse_args()
    lines = [
        *mobility(options.repeat),
        *threads(options.repeat),
        *memory(),
        *start_up(),
        *bench_year.promises(3),
        *bench_twin.promises(5),
        *bench_estimate.promises(3),
    ]
    if not options.quick:
        lines.append(twenty_million())
    width = max(len(line[0]) for line in lines)
    print(f"{'':{width}}  {'measured':>16}  asked")
    for what, measured, asked in lines:
        print(f"{what:{width}}  {measured:>16}  {asked}")


def mobility(repeat: int) -> list[Line]:
    """Time the yearly choice in the engine and in NumPy."""
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for turn in range(repeat + 1):
        for name, case in CASES.items():
            spent = timed(case)
            if turn:  # the first turn compiles and warms up
                seconds[name].append(spent)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    fast, explicit = median["threshold draws"], median["explicit error terms"]
    lines = [
        (f"mobility, {name}", f"{s / PERSON_YEARS * 1e9:.1f} ns", "a person-year")
        for name, s in median.items()
    ]
    return [
        *lines,
        ("plain NumPy / threshold draws", f"{median['plain NumPy'] / fast:.1f}", "25 or more"),
        ("tuned NumPy / threshold draws", f"{median['tuned NumPy'] / fast:.1f}", "5 or more"),
        ("explicit / threshold draws", f"{explicit / fast:.2f}", "2.5 or less"),
    ]


def threads(repeat: int) -> list[Line]:
    """Time two replicates in two threads against one in one."""
    one, two = (engine("explicit") for _ in range(2))
    ratios = []
    with ThreadPoolExecutor(2) as pool:
        for turn in range(repeat + 1):
            alone = timed(one)
            start = time.perf_counter()
            for future in [pool.submit(one), pool.submit(two)]:
                future.result()
            if turn:
                ratios.append((time.perf_counter() - start) / alone)
    shown = f"{statistics.median(ratios):.2f} ({min(ratios):.2f})"
    return [("two replicates in two threads / one (best)", shown, "1.2 or less when quiet")]


def memory() -> list[Line]:
    """Count the bytes a person takes."""
    total = f"{BYTES_PER_PERSON + CEILINGS} bytes"
    return [("columns and ceilings, a person", total, "48 or less")]


def start_up() -> list[Line]:
    """Time commands from the shell; the first run of the second one fills the cache."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "baseline", "--years", "2013..2014", "--out"]
        runs = [[*VANDRING, *words, str(Path(folder) / str(i))] for i in range(4)]
        subprocess.run(runs[0], check=True, capture_output=True)
        two_years = statistics.median(map(shell, runs[1:]))
    help_page = statistics.median(shell([*VANDRING, "--help"]) for _ in range(5))
    return [
        ("vandring --help", f"{help_page:.2f} s", "0.4 or less"),
        ("vandring run baseline --years 2013..2014, again", f"{two_years:.1f} s", "5 or less"),
    ]


def twenty_million() -> Line:
    """Live ten years with twenty million persons."""
    simulation = Simulation(copies_of_adults(20_000_000), Settings(), Chance(1))
    spent = timed(lambda: sum(c.total("emigrate") for c in simulation.run(10)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return (
        "20 million persons, 10 years",
        f"{spent:.0f} s, {peak:.1f} GiB",
        "complete within 24 GiB",
    )


def copies_of_adults(n: int) -> Population:
    """Return so many persons: the same adults again and again, with identifiers of their own."""
    base = adults()
    copies = -(-n // len(base))
    columns = {name: np.tile(column, copies)[:n] for name, column in base.columns.items()}
    columns["person"] = np.arange(n, dtype=np.int64)
    families = int(base["family"].max()) + 1
    columns["family"] += np.repeat(np.arange(copies, dtype=np.int32) * families, len(base))[:n]
    columns["mother"][:] = -1
    columns["partner"][:] = -1
    return Population(columns, base.year, f"{n:,} copies")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def shell(words: list[str]) -> float:
    """Return the seconds that a command takes."""
    return timed(lambda: subprocess.run(words, check=True, capture_output=True))


if __name__ == "__main__":
    main()
