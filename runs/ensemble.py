"""Replicates: the same scenario lived several times with different luck, in threads."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from runs.structure import structure_table
from scenarios.fields import UNCERTAIN
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import EVENT
from sim.engine import Simulation
from sim.observe import Observer
from sim.transitions.process import Settings

PARAMETERS, ECONOMY = UNCERTAIN
Made = TypeVar("Made")


@dataclass(frozen=True)
class Plan:
    """What to simulate: whom, how, how long, how often and divided by what.

    uncertain: what every replicate draws anew besides luck.
    """

    population: Population
    settings: Settings
    seed: int
    years: int
    replicates: int
    dimensions: tuple[str, ...]
    uncertain: tuple[str, ...] = ()

    def settings_of(self, number: int) -> Settings:
        """Return the settings of a replicate: its own draw of what is uncertain."""
        settings = self.settings
        if PARAMETERS in self.uncertain:
            settings = replace(settings, draw=number, draw_seed=self.seed)
        if ECONOMY in self.uncertain:
            settings = replace(settings, economy_draw=(number, self.seed))
        return settings

    def draw_of(self, number: int) -> int:
        """Return the number of a replicate's draw: 0 for all if nothing is drawn."""
        return number if self.uncertain else 0


@dataclass(frozen=True)
class Replicate:
    """One finished replicate as tidy tables."""

    number: int
    flows: pa.Table
    stocks: pa.Table
    structure: pa.Table


def live(plan: Plan, threads: int, year_done: Callable[[], None]) -> Iterator[Replicate]:
    """Yield the replicates in order, at most `threads` of them in the making at a time.

    The kernels run without Python's global lock. What a replicate gives depends on its
    number alone, so the number of threads cannot change anything.
    """
    return in_order(lambda number: _live_one(plan, number, year_done), plan.replicates, threads)


def in_order(make: Callable[[int], Made], many: int, threads: int) -> Iterator[Made]:
    """Yield make(0), make(1) ..., at most `threads` in the making and one more waiting."""
    if threads == 1:
        yield from map(make, range(many))
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number in range(many):
                waiting.append(pool.submit(make, number))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _live_one(plan: Plan, number: int, year_done: Callable[[], None]) -> Replicate:
    simulation = Simulation(
        plan.population,
        plan.settings_of(number),
        Chance(plan.seed, number),
        dimensions=plan.dimensions,
        forgetful=True,
    )
    lived = []
    for counts in simulation.run(plan.years):
        lived.append(counts)
        year_done()
    january = (*lived, simulation.stock())
    stocks = [(c.year, c.stock) for c in january]
    flows = [
        (c.year, EVENT.index(event), c.flows[event])
        for c in lived
        for event in EVENT.names
        if event in c.flows
    ]
    observer, which = simulation.observer, (number, plan.draw_of(number))
    return Replicate(
        number,
        _table(observer, which, [(y, cells) for y, _, cells in flows], [e for _, e, _ in flows]),
        _table(observer, which, stocks, None),
        structure_table([c.structure for c in january if c.structure], number),
    )


def _table(
    observer: Observer,
    which: tuple[int, int],
    parts: list[tuple[int, tuple[np.ndarray, np.ndarray]]],
    events: list[int] | None,
) -> pa.Table:
    """Join the non-empty cells of several years (and events) into one tidy table.

    which: the replicate, and its draw.
    """
    sizes = [cells.size for _, (cells, _) in parts]
    every = sum(sizes)
    cells = np.concatenate([cells for _, (cells, _) in parts])
    counts = np.concatenate([counts for _, (_, counts) in parts])
    columns: dict[str, pa.Array] = {
        "replicate": pa.array(np.full(every, which[0], dtype=np.int32)),
        "draw": pa.array(np.full(every, which[1], dtype=np.int32)),
        "year": pa.array(np.repeat(np.array([y for y, _ in parts], dtype=np.int16), sizes)),
    }
    for dimension, labels in zip(observer.dimensions, observer.labels(cells), strict=True):
        names = pa.array(dimension.codes.names, pa.string())
        columns[dimension.name] = pa.DictionaryArray.from_arrays(pa.array(labels), names)
    if events is not None:
        labels = np.repeat(np.array(events, dtype=np.int16), sizes)
        names = pa.array(EVENT.names, pa.string())
        columns["event"] = pa.DictionaryArray.from_arrays(pa.array(labels), names)
    columns["count"] = pa.array(counts)
    return pa.table(columns)
