"""What a run found, in tables: means over replicates, each with its interval.

A history is one replicate of one parameter draw. Every history counts: where it holds no
event of a cell it counts as zero there. The interval is for *one* history, not for the mean
(runs/intervals.py tells how it is made, and how the variance is split by where it comes from), cut
at what is possible (no negative counts, rates within 0 and 100). A further history of the same
model falls inside it with a probability of about 95 %; there is no interval below two. Rates are
in percent per year, per history, of those who stayed, moved or emigrated among the residents of 1
January; a history in which a group is empty has no rate there and is left out of that rate alone.

What is published is about immigrants, and so is every table here but those divided by
background: Norwegian-born persons have no reason, and mostly do what their parents do. Flows and
stocks hold everybody; without the column background nobody can be told apart.
"""

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from runs.crossing import ALONE, DRAWS, Sharing, settled, sharing_of
from runs.intervals import FEWEST_TO_SPLIT, SHARES, Estimate, Floats, interval, intervals
from runs.measures import COUNTS, EXPOSED, RATES
from sim.codes import CodeList
from sim.observe import DIMENSIONS
from sim.problems import Problem, refuse, suggest

Ints = NDArray[np.int64]
Span = tuple[int, int]  # the first and last year of a run

CODE_LISTS: Mapping[str, CodeList] = {known.name: known.codes for known in DIMENSIONS.values()}
BACKGROUND, NORWEGIAN_BORN = "background", "norwegian_born"
NOT_DIMENSIONS = ("replicate", *DRAWS, "year", "event", "count")


@dataclass(frozen=True)
class Histories:
    """What each history holds in every year and group; zero where nothing happens.

    groups: one tuple of codes for each group, in the order of the code lists.
    events: by event, an array (histories, years, groups).
    stock: (histories, stock_years, groups), persons on 1 January.
    sharing: which histories share a draw.
    """

    groups: tuple[tuple[str, ...], ...]
    years: Ints
    stock_years: Ints
    events: Mapping[str, Floats]
    stock: Floats
    sharing: Sharing = ALONE

    def interval(
        self, values: Floats, floor: float = -math.inf, ceiling: float = math.inf
    ) -> Estimate:
        """Return the estimate from one value of each history."""
        return interval(values, floor, ceiling, self.sharing, np.asarray(settled(self.years).all()))

    def count(self, event: str) -> Floats:
        """Return (histories, years, groups) of an event, zeros if it never happens."""
        if event in self.events:
            return self.events[event]
        return np.zeros((len(self.stock), len(self.years), len(self.groups)))

    @cached_property
    def exposed(self) -> Floats:
        """Residents of 1 January who stayed, moved or emigrated: (histories, years, groups)."""
        stay, domestic, emigrate = (self.count(event) for event in EXPOSED)
        return stay + domestic + emigrate

    def measures(self) -> Iterator[tuple[str, Ints, Floats]]:
        """Yield the name, years and values (histories, years, groups) of each measure."""
        for measure, event in COUNTS.items():
            if event in EXPOSED or event in self.events:
                yield measure, self.years, self.count(event)
        yield "stock", self.stock_years, self.stock
        for measure, event in RATES.items():
            if event not in EXPOSED and event not in self.events:
                continue
            yield measure, self.years, percent(self.count(event), self.exposed)


def summarise(
    flows: pa.Table, stocks: pa.Table, by: tuple[str, ...] = (), *, years: Span | None = None
) -> pa.Table:
    """Return year, *by, measure and the fields of Estimate for every group and year."""
    held = histories(flows, stocks, by, years=years)
    names: list[str] = []
    rows: list[Floats] = []
    for measure, lived, values in held.measures():
        year, group = np.indices(values.shape[1:]).reshape(2, -1)
        flat = values.reshape(len(values), len(lived) * len(held.groups))
        known = settled(lived[year] - (measure == "stock"))
        found = intervals(flat, ceiling=_ceiling(measure), sharing=held.sharing, settled=known)
        rows.append(np.vstack([lived[year], group, np.full(len(year), len(names)), *found]))
        names.append(measure)
    columns = np.hstack(rows)
    columns = columns[:, np.lexsort(columns[2::-1])]  # by year, then group, then measure
    year, group, measure = columns[:3].astype(np.int64)
    numbers = columns[3:]
    table: dict[str, Any] = {"year": pa.array(year, pa.int16())}
    for position, dimension in enumerate(by):
        table[dimension] = pa.array([held.groups[g][position] for g in group], pa.string())
    table["measure"] = pa.array([names[m] for m in measure], pa.string())
    for name, column in zip(("mean", "sd", "low", "high"), numbers[:4], strict=True):
        table[name] = pa.array(column, mask=np.isnan(column))
    table["replicates"] = pa.array(numbers[4].astype(np.int32))
    for name, column in zip(SHARES, numbers[5:], strict=True):
        table[name] = pa.array(column, mask=np.isnan(column))
    return pa.table(table)


