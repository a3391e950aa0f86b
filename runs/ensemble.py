"""Replicates: the same scenario lived several times with different luck, in threads."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa

from runs.crossing import draws_of
from runs.people import People
from runs.shards import ShardedPeople, Shards
from runs.structure import numbered, structure_table
from scenarios.fields import UNCERTAIN
from scenarios.schema import Scenario
from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import EVENT
from sim.engine import Simulation
from sim.observe import Counts, Observer, together
from sim.transitions.process import Part, Settings
from sim.transitions.share import share_of

PACKED = pa.ipc.IpcWriteOptions(compression="lz4")

PARAMETERS, ECONOMY = UNCERTAIN
Made = TypeVar("Made")


@dataclass(frozen=True)
class Plan:
    """What to simulate: whom, how, how long, how often and divided by what.

    population: all of it, or its shards, which are lived one by one.
    uncertain: what replicates draw anew besides luck.
    """

    population: Population | Shards
    settings: Settings
    seed: int
    years: int
    replicates: int
    dimensions: tuple[str, ...]
    uncertain: tuple[str, ...] = ()

    @property
    def parts(self) -> int:
        """In how many parts the people of a replicate are lived."""
        return self.population.many if isinstance(self.population, Shards) else 1

    def pieces_of(self, numbers: Sequence[int]) -> list[int]:
        """Return the pieces of work of these replicates: of each its parts, in order."""
        return [number * self.parts + part for number in numbers for part in range(self.parts)]

    def settings_of(self, number: int) -> Settings:
        """Return the settings of a replicate: the draws of what is uncertain that it has."""
        settings, (parameters, economy) = self.settings, self.draws_of(number)
        if PARAMETERS in self.uncertain:
            settings = replace(settings, draw=parameters, draw_seed=self.seed)
        if ECONOMY in self.uncertain:
            settings = replace(settings, economy_draw=(economy, self.seed))
        return settings

    def luck_of(self, number: int) -> Chance:
        """Return the luck of a replicate."""
        return Chance(self.seed, number)

    def draws_of(self, number: int) -> tuple[int, int]:
        """Return which draw of parameters and economy a replicate has; 0 if they are not drawn."""
        parameters, economy = draws_of(number)
        return (
            parameters if PARAMETERS in self.uncertain else 0,
            economy if ECONOMY in self.uncertain else 0,
        )


@dataclass(frozen=True)
class Replicate:
    """One finished replicate as tidy tables."""

    number: int
    flows: pa.Table
    stocks: pa.Table
    structure: pa.Table

    def __reduce__(self) -> tuple[Callable[..., "Replicate"], tuple[int | bytes, ...]]:
        """Travel packed: thirty million bytes would keep whoever receives them busy."""
        return _unpacked, (self.number, *map(_packed, (self.flows, self.stocks, self.structure)))


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=PACKED) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(number: int, *tables: bytes) -> Replicate:
    return Replicate(number, *(pa.ipc.open_stream(table).read_all() for table in tables))


def plan_of(scenario: Scenario, people: People | ShardedPeople, settings: Settings) -> Plan:
    """Return what a scenario simulates; one replicate alone uses the estimates themselves."""
    if isinstance(people, ShardedPeople):  # as many arrive as to all of them together
        immigrants = people.population.census()["resident_immigrants"]
        settings = replace(settings, scale=share_of(immigrants, people.population.year))
    years = scenario.years[1] - scenario.years[0] + 1
    return Plan(people.population, settings, scenario.seed, years, scenario.replicates,
                scenario.dimensions, drawn_by(scenario))  # fmt: skip


def drawn_by(scenario: Scenario) -> tuple[str, ...]:
    """Return what the replicates of a scenario draw anew besides luck."""
    return scenario.uncertainty if scenario.replicates > 1 else ()


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
        run that was broken off. Of people in shards no years are kept, only replicates.
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

    def pieces(numbers: Sequence[int]) -> Iterator[Replicate]:
        todo = plan.pieces_of(numbers)
        counted = in_order(lambda k: live_piece(plan, todo[k], lived), len(todo), threads, halt)
        return joined(plan, numbers, counted)

    if plan.parts > 1:
        return with_kept(plan, keeper, pieces)
    return in_order(make, plan.replicates, threads, halt)


def with_kept(
    plan: Plan, keeper: Keeper | None, lived: Callable[[Sequence[int]], Iterator[Replicate]]
) -> Generator[Replicate, None, None]:
    """Yield all replicates in order: those kept, and the others as they are lived and then kept.

    lived: yields the replicates of these numbers, in order.
    """
    missing = [n for n in range(plan.replicates) if keeper is None or keeper.finished(n) is None]
    coming = lived(missing)
    try:
        for number in range(plan.replicates):
            found = keeper.finished(number) if keeper and number not in missing else None
            if found is None:
                found = next(coming)
                if keeper is not None:
                    keeper.finish(found)
            yield found
    finally:
        if isinstance(coming, Generator):
            coming.close()


def joined(
    plan: Plan, numbers: Sequence[int], pieces: Iterator[tuple[Counts, ...]]
) -> Generator[Replicate, None, None]:
    """Yield the replicates of these numbers, whose pieces come in order."""
    try:
        for number in numbers:
            counted = next(pieces)
            for more in islice(pieces, plan.parts - 1):
                counted = tuple(together(years) for years in zip(counted, more, strict=True))
            yield tables_of(plan, number, counted)
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


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
    if plan.parts > 1:
        pieces = (live_piece(plan, piece, year_done) for piece in plan.pieces_of([number]))
        return next(joined(plan, [number], pieces))
    return tables_of(plan, number, live_piece(plan, number * plan.parts, year_done, making))


def live_piece(
    plan: Plan,
    piece: int,
    year_done: Callable[[], None] | None = None,
    making: Making | None = None,
) -> tuple[Counts, ...]:
    """Live one part of the people in one replicate; return what the years counted.

    Last comes the 1 January after them.
    """
    number, part = divmod(piece, plan.parts)
    population, settings = plan.population, plan.settings_of(number)
    if isinstance(population, Shards):
        settings = replace(settings, part=Part(part, population.homes))
        population = population.population(part)
    simulation = Simulation(
        population,
        settings,
        plan.luck_of(number),
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
    return (*lived, simulation.stock())


def tables_of(plan: Plan, number: int, counted: Sequence[Counts]) -> Replicate:
    """Turn what the years counted, and the 1 January after them, into tidy tables."""
    stocks = [(c.year, c.stock) for c in counted]
    flows = [
        (c.year, EVENT.index(event), c.flows[event])
        for c in counted
        for event in EVENT.names
        if event in c.flows
    ]
    observer, which = Observer(plan.dimensions), (number, *plan.draws_of(number))
    return Replicate(
        number,
        _table(observer, which, [(y, cells) for y, _, cells in flows], [e for _, e, _ in flows]),
        _table(observer, which, stocks, None),
        structure_table([c.structure for c in counted if c.structure], which),
    )


def _table(
    observer: Observer,
    which: tuple[int, int, int],
    parts: list[tuple[int, tuple[np.ndarray, np.ndarray]]],
    events: list[int] | None,
) -> pa.Table:
    """Join the non-empty cells of several years (and events) into one tidy table.

    which: the replicate, its draw of the parameters and of the economy.
    """
    sizes = [cells.size for _, (cells, _) in parts]
    every = sum(sizes)
    cells = np.concatenate([cells for _, (cells, _) in parts])
    counts = np.concatenate([counts for _, (_, counts) in parts])
    columns: dict[str, pa.Array] = {
        **numbered(which, every),
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
