"""Observers: stocks of 1 January and flows of the year, counted by cell.

A cell is a combination of values of the dimensions, all measured on 1 January of the
year, so that flows divided by stocks are transition probabilities. Everybody resident is
counted; background tells immigrants from Norwegian-born persons, whose reason is 'unknown'.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import codes
from sim import observe_kernel as kernel
from sim.agents.columns import BY_NAME, FIRST_YEAR, LAST_YEAR
from sim.agents.population import RESIDENT, Population, lengthened
from sim.codes import CodeList
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF, MUNICIPALITY
from sim.structure import Structure, structure_of
from sim.transitions.marked import marked
from sim.transitions.process import Positions, Year

YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)


@dataclass(frozen=True)
class Dimension:
    """One way to divide people: a column, and the code that each of its values belongs to.

    group: returns, for 1 January of a year, the code of each possible value of the
        column, counted from `lowest`.
    """

    name: str
    codes: CodeList
    column: str
    lowest: int
    group: Callable[[int], NDArray[Any]]


def _same(name: str) -> Dimension:
    code_list = BY_NAME[name].codes
    assert code_list is not None
    positions = np.arange(len(code_list))
    return Dimension(name, code_list, name, 0, lambda year: positions)


def _lookup(name: str, code_list: CodeList, column: str, of: NDArray[Any]) -> Dimension:
    return Dimension(name, code_list, column, 0, lambda year: of)


def _elapsed(name: str, code_list: CodeList, column: str, starts: tuple[int, ...]) -> Dimension:
    """Group completed years since the year in `column`, as of 1 January."""

    def group(year: int) -> NDArray[Any]:
        elapsed = np.maximum(year - 1 - YEARS, 0)
        return np.searchsorted(starts, elapsed, side="right") - 1

    return Dimension(name, code_list, column, FIRST_YEAR, group)


_COUNTRY_GROUP_OF = np.array(codes.ORIGIN_COUNTRY_GROUP)
DIMENSIONS = {
    dimension.name: dimension
    for dimension in (
        _same("background"),
        _same("reason"),
        _same("sponsor_reason"),
        _lookup("country_group", codes.COUNTRY_GROUP, "origin", _COUNTRY_GROUP_OF),
        _same("origin"),
        _same("sex"),
        _elapsed("age_group", codes.AGE_GROUP, "birth_year", codes.AGE_STARTS),
        _elapsed(
            "duration_group", codes.DURATION_GROUP, "first_arrival_year", codes.DURATION_STARTS
        ),
        _same("education"),
        _same("status"),
        _lookup("centrality", codes.CENTRALITY, "municipality", CENTRALITY_OF),
        _lookup("county", COUNTY, "municipality", COUNTY_OF),
        _same("municipality"),
    )
}
DEFAULT_DIMENSIONS = (
    "background",
    "reason",
    "country_group",
    "sex",
    "age_group",
    "duration_group",
    "centrality",
    "county",
)
MOST_CELLS = 10_000_000
SMALL = ("background", "reason", "sponsor_reason", "origin", "sex", "education", "status")
LARGE = {"birth_year": YEARS.size, "first_arrival_year": YEARS.size,
         "municipality": len(MUNICIPALITY)}  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """What happened in one year: non-empty cells, and how many persons, by kind.

    stock and structure are those of 1 January; flows are by event.
    """

    year: int
    stock: tuple[NDArray[np.int64], NDArray[np.int64]]
    flows: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    structure: Structure | None = None

    def total(self, event: str) -> int:
        """Return how many persons an event happened to."""
        return int(self.flows[event][1].sum()) if event in self.flows else 0


def together(parts: Sequence[Counts]) -> Counts:
    """Return the counts of one year of several parts of a population, added up."""
    events = sorted({event for part in parts for event in part.flows})
    structures = [part.structure for part in parts if part.structure]
    return Counts(
        parts[0].year,
        _added([part.stock for part in parts]),
        {event: _added([p.flows[event] for p in parts if event in p.flows]) for event in events},
        Structure(
            parts[0].year,
            np.sum([one.ages for one in structures], axis=0),
            np.sum([one.families for one in structures], axis=0),
        ) if structures else None,
    )  # fmt: skip


def _added(
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cells = np.concatenate([cells for cells, _ in parts])
    counts = np.concatenate([counts for _, counts in parts])
    found, which = np.unique(cells, return_inverse=True)
    added = np.zeros(found.size, dtype=np.int64)
    np.add.at(added, which, counts)
    return found, added


class Observer:
    """Counts one simulation, year by year."""

    def __init__(self, dimensions: tuple[str, ...] = DEFAULT_DIMENSIONS) -> None:
        self.dimensions = tuple(DIMENSIONS[name] for name in dimensions)
        self.shape = tuple(len(dimension.codes) for dimension in self.dimensions)
        assert self.cells <= np.iinfo(np.int32).max, f"{self.cells:,} cells are too many"
        self.cell = np.empty(0, dtype=np.int32)
        self._counts = np.zeros(self.cells, dtype=np.int32)  # of one event; zero between two
        self.structure: Structure | None = None

    @property
    def cells(self) -> int:
        """The number of possible cells."""
        return int(np.prod(self.shape, dtype=np.int64))

    def begin(self, population: Population) -> NDArray[np.int32]:
        """Note everybody's cell on 1 January and return the stock by cell."""
        self.cell = self.cell[:0]
        self._find_cells(population, population.year)
        self.structure = structure_of(population)
        stock = np.zeros(self.cells + 1, dtype=np.int32)
        kernel.count_where(self.cell, population["place"], RESIDENT, stock)
        return stock[:-1]

    def _find_cells(self, population: Population, year: int) -> None:
        """Note the cells of those who have none yet, as of 1 January of a year."""
        first = self.cell.size
        self.cell = lengthened(self.cell, len(population))
        stride = self.cells
        parts: dict[str, NDArray[Any]] = {}  # dimensions of one column together
        for dimension in self.dimensions:
            stride //= len(dimension.codes)
            part = dimension.group(year).astype(np.int64) * stride
            parts[dimension.column] = parts.get(dimension.column, 0) + part
        strides, together = np.zeros(len(SMALL), dtype=np.uint32), np.zeros(1, dtype=np.int64)
        for k, name in enumerate(SMALL):
            if name in parts:
                strides[k] = together.size
                together = np.add.outer(parts[name], together).ravel()
        large = [parts.get(name, np.zeros(values)).astype(np.int32)
                 for name, values in LARGE.items()]  # fmt: skip
        kernel.find_cells(
            first, self.cell[first:], tuple(population[name] for name in SMALL), strides,
            together.astype(np.int32), population["birth_year"], large[0],
            population["first_arrival_year"], large[1], population["municipality"], large[2],
            FIRST_YEAR,
        )  # fmt: skip

    def finish(self, stock: NDArray[np.int32], year: Year) -> Counts:
        """Count the year's events; who was exposed and neither moved, left nor died stayed.

        Newcomers of the year are counted as they came: of age 0 if born in it.
        """
        exposed = self.cell.size
        self._find_cells(year.population, year.year)
        flows = {event: self._count(year.happened(event)) for event in sorted(year.events)}
        stayed = stock.copy()
        for gone in (_ended(year, exposed), year.happened("domestic"), year.happened("emigrate")):
            kernel.take_off(self.cell, gone, stayed)
        flows["stay"] = sparse(stayed)
        return Counts(year.year, sparse(stock), flows, self.structure)

    def labels(self, cells: NDArray[np.int64]) -> list[NDArray[np.int16]]:
        """Return, for each dimension, the code of each cell."""
        return [part.astype(np.int16) for part in np.unravel_index(cells, self.shape)]

    def _count(self, positions: Positions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the cells of these persons, and how many are in each."""
        assert positions.max(initial=-1) < self.cell.size, "events of persons not seen on 1 January"
        kernel.count_some(self.cell, positions, self._counts)
        cells, counts = sparse(self._counts)
        self._counts[cells] = 0
        return cells, counts


def _ended(year: Year, exposed: int) -> Positions:
    """Return who would have stayed if they had not died: exposed, and neither moved nor back."""
    counted = np.zeros(len(year.population), dtype=np.bool_)
    counted[exposed:] = True
    for event in ("domestic", "return"):
        counted[year.happened(event)] = True
    died = year.happened("death")
    return died[~counted[died]]


def sparse(counts: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells that are not empty, and their counts."""
    cells = marked(counts != 0)
    return cells, counts[cells].astype(np.int64)