def summaries(
    flows: pa.Table, stocks: pa.Table, *, years: Span | None = None
) -> dict[str, pa.Table]:
    """Return the summary of the total and of every dimension the run holds, by file stem."""
    every = [("summary_total", ()), *((stem(name), (name,)) for name in dimensions(flows))]
    return {name: summarise(flows, stocks, by, years=years) for name, by in every}


def stem(dimension: str) -> str:
    """Return the name, without its end, of the file with the summary by a dimension."""
    return f"summary_by_{dimension}"


def write_summaries(
    flows: pa.Table,
    stocks: pa.Table,
    folder: Path,
    *,
    made: Mapping[str, pa.Table] | None = None,
    years: Span | None = None,
) -> list[Path]:
    """Write each summary as a CSV file: counts to one decimal, rates to four.

    made: what `summaries` returned for these flows and stocks, if it is at hand.
    """
    made = summaries(flows, stocks, years=years) if made is None else made
    return [write_whole(folder / f"{name}.csv", _csv(table)) for name, table in made.items()]


def headline(made: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Return each year's numbers from `summaries`, ready to be written as JSON.

    `years` is about immigrants; `norwegian_born` is there if any such person is.
    """
    found = made["summary_total"].to_pylist()
    told = {
        "replicates": max((row["replicates"] for row in found), default=0),
        "interval": "95 % for one history over replicates",
        "shares": f"percent of the variance between histories; null below {FEWEST_TO_SPLIT}",
        "whom": "immigrants",
        "years": _by_year(found),
    }
    everybody = made[stem(BACKGROUND)].to_pylist() if stem(BACKGROUND) in made else []
    born = [row for row in everybody if row[BACKGROUND] == NORWEGIAN_BORN]
    return {**told, NORWEGIAN_BORN: _by_year(born)} if born else told


def _by_year(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told: dict[int, dict[str, Any]] = {row["year"]: {"year": row["year"]} for row in rows}
    for row in rows:
        decimals = _decimals(row["measure"])
        told[row["year"]][row["measure"]] = {
            name: None if row[name] is None else round(row[name], digits)
            for names, digits in ((("mean", "low", "high"), decimals), (SHARES, 0))
            for name in names
        }
    return list(told.values())


def estimates(table: pa.Table) -> dict[tuple[str, str, int], Estimate]:
    """Return a summary by (measure, group, year); the group of a total is ''.

    Of a summary by several dimensions the group is their codes joined by ' / '.
    """
    by = table.column_names[1 : table.column_names.index("measure")]
    return {
        (row["measure"], " / ".join(row[name] for name in by), row["year"]): Estimate(
            _number(row["mean"]),
            _number(row["sd"]),
            _number(row["low"]),
            _number(row["high"]),
            row["replicates"],
            *(_number(row[name]) for name in SHARES),
        )
        for row in table.to_pylist()
    }


def percent(part: Floats, whole: Floats) -> Floats:
    """Return 100 * part / whole, and nan where there is no whole."""
    shares = np.full(np.shape(whole), np.nan)
    np.divide(100 * part, whole, out=shares, where=whole > 0)
    return shares


def dimensions(table: pa.Table) -> tuple[str, ...]:
    """Return the columns by which a table of flows or stocks can be broken down."""
    return tuple(name for name in table.column_names if name not in NOT_DIMENSIONS)


def histories(
    flows: pa.Table, stocks: pa.Table, by: tuple[str, ...] = (), *, years: Span | None = None
) -> Histories:
    """Return what each history holds by year and group, zeros filled in.

    Norwegian-born persons are counted only if `by` tells them from immigrants.
    years: the first and last year of the run, so that years after the last person has left
        are years of zeros; if not given, all from the first to the last year seen.
    """
    refuse("by", _unknown_dimensions(by, flows))
    apart = () if BACKGROUND in by or BACKGROUND not in flows.column_names else (BACKGROUND,)
    keys = ["replicate", *draw_columns(flows), "year", *by, *apart]
    every = _summed(flows, [*keys, "event"]), _summed(stocks, keys)
    flow_years, stock_years = _years(_whole(every[0], "year"), _whole(every[1], "year"), years)
    happened, lived = counted = [_immigrants(table) if apart else table for table in every]
    orders = [_order(dimension, *counted) for dimension in by]
    runs = _distinct(_run(table) for table in every)
    groups = _distinct(_group(table, by, orders) for table in counted) if by else np.zeros(1, int)

    def fill(table: pa.Table, held: Ints) -> Floats:
        """Return the counts of a table as (histories, years held, groups)."""
        found = zip(
            (runs, held, groups),
            (_run(table), _whole(table, "year"), _group(table, by, orders)),
            strict=True,
        )
        place = tuple(np.searchsorted(known, column) for known, column in found)
        filled = np.zeros((len(runs), len(held), len(groups)))
        np.add.at(filled, place, _whole(table, "count_sum"))
        return filled

    return Histories(
        groups=tuple(_codes(int(number), orders) for number in groups),
        years=flow_years,
        stock_years=stock_years,
        events={
            event: fill(happened.filter(pc.equal(happened["event"], event)), flow_years)
            for event in sorted(set(_strings(every[0], "event")))
            if not (apart and event == "birth")  # no immigrant is born here
        },
        stock=fill(lived, stock_years),
        sharing=_sharing(runs, every),
    )


def draw_columns(table: pa.Table) -> list[str]:
    """Return the columns that say which draws a replicate has."""
    return [name for name in DRAWS if name in table.column_names]


def _sharing(runs: Ints, tables: Iterable[pa.Table]) -> Sharing:
    """Return which of the histories share a draw."""
    draws = np.zeros((len(DRAWS), len(runs)), dtype=np.int64)
    for table in tables:
        place = np.searchsorted(runs, _run(table))
        for kind, name in enumerate(DRAWS):
            if name in table.column_names:
                draws[kind, place] = _whole(table, name)
    return sharing_of(*draws)


def _immigrants(table: pa.Table) -> pa.Table:
    return table.filter(pc.not_equal(table[BACKGROUND], NORWEGIAN_BORN))


def _years(happened: Ints, lived: Ints, years: Span | None) -> tuple[Ints, Ints]:
    """Return the years of flows and those of stocks, one more: the 1 January at the end."""
    if years is not None:
        first, last = years
        happened, lived = np.append(happened, [first, last]), np.append(lived, [first, last + 1])
    stock_years = _every(lived)
    return _every(np.append(happened, stock_years[:-1])), stock_years


def _every(years: Ints) -> Ints:
    """Return all years from the first to the last."""
    return np.arange(years.min(), years.max() + 1) if len(years) else years


def write_whole(path: Path, text: str) -> Path:
    """Write a text file whole or not at all: under another name first, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _csv(table: pa.Table) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        decimals = _decimals(row["measure"])
        writer.writerow(
            f"{value:.{0 if name in SHARES else decimals}f}" if isinstance(value, float) else value
            for name, value in row.items()
        )
    return file.getvalue()


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _decimals(measure: str) -> int:
    return 4 if measure in RATES else 1


def _ceiling(measure: str) -> float:
    return 100.0 if measure in RATES else math.inf


def _unknown_dimensions(by: tuple[str, ...], flows: pa.Table) -> Iterator[Problem]:
    known = dimensions(flows)
    for name in by:
        if name not in known:
            yield Problem(
                name, "is no dimension of this run", ", ".join(known), suggest(name, known)
            )


def _summed(table: pa.Table, keys: list[str]) -> pa.Table:
    """Add up counts; row groups of a file may each bring a dictionary of their own."""
    return table.unify_dictionaries().group_by(keys).aggregate([("count", "sum")])


def _whole(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)


def _strings(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.asarray(table[name].cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)


def _run(table: pa.Table) -> Ints:
    """Number a history: 16 bits of draw below the replicate."""
    return _whole(table, "replicate") << 16 | _whole(table, "draw")


def _order(dimension: str, *tables: pa.Table) -> list[str]:
    """Return the codes found in the tables, as their code list orders them, strangers last."""
    found = {code for table in tables for code in _strings(table, dimension)}
    known = CODE_LISTS[dimension].names if dimension in CODE_LISTS else ()
    return [code for code in known if code in found] + sorted(found - set(known))


def _group(table: pa.Table, by: tuple[str, ...], orders: list[list[str]]) -> Ints:
    """Number the group of each row; numbers ascend in the order of the codes."""
    number = np.zeros(table.num_rows, dtype=np.int64)
    for dimension, order in zip(by, orders, strict=True):
        position = pc.index_in(table[dimension].cast(pa.string()), pa.array(order, pa.string()))
        number = number * len(order) + np.asarray(position.to_numpy(), dtype=np.int64)
    return number


def _codes(number: int, orders: list[list[str]]) -> tuple[str, ...]:
    codes_of_group = []
    for order in reversed(orders):
        number, position = divmod(number, len(order))
        codes_of_group.append(order[position])
    return tuple(reversed(codes_of_group))


def _distinct(columns: Iterable[Ints]) -> Ints:
    """Return the distinct values of all columns, in order."""
    return np.unique(np.concatenate(list(columns)))
