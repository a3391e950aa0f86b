"""Two processes of a Dask cluster beside one, and the same replicates in threads, in turns.

`python -m benchmarks.bench_cluster [--scale 0.5] [--replicates 8] [--rounds 5]` lives the baseline
of 2013-2022; processes start, find the people and compile before the first turn is timed. On a
machine that others use too, only processor time tells: what a replicate costs a worker, and what
it costs the process that asks, which would share two cores with two workers.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

from runs.cluster import Cluster, connected
from runs.elsewhere import Here, There, life
from runs.ensemble import Replicate, plan_of
from runs.people import find_people
from runs.settings import settings_of
from scenarios.schema import load_scenario

YEARS = "2013..2022"
ASKED = "1.7 or more when quiet"


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for line in promises(options.scale, options.replicates, options.rounds):
        print(f"{line[0]:45} {line[1]:>20}  {line[2]}")


def promises(scale: float, replicates: int, rounds: int) -> list[tuple[str, str, str]]:
    """Return what is promised and what is measured."""
    given = {"years": YEARS, "population": f"embedded:{scale}", "replicates": str(replicates)}
    scenario = load_scenario("baseline", given)
    people = find_people(scenario.population, 2013)
    plan, work = plan_of(scenario, people, settings_of(scenario)), life(scenario, people)

    def seconds(workers: Here | There) -> float:
        began = time.perf_counter()
        exhaust(workers.live(plan, lambda: work, lambda: None))
        return time.perf_counter() - began

    def processor_seconds(cluster: Cluster) -> tuple[float, float]:
        """Return what a replicate costs a worker, and the scheduler and the one who asks."""
        before, here = sum(cluster.client.run(time.process_time).values()), time.process_time()
        exhaust(There(cluster).live(plan, lambda: work, lambda: None))
        here = time.process_time() - here
        spent = sum(cluster.client.run(time.process_time).values()) - before
        return spent / replicates, here / replicates

    with connected("local", 1) as alone, connected("local", 2) as pair:
        cases = {"one process": There(alone), "two processes": There(pair), "two threads": Here(2)}
        turns: dict[str, list[float]] = {name: [] for name in cases}
        for turn in range(rounds + 1):
            for name, case in cases.items():
                spent = seconds(case)
                if turn:
                    turns[name].append(spent)
        there, here = processor_seconds(pair)
    median = {name: statistics.median(times) for name, times in turns.items()}
    gains = [one / two for one, two in
             zip(turns["one process"], turns["two processes"], strict=True)]  # fmt: skip
    each = f"{statistics.median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})"
    return [
        *((name, f"{spent:.1f} s", f"{replicates} replicates of {len(people.population):,} persons")
          for name, spent in median.items()),
        ("processor, a replicate: in a worker", f"{there:.2f} s", "whatever else is running"),
        ("processor, a replicate: scheduler and caller", f"{here:.3f} s", "likewise"),
        ("so two cores and workers would give", f"{2 * there / (there + here):.2f}", ASKED),
        ("one process / two, median of the turns", each, ASKED),
    ]  # fmt: skip


def exhaust(results: Iterator[Replicate]) -> None:
    """Take every result."""
    for _ in results:
        pass


if __name__ == "__main__":
    main()
