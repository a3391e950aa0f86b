"""Whether a year costs a person as much in a large population as in a small one.

`python -m benchmarks.bench_flat [--millions 0.5,0.86,3.4,20] [--years 4]` lives the whole year of
copies of the register, families and links with them, in turns with the smallest population: a
machine that others use is slower in some minutes than in others, so only ratios of neighbours
in time tell. Memory that the machine has never had before is asked for first: where it
is a guest of another machine, such memory takes five times as long as any later use.
"""

import argparse
import statistics
import time

import numpy as np

from calibration import reconstruct
from sim.agents.columns import LINKS
from sim.agents.population import Population
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings

MILLIONS = (0.5, 0.86, 3.4, 20.0)
BYTES = 500  # a person, as much as a simulation and what it is made from take


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=_numbers, default=MILLIONS)
    parser.add_argument("--years", type=int, default=4)
    options = parser.parse_args()
    base = reconstruct()
    np.ones(int(max(options.millions) * 1e6 * BYTES), dtype=np.uint8)
    small, share = of_size(base, min(options.millions))
    lived(small, share, 2)
    for million in options.millions:
        people, share_of_these = of_size(base, million)
        ratios, spent = [], []
        for _ in range(2):
            beside = lived(small, share, options.years)
            spent.append(lived(people, share_of_these, options.years))
            ratios.append(spent[-1] / statistics.mean([beside, lived(small, share, options.years)]))
        told = " and ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{len(people):>12,} persons {min(spent):6.0f} ns a person-year, {told} times "
              f"{len(small):,} (0.85 to 1.15 asked)", flush=True)  # fmt: skip


def _numbers(said: str) -> tuple[float, ...]:
    return tuple(float(word) for word in said.split(","))


def lived(people: Population, share: float, years: int) -> float:
    """Live some years after the first; return nanoseconds a resident of 1 January."""
    simulation = Simulation(people, Settings(scale=share), Chance(1), forgetful=True)
    simulation.step()
    began = time.perf_counter()
    persons = sum(int(counts.stock[1].sum()) for counts in simulation.run(years))
    return (time.perf_counter() - began) / persons * 1e9


def of_size(base: Population, million: float) -> tuple[Population, float]:
    """Return about so many people, and how many times as many as those of the country arrive."""
    wanted = million * 1e6 / len(base)
    if wanted < 1:
        families = int(base["family"].max()) + 1
        return base.select(base["family"] < wanted * families), wanted
    copies = round(wanted)
    which = np.repeat(np.arange(copies), len(base))
    columns = {name: np.tile(column, copies) for name, column in base.columns.items()}
    for name in ("person", "family"):
        columns[name] += (which * (int(base[name].max()) + 1)).astype(columns[name].dtype)
    for name in LINKS:
        at = columns[name]
        columns[name] = np.where(at >= 0, at + which * len(base), at).astype(at.dtype)
    return Population(columns, base.year, f"{copies} copies"), float(copies)


if __name__ == "__main__":
    main()
