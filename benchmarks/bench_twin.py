"""The expected-value twin: ten years beside one simulation of them, and the command from nothing.

The baseline of 2013-2022 on the whole reconstructed register, one thread. Turns alternate and
medians are told, since machines are shared. `python -m benchmarks.bench_twin` also tells what
the making of the cells takes, and what further scenarios of one command take.
"""

import argparse
import statistics
import subprocess
import sys
import time

from calibration import reconstruct
from sim.agents.population import Population
from sim.chance import Chance
from sim.engine import Simulation
from sim.transitions.process import Settings
from sim.twin.model import Twin

YEARS = 10
COMMAND = [sys.executable, "-m", "runs.cli", "expect"]
WORDS = ["--years", "2013..2022"]
SCENARIOS = ["baseline", "high_unemployment", "low_immigration"]
Line = tuple[str, str, str]


def expected(people: Population) -> tuple[float, float]:
    """Return the seconds that the cells take, and the cells and ten expected years."""
    began = time.perf_counter()
    twin = Twin(people, Settings())
    made = time.perf_counter() - began
    list(twin.run(YEARS))
    return made, time.perf_counter() - began


def simulated(people: Population) -> float:
    """Return the seconds that one simulation of the same years takes."""
    began = time.perf_counter()
    list(Simulation(people, Settings(), Chance(1)).run(YEARS))
    return time.perf_counter() - began


def asked(scenarios: list[str]) -> float:
    """Return the seconds from a command to its answer."""
    began = time.perf_counter()
    subprocess.run([*COMMAND, *scenarios, *WORDS], check=True, capture_output=True)
    return time.perf_counter() - began


def in_turns(rounds: int) -> list[tuple[float, float, float, float, float]]:
    """Return what each round took: cells, twin, simulation, one scenario, several."""
    people = reconstruct()
    expected(people)
    simulated(people)
    asked(SCENARIOS)  # whatever was not compiled or read before is now
    return [
        (*expected(people), simulated(people), asked(SCENARIOS[:1]), asked(SCENARIOS))
        for _ in range(rounds)
    ]


def promises(rounds: int) -> list[Line]:
    """Return what is promised and what is measured."""
    _, twin, simulation, one, _ = medians(in_turns(rounds))
    return [
        ("ten expected years, cells included", f"{twin:.2f} s", "1 s or less"),
        ("ten expected years / one simulation", f"{twin / simulation:.2f}", ""),
        ("vandring expect baseline --years 2013..2022", f"{one:.1f} s", "1 s or less"),
    ]


def medians(turns: list[tuple[float, float, float, float, float]]) -> list[float]:
    """Return the median of each thing measured."""
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def main() -> None:
    """Measure, and tell it line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    cells, twin, simulation, one, several = medians(in_turns(parser.parse_args().repeat))
    more = (several - one) / (len(SCENARIOS) - 1)
    for what, seconds in (
        ("cells from the register", cells),
        ("cells and ten expected years", twin),
        ("one simulation of ten years", simulation),
        ("vandring expect, one scenario", one),
        (f"vandring expect, {len(SCENARIOS)} scenarios", several),
        ("each further scenario", more),
    ):
        print(f"{what:32} {seconds:6.2f} s")


if __name__ == "__main__":
    main()
