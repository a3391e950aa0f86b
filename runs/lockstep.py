"""Two scenarios lived side by side: the same people, the same luck, one replicate at a time.

What a replicate gives is small and of fixed size: counts by year and group of both worlds, and
how many persons differ, by reason and group. Memory does not grow with replicates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.ensemble import Plan, in_order
from runs.matching import (
    BY,
    CELLS,
    DIRECTIONS,
    EXPLAINED,
    LEADER,
    LUCK,
    MECHANISMS,
    OUTCOMES,
    Onlooker,
    Pair,
    in_cells,
)
from runs.measures import COUNTS, EXPECTED
from sim.agents.population import Population
from sim.chance import Chance
from sim.engine import Simulation
from sim.observe import Counts
from sim.transitions.mobility import CHILDREN, NORWEGIAN_BORN
from sim.transitions.together import TOGETHER

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
KINDS = (*COUNTS.values(), "stay", "stock")  # what is counted of each world
STOCK = KINDS.index("stock")


@dataclass(frozen=True)
class Duel:
    """What is lived: the plans of A and of B, for the same people and with the same luck."""

    plans: tuple[Plan, Plan]

    @property
    def first(self) -> int:
        """The first year."""
        return self.plans[0].population.year

    @property
    def years(self) -> int:
        """How many years are lived."""
        return self.plans[0].years

    @property
    def own_rates(self) -> bool:
        """Whether Norwegian-born persons have rates of their own in both worlds."""
        return all(p.settings.choice(NORWEGIAN_BORN) != "as_immigrants" for p in self.plans)

    @property
    def ruled(self) -> tuple[str, ...]:
        """What the worlds have different rules for: whom children follow, who shares luck."""
        a, b = (plan.settings for plan in self.plans)
        rules = {LEADER: CHILDREN, LUCK: TOGETHER}
        return tuple(of for of, rule in rules.items() if a.choice(rule) != b.choice(rule))


@dataclass(frozen=True)
class History:
    """One replicate of both worlds.

    counts: (world, years and the 1 January after, KINDS, CELLS).
    who: (years, events of EXPLAINED, MECHANISMS, DIRECTIONS, CELLS), persons who differ.
    outcomes: (years, outcome in A, outcome in B), immigrants.
    totals: (world, years, events of COUNTS), everybody.
    expected: (world, years, EXPECTED, CELLS), what 1 January let expect.
    """

    counts: Ints
    who: Ints
    outcomes: Ints
    totals: Ints
    expected: Floats


class BooksDoNotAddUpError(RuntimeError):
    """Persons who differ do not make the difference: a fault of the program, not of its user."""


def live_both(duel: Duel, threads: int, year_done: Callable[[], None]) -> Iterator[History]:
    """Yield the replicates in order; the number of threads changes no number."""
    many = duel.plans[0].replicates
    return in_order(lambda number: _live_one(duel, number, year_done), many, threads)


def _live_one(duel: Duel, number: int, year_done: Callable[[], None]) -> History:
    onlookers = Onlooker(), Onlooker()
    worlds = [_world(plan, number) for plan in duel.plans]
    for world, onlooker in zip(worlds, onlookers, strict=True):
        world.watcher = onlooker
    years, events = duel.years, tuple(COUNTS.values())
    history = History(
        np.zeros((2, years + 1, len(KINDS), len(CELLS)), dtype=np.int64),
        np.zeros((years, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS)), np.int64),
        np.zeros((years, len(OUTCOMES), len(OUTCOMES)), dtype=np.int64),
        np.zeros((2, years, len(events)), dtype=np.int64),
        np.zeros((2, years, len(EXPECTED), len(CELLS))),
    )
    rules: dict[str, Any] = {"own_rates": duel.own_rates, "ruled": duel.ruled}
    for y in range(years):
        for w, world in enumerate(worlds):
            lived = world.step()
            history.counts[w, y] = _by_cell(world, lived)
            history.totals[w, y] = [lived.total(event) for event in events]
            history.expected[w, y] = _expected(world, onlookers[w].expected)
        pair = Pair(onlookers[0].lived(), onlookers[1].lived(), **rules)
        history.outcomes[y] = pair.outcome_counts()
        for e, event in enumerate(EXPLAINED):
            history.who[y, e] = pair.who(event)
        _check(history, y, duel.first)
        year_done()
    for w, world in enumerate(worlds):
        history.counts[w, years] = _by_cell(world, world.stock())
    return history


def _world(plan: Plan, number: int) -> Simulation:
    """Return a replicate of one world; what is drawn anew in each is the same draw in both."""
    settings, luck = plan.settings_of(number), Chance(plan.seed, number)
    assert isinstance(plan.population, Population), "two worlds are lived whole"
    return Simulation(plan.population, settings, luck, dimensions=BY, forgetful=True)


def _by_cell(world: Simulation, counts: Counts) -> Ints:
    """Return everything that is counted of a world in a year, by cell."""
    found = np.zeros((len(KINDS), len(CELLS)), dtype=np.int64)
    for k, kind in enumerate(KINDS):
        held = counts.stock if kind == "stock" else counts.flows.get(kind)
        if held is not None and held[0].size:
            codes = np.array(world.observer.labels(held[0]), dtype=np.int64)
            found[k] = in_cells(codes, held[1])
    return found


def _expected(world: Simulation, chances: Floats) -> Floats:
    """Return what everybody's chances on 1 January add up to, by cell."""
    cell = world.observer.cell[: chances.shape[1]]
    sums = np.array([np.bincount(cell, chance) for chance in chances])
    some = np.flatnonzero(sums.any(axis=0))
    codes = np.array(world.observer.labels(some), dtype=np.int64)
    return np.array([in_cells(codes, chance) for chance in sums[:, some]])


def _check(history: History, y: int, first: int) -> None:
    """Check that the persons who differ are the difference, in every group."""
    net = history.who[y, :, :, 1].sum(axis=1) - history.who[y, :, :, 0].sum(axis=1)
    for e, event in enumerate(EXPLAINED):
        k = KINDS.index(event)
        if (history.counts[1, y, k] - history.counts[0, y, k] != net[e]).any():
            year = first + y
            raise BooksDoNotAddUpError(
                f"{year}, {event}: persons who differ are not the difference"
            )
