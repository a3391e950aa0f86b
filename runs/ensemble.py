"""Replicates: the same scenario lived several times with different luck, in threads."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa

from runs.structure import structure_table
from scenarios.fields import UNCERTAIN
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import EVENT
from sim.engine import Simulation
from sim.observe import Counts, Observer
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


class Making(Protocol):
    """Where the state of one replicate is kept after each year."""

    def take_up(self, simulation: Simulation) -> list[Counts]:
        """Let a simulation go on after the last year kept; return what those years counted."""

    def save(self, simulation: Simulation, counts: Counts) -> None:
        """Keep the state after a year, and what was counted in it."""


class Keeper(Protocol):
    """Where replicates are kept until all are finished, so that a run can be taken up again."""

    def finished(self, number: int) -> Replicate | None:
        """Return a replicate that was kept whole."""

    def finish(self, replicate: Replicate) -> None:
        """Keep a replicate whole."""

    def making(self, number: int) -> Making:
        """Return where the years of a replicate are kept."""


class HaltedError(Exception):
    """A replicate ended after a year because the run does."""


def live(
    plan: Plan, threads: int, year_done: Callable[[], None], keeper: Keeper | None = None
) -> Generator[Replicate, None, None]:
    """Yield the replicates in order, at most `threads` of them in the making at a time.

    The kernels run without Python's global lock. What a replicate gives depends on its
    number alone, so the number of threads cannot change anything.
    keeper: takes every year and every replicate as it is finished, and gives back those of a
        run that was broken off.
    """
    halt = threading.Event()

    def lived() -> None:
        year_done()
        if halt.is_set():
            raise HaltedError

    def make(number: int) -> Replicate:
        if keeper is None:
            return live_one(plan, number, lived)
        found = keeper.finished(number)
        if found is None:
            found = live_one(plan, number, lived, keeper.making(number))
            keeper.finish(found)
        return found

    return in_order(make, plan.replicates, threads, halt)


def in_order(
    make: Callable[[int], Made],
    many: int,
    threads: int,
    halt: threading.Event | None = None,
) -> Generator[Made, None, None]:
    """Yield make(0), make(1) ..., at most `threads` in the making and one more waiting.

    halt: set if nobody wants any more, so that those in the making can stop.
    """
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
            if halt is not None:
                halt.set()
            for future in waiting:
                future.cancel()


def live_one(
    plan: Plan,
    number: int,
    year_done: Callable[[], None] | None = None,
    making: Making | None = None,
) -> Replicate:
    """Live one replicate and return its tables; it depends on the plan and its number alone."""
    simulation = Simulation(
        plan.population,
        plan.settings_of(number),
        Chance(plan.seed, number),
        dimensions=plan.dimensions,
        forgetful=True,
    )
    lived = making.take_up(simulation) if making is not None else []
    while len(lived) < plan.years:
        lived.append(simulation.step())
        if making is not None and len(lived) < plan.years:  # the last year goes into the tables
            making.save(simulation, lived[-1])
        if year_done is not None:
            year_done()
    return _tables_of(plan, number, simulation, lived)


def _tables_of(
    plan: Plan, number: int, simulation: Simulation, lived: Sequence[Counts]
) -> Replicate:
    """Turn what the years counted into tidy tables."""
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
