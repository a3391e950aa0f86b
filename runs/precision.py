"""How many replicates a wanted precision needs, from a pilot of a part of the people.

Two small ensembles are lived. In one all share the same luck and differ by parameters and
economy, each replicate with draws of its own: how much they differ, relative to their mean, is the
same in a part of the people as in all. In the other all have the estimates themselves and differ
by luck: its variance, relative to the squared mean, is in inverse proportion to the people. Both
together tell the variance of one history of all the people, and so the half-width of the 95 %
interval of the mean of any number of replicates.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from runs.crossing import RING
from runs.ensemble import ECONOMY, PARAMETERS, Plan, Replicate, in_order, live_one
from runs.intervals import quantile
from runs.tables import Histories, histories
from sim.agents.population import Population
from sim.chance import Chance
from sim.problems import Problem, refuse, suggest

PERSONS = 40_000  # about so many live in the pilot
MOST_NEEDED = 100_000


@dataclass(frozen=True)
class Precision:
    """What a pilot says of a measure: its mean and the variance of one history, in two parts.

    drawn: variance that parameters and economy make; luck: variance that luck makes.
    """

    measure: str
    year: int
    mean: float
    drawn: float
    luck: float

    @property
    def variance(self) -> float:
        """The variance of one history."""
        return self.drawn + self.luck

    def of_mean(self, replicates: int) -> float:
        """Return the half-width of the 95 % interval of the mean of so many replicates."""
        return self._reach(replicates, 0.0)

    def of_one(self, replicates: int) -> float:
        """Return the half-width of the interval for one history that so many replicates give."""
        return self._reach(replicates, 1.0)

    def _reach(self, n: int, one: float) -> float:
        if n < 2 or not self.variance > 0:
            return 0.0 if n > 1 else float("nan")
        part, paired = self.drawn / self.variance, paired_share(n) if self.drawn else 0.0
        freedom = (n - 2) / (1 + paired * part**2 / 2) if paired else n - 1
        spread = self.variance * (one + (1 + paired * part) / n)
        return float(quantile(np.array(freedom))) * float(np.sqrt(spread))

    def needed(self, half_width: float) -> int | None:
        """Return the fewest replicates whose mean is so well known; None above `MOST_NEEDED`."""
        if self.of_mean(MOST_NEEDED) > half_width:
            return None
        low, high = 1, MOST_NEEDED
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.of_mean(middle) <= half_width else (middle, high)
        return high


def paired_share(replicates: int) -> float:
    """Return which part of so many replicates shares a draw of a kind with another."""
    rings, rest = divmod(replicates, 2 * RING)
    return (2 * RING * rings + 2 * max(rest - RING, 0)) / replicates


def people_in(plan: Plan) -> Population:
    """Return the people of a plan, who are not in shards."""
    assert isinstance(plan.population, Population), "plans are made for people in memory"
    return plan.population


def part_of(people: Population, persons: int = PERSONS) -> tuple[Population, float]:
    """Return about so many of the people, whole families, and which share of immigrants."""
    every = max(round(len(people) / persons), 1)
    if every == 1:
        return people, 1.0
    some = people.select(people["family"] % every == 0)
    here, all_of_them = (int(np.count_nonzero(of.immigrants)) for of in (some, people))
    return (some, here / all_of_them) if here else (people, 1.0)


def known_measures(found: Histories) -> dict[str, tuple[int, ...]]:
    """Return the years of each measure that a run tells."""
    return {name: tuple(map(int, years)) for name, years, _ in found.measures()}


def refuse_unknown(measure: str, year: int | None, found: Histories) -> None:
    """Say that a run has no such measure, or not in that year."""
    known = known_measures(found)
    if measure not in known:
        problem = Problem(
            "--of",
            f"{measure} is not told of this run",
            ", ".join(known),
            suggest(measure, known),
        )
        refuse("command", [problem])
    years = known[measure]
    if year is not None and year not in years:
        refuse("command", [Problem("--year", f"is {year}", f"{years[0]} to {years[-1]}")])


def pilot(
    plan: Plan,
    measure: str,
    year: int | None,
    threads: int,
    *,
    many: int = 40,
    persons: int = PERSONS,
    done: Callable[[], None] = lambda: None,
) -> Precision:
    """Live the pilot of a plan; year: None for the last one."""
    people, share = part_of(people_in(plan), persons)
    small = replace(plan, population=people, dimensions=("background",), replicates=many)
    first = _lived(replace(small, uncertain=(), replicates=2), threads, done)
    refuse_unknown(measure, year, first)
    luck = _values(_lived(replace(small, uncertain=()), threads, done), measure, year)
    mean, drawn = float(luck.mean()), 0.0
    relative = float(luck.var(ddof=1)) * share
    if plan.uncertain:
        same = SameLuck(**{of.name: getattr(small, of.name) for of in fields(Plan)})
        values = _values(_lived(same, threads, done), measure, year)
        mean, drawn = float(values.mean()), float(values.var(ddof=1))
    whole = 1.0 if measure.endswith("rate") else share  # a rate is of all what it is of a part
    last = year if year is not None else known_measures(first)[measure][-1]
    return Precision(measure, last, mean / whole, drawn / whole**2, relative / whole**2)


class SameLuck(Plan):
    """A plan of which all replicates have the same luck, and draws of their own."""

    def draws_of(self, number: int) -> tuple[int, int]:
        """Return the replicate's own number for what is drawn."""
        return number * (PARAMETERS in self.uncertain), number * (ECONOMY in self.uncertain)

    def luck_of(self, number: int) -> Chance:  # noqa: ARG002 - the same for all
        """Return the luck of the first replicate."""
        return super().luck_of(0)


def _lived(plan: Plan, threads: int, done: Callable[[], None]) -> Histories:
    """Return the histories of a small ensemble."""

    def make(number: int) -> Replicate:
        found = live_one(plan, number)
        done()
        return found

    return _histories(in_order(make, plan.replicates, threads), plan)


def _histories(replicates: Iterable[Replicate], plan: Plan) -> Histories:
    found = list(replicates)
    flows, stocks = (
        pa.concat_tables(getattr(r, name) for r in found) for name in ("flows", "stocks")
    )
    first = plan.population.year
    return histories(flows, stocks, years=(first, first + plan.years - 1))


def _values(found: Histories, measure: str, year: int | None) -> np.ndarray:
    """Return a measure's total in a year, of each history; nobody exposed counts as nothing."""
    for name, years, values in found.measures():
        if name == measure:
            place = -1 if year is None else int(np.flatnonzero(years == year)[0])
            return np.nan_to_num(values[:, place, 0])
    raise KeyError(measure)
