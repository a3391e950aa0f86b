"""Finished runs compared by their tables, where persons cannot be: counts of each replicate."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.differences import Comparison, from_counts
from runs.lockstep import KINDS, STOCK, Ints
from runs.matching import BY, CELLS, FIRST_CELL
from runs.measures import COUNTS
from runs.tables import CODE_LISTS, Histories, dimensions, histories
from sim.problems import InputError, Problem

if TYPE_CHECKING:
    from runs.comparands import Ground

EVENTS = tuple(COUNTS.values())


def compare_tables(ground: "Ground") -> Comparison:
    """Compare two finished runs by flows.parquet and stocks.parquet."""
    a, b = (_counts(_folder(one.folder), ground.years, ground.replicates) for one in ground.both)
    return from_counts(a, b, ground.years, paired=ground.shared, drawn=ground.drawn)


def first_totals(folder: Path, first: int, years: int) -> Ints:
    """Return how often each event of COUNTS happened in replicate 0, by year, to anybody.

    As many years as the run holds, `years` at most.
    """
    flows = _read(folder / "flows.parquet", ["replicate", "year", "event", "count"])
    flows = flows.filter(pc.equal(flows["replicate"], 0)).unify_dictionaries()
    sums = flows.group_by(["year", "event"]).aggregate([("count", "sum")]).to_pylist()
    last = max((row["year"] for row in sums), default=first - 1)
    totals = np.zeros((min(years, last - first + 1), len(EVENTS)), dtype=np.int64)
    for row in sums:
        if row["event"] in EVENTS and first <= row["year"] < first + len(totals):
            totals[row["year"] - first, EVENTS.index(row["event"])] = row["count_sum"]
    return totals


def _folder(folder: Path | None) -> Path:
    assert folder is not None, "only finished runs have tables"
    return folder


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowException, KeyError) as error:
        found = f"{path} cannot be read ({type(error).__name__})"
        cure = "Run the scenario again, or compare the scenarios."
        raise InputError("command", [Problem("run", found, "the table of a run", cure)]) from None


def _counts(folder: Path, years: tuple[int, int], replicates: int) -> Iterator[Ints]:
    """Yield the counts of each replicate: (years and the 1 January after, KINDS, cells)."""
    flows, stocks = _read(folder / "flows.parquet"), _read(folder / "stocks.parquet")
    _check_held(folder, stocks, years, replicates)
    known = set(dimensions(flows))
    lived = years[1] - years[0] + 1
    counts = np.zeros((replicates, lived + 1, len(KINDS), len(CELLS)), dtype=np.int64)
    for name in ("", *(name for name in BY if name in known)):
        held = histories(flows, stocks, (name,) if name else (), years=years)
        _fill(counts, held, name, years[0])
    yield from counts


def _check_held(folder: Path, stocks: pa.Table, years: tuple[int, int], replicates: int) -> None:
    """Say that the tables of a run do not hold the years and replicates that it tells of."""
    held = [pc.min_max(stocks[name]).as_py() for name in ("year", "replicate")]
    if not len(stocks) or years[0] < held[0]["min"] or years[1] + 1 > held[0]["max"] \
            or replicates > held[1]["max"] + 1:  # fmt: skip
        asked = f"{replicates:,} replicates of {years[0]}..{years[1]}"
        found = f"the tables in {folder} do not hold the {asked} that its manifest tells of"
        cure = "Run the scenario again, or compare the scenarios."
        raise InputError("command", [Problem("run", found, "those of the run", cure)])


def _fill(counts: Ints, held: Histories, name: str, first: int) -> None:
    """Write what a run holds, divided by one dimension or not at all, into its cells."""
    replicates, years = counts.shape[0], counts.shape[1] - 1
    cells = [FIRST_CELL[name] + CODE_LISTS[name].index(group[0]) if name else 0
             for group in held.groups]  # fmt: skip
    start = first - int(held.years[0])
    for k, kind in enumerate(KINDS):
        if k == STOCK:
            values = held.stock[:replicates, start : start + years + 1]
            counts[:, : values.shape[1], k][..., cells] = values
        else:
            values = held.count(kind)[:replicates, start : start + years]
            counts[:, :years, k][..., cells] = values
