"""Small made-up runs: flows and stocks by hand, and a larger one drawn at random."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from sim import observe

DIMENSIONS = {name: observe.DIMENSIONS[name].codes for name in observe.DEFAULT_DIMENSIONS}
USUAL = {
    "background": "adult_arrival",
    "reason": "work",
    "country_group": "2",
    "sex": "male",
    "age_group": "25-35",
    "duration_group": "0-2",
    "centrality": "4",
    "county": "03",
}
# Rough yearly chances of emigrating and of moving, and shares of the people, by reason.
EMIGRATION = np.array([0.060, 0.012, 0.024, 0.150, 0.062, 0.020])
MOVING = np.array([0.019, 0.036, 0.018, 0.045, 0.022, 0.009])
SHARE = np.array([0.27, 0.19, 0.31, 0.04, 0.08, 0.11])

Row = tuple[Any, ...]


def flows_of(*rows: Row) -> pa.Table:
    """Return flows from rows (replicate, year, {dimension: code}, event, count)."""
    return _table(
        [
            {"replicate": replicate, "year": year, **cell, "event": event, "count": count}
            for replicate, year, cell, event, count in rows
        ],
        ("event",),
    )


def stocks_of(*rows: Row) -> pa.Table:
    """Return stocks from rows (replicate, year, {dimension: code}, count)."""
    return _table(
        [
            {"replicate": replicate, "year": year, **cell, "count": count}
            for replicate, year, cell, count in rows
        ],
        (),
    )


def _table(rows: Iterable[Mapping[str, Any]], more: tuple[str, ...]) -> pa.Table:
    words = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [(name, pa.int16()) for name in ("replicate", "draw", "year")]
        + [(name, words) for name in (*DIMENSIONS, *more)]
        + [("count", pa.int64())]
    )
    return pa.Table.from_pylist([{"draw": 0, **USUAL, **row} for row in rows], schema)


def divided_also_by(names: Iterable[str], *tables: pa.Table) -> list[pa.Table]:
    """Return the tables with more dimensions; everybody has the last code of each."""
    for name in names:
        code = observe.DIMENSIONS[name].codes.names[-1]
        tables = tuple(t.append_column(name, pa.array([code] * t.num_rows)) for t in tables)
    return list(tables)


def random_run(
    *, years: range, replicates: int, cells: int = 200, people: float = 5e5, seed: int = 1
) -> tuple[pa.Table, pa.Table]:
    """Return flows and stocks of a closed population whose members emigrate at random."""
    rng = np.random.default_rng(seed)
    place = {name: rng.integers(0, len(known), cells) for name, known in DIMENSIONS.items()}
    reason = np.minimum((SHARE.cumsum() < rng.random((cells, 1))).sum(1), len(SHARE) - 1)
    place["reason"] = reason
    start = rng.multinomial(int(people), rng.dirichlet(np.full(cells, 0.5)))
    flows, stocks = [], []
    for replicate in range(replicates):
        stock = start.copy()
        for n, year in enumerate(years):
            swing = 1 + 0.15 * np.sin(n / 1.6)
            chances = np.column_stack([MOVING[reason], EMIGRATION[reason] * swing])
            chances = np.column_stack([1 - chances.sum(1), chances])
            stocks.append((replicate, year, stock.copy()))
            fate = rng.multinomial(stock, chances)
            flows += [(replicate, year, fate[:, k], k) for k in range(3)]
            stock = stock - fate[:, 2]
        stocks.append((replicate, years[-1] + 1, stock.copy()))
    return _columns(flows, place, cells), _columns(stocks, place, cells)


def _columns(parts: list[Row], place: Mapping[str, Any], cells: int) -> pa.Table:
    count = np.concatenate([part[2] for part in parts])
    keep = count > 0
    cell = np.tile(np.arange(cells), len(parts))[keep]
    columns = {
        "replicate": pa.array(np.repeat([p[0] for p in parts], cells)[keep], pa.int16()),
        "draw": pa.array(np.zeros(keep.sum()), pa.int16()),
        "year": pa.array(np.repeat([p[1] for p in parts], cells)[keep], pa.int16()),
    }
    for name, known in DIMENSIONS.items():
        columns[name] = _coded(place[name][cell], known.names)
    if len(parts[0]) == 4:
        event = np.repeat([p[3] for p in parts], cells)[keep]
        columns["event"] = _coded(event, ("stay", "domestic", "emigrate"))
    return pa.table({**columns, "count": pa.array(count[keep], pa.int64())})


def _coded(position: Any, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(position, pa.int32()), list(names))


def manifest(**changes: Any) -> dict[str, Any]:
    """Return what a run of version 0.1.0 could have written about itself."""
    return {
        "scenario": {
            "name": "baseline",
            "question": "How many immigrants would emigrate if behaviour stayed as it was in 2013?",
        },
        "years": [2004, 2013],
        "replicates": 20,
        "seed": 20130101,
        "model_type": 1,
        "draw_mode": "alternatives",
        "population": {
            "source": "embedded population, 1 January 2004",
            "persons": 500_000,
            "sha256": "9f2c" * 16,
        },
        "parameters": {
            "name": "rapporter-2016-27",
            "source": "Statistics Norway, Rapporter 2016/27, Annex E",
        },
        "assumptions": [
            {
                "name": "closed_population",
                "value": True,
                "meaning": "No arrivals, births, deaths or returns: the population only shrinks.",
            },
            {
                "name": "old_as",
                "value": 74,
                "meaning": "Persons over 74 behave as those aged 74.",
            },
        ],
        "versions": {"vandring": "0.1.0", "python": "3.11.7", "numpy": "2.4.6"},
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "timings": {"simulate": 1.23, "write": 0.41},
        "command": "vandring run baseline --replicates 20 --seed 20130101",
        **changes,
    }
