"""The whole year beside the yearly choice alone in NumPy: time a person-year, and bytes a person.

The baseline of 2013-2030 on the whole reconstructed register, every process, one thread, in
turns with ten years of NumPy's mobility with the engine's own tables. A person-year is a
resident of 1 January. `python -m benchmarks.bench_year` also tells what each process takes.
"""

import statistics
import time
from collections import defaultdict

from benchmarks.cases import PERSON_YEARS, in_tuned_numpy
from calibration import reconstruct
from sim.agents.columns import BYTES_PER_PERSON
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Process, Settings, Year

YEARS = 18
# Bytes a person that are kept from year to year: ceilings, whose luck is shared, the ring of the
# family, a first member of each family (there are fewer families than persons), and the cell of
# 1 January.
KEPT = 2 + 8 + 4 + 4 + 4
OF_THE_YEAR = 1  # outcome
SLACK = 1.25  # room that a growing population keeps


def lived(years: int = YEARS, scale: float = 1.0) -> float:
    """Live some years; return nanoseconds a person-year."""
    simulation = Simulation(reconstruct(scale=scale), Settings(), Chance(1), forgetful=True)
    began = time.perf_counter()
    persons = sum(int(counts.stock[1].sum()) for counts in simulation.run(years))
    return (time.perf_counter() - began) / persons * 1e9


def numpy_alone() -> float:
    """Return nanoseconds a person-year of mobility alone in tuned NumPy."""
    began = time.perf_counter()
    in_tuned_numpy()
    return (time.perf_counter() - began) / PERSON_YEARS * 1e9


def promises(rounds: int) -> list[tuple[str, str, str]]:
    """Return what is promised and what is measured; turns alternate, as machines are shared."""
    lived(2)
    turns = [(lived(), numpy_alone()) for _ in range(rounds)]
    whole, alone = (statistics.median(times) for times in zip(*turns, strict=True))
    size = SLACK * (BYTES_PER_PERSON + KEPT) + OF_THE_YEAR
    return [
        ("the whole year, 2013-2030", f"{whole:.0f} ns", "a person-year"),
        ("the whole year / tuned NumPy's mobility", f"{whole / alone:.1f}", "2 or less"),
        ("bytes a person, with room to grow", f"{size:.0f}", "80 or less"),
    ]


class Clock:
    """Adds up what each process takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._began = 0.0

    def before(self, process: Process, year: Year) -> None:  # noqa: ARG002 - a watcher's
        """Start."""
        self._began = time.perf_counter()

    def after(self, process: Process, year: Year) -> None:  # noqa: ARG002 - a watcher's
        """Stop."""
        self.seconds[process.name] += time.perf_counter() - self._began


def main() -> None:
    """Print the promises, and each process."""
    for line in promises(3):
        print("{}: {} ({})".format(*line))
    simulation, clock = Simulation(reconstruct(), Settings(), Chance(1), forgetful=True), Clock()
    simulation.step()
    simulation.watcher = clock
    persons = sum(int(counts.stock[1].sum()) for counts in simulation.run(10))
    for name, seconds in clock.seconds.items():
        print(f"  {name:22} {seconds / persons * 1e9:6.1f} ns")


if __name__ == "__main__":
    main()
