"""The files and the JSON of a comparison: tidy tables, one row a number."""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from runs.differences import MEASURES, Comparison, Difference, Reasons
from runs.intervals import FEWEST_TO_SPLIT, SHARES
from runs.matching import CELLS, EXPLAINED, MECHANISMS, OUTCOMES
from runs.measures import COUNTS, EXPECTED
from runs.tables import write_whole

NUMBERS = ("a", "b", "difference", "low", "high", "percent", "percent_low", "percent_high",
           "times_fewer_replicates", "replicates", *SHARES)  # fmt: skip
MEASURE_OF = {event: measure for measure, event in COUNTS.items()}
Row = tuple[Any, ...]


def write_tables(folder: Path, found: Comparison) -> list[str]:
    """Write every table; return the names of the files."""
    head = ("year", "measure", *NUMBERS)
    tables: dict[str, tuple[Row, Iterable[Row]]] = {
        "comparison.csv": (head, _rows(found, grouped=False)),
        "differences.csv": (("dimension", "group", *head), _rows(found, grouped=True)),
    }
    if found.reasons is not None:
        names = ("year", "measure", "dimension", "group", "mechanism",
                 "only_a", "only_b", "net", "low", "high", *SHARES)  # fmt: skip
        tables["who_changed.csv"] = names, _who(found, found.reasons)
        names_too = "year", "outcome_a", "outcome_b", "persons"
        tables["outcomes.csv"] = names_too, _outcomes(found, found.reasons)
    for name, (heads, rows) in tables.items():
        write_whole(folder / name, _csv(heads, rows))
    return list(tables)


def _rows(found: Comparison, *, grouped: bool) -> Iterator[Row]:
    """Yield the differences of every year: of all immigrants, or of every group."""
    for cell, (dimension, group) in enumerate(CELLS):
        if grouped != bool(cell):
            continue
        for measure in MEASURES:
            if not happens(found, measure, cell):
                continue
            for y in range(len(found.every_year) + (measure == "stock")):
                one = found.differences.at(y, measure, cell)
                row = found.years[0] + y, measure, *one
                yield (dimension, group, *row) if grouped else row


def happens(found: Comparison, measure: str, cell: int = 0) -> bool:
    """Say whether there is anything to tell of a measure in a group, in any year."""
    values = found.differences.values[:2, :, MEASURES.index(measure), cell]
    return bool((values > 0).any())  # nan is not


def _who(found: Comparison, reasons: Reasons) -> Iterator[Row]:
    for y, year in enumerate(found.every_year):
        for e, event in enumerate(EXPLAINED):
            for cell, (dimension, group) in enumerate(CELLS):
                for m, mechanism in enumerate(MECHANISMS):
                    only_a, only_b = reasons.who[y, e, m, :, cell]
                    if only_a or only_b:
                        at = y, e, m, cell
                        yield (year, MEASURE_OF[event], dimension, group, mechanism, only_a, only_b,
                               reasons.net[at], reasons.low[at], reasons.high[at],
                               *reasons.shares[:, *at])  # fmt: skip


def _outcomes(found: Comparison, reasons: Reasons) -> Iterator[Row]:
    for y, year in enumerate(found.every_year):
        for a, in_a in enumerate(OUTCOMES):
            for b, in_b in enumerate(OUTCOMES):
                if reasons.outcomes[y, a, b]:
                    yield year, in_a, in_b, reasons.outcomes[y, a, b]


def _csv(heads: Row, rows: Iterable[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow(_shown(value) for value in row)
    return file.getvalue()


def _shown(value: Any) -> Any:
    """Return a number to four decimals; empty where there is none."""
    if not isinstance(value, float):
        return value
    return f"{value:.4f}" if math.isfinite(value) else ""


def headline(found: Comparison) -> dict[str, Any]:
    """Return the totals of every year, ready to be written as JSON."""
    told = [measure for measure in MEASURES if happens(found, measure)]
    added = {*COUNTS, *EXPECTED}
    years = [
        {"year": year} | {m: _plain(found.differences.at(y, m)) for m in told}
        for y, year in enumerate([*found.every_year, found.years[1] + 1])
    ]
    return {
        "whom": "immigrants",
        "interval": f"95 % for {found.of_what}, B less A",
        "replicates": found.replicates,
        "shares": f"percent of the variance; null below {FEWEST_TO_SPLIT}",
        "shared_luck": found.paired,
        "persons_compared": found.reasons is not None,
        "years": years,
        "all_years": {m: _plain(found.differences.at(-1, m)) for m in told if m in added},
    }


def _plain(one: Difference) -> dict[str, float | None] | None:
    """Return a difference by name, without numbers that do not exist."""
    if math.isnan(one.mean):
        return None
    return {
        name: (round(value, 0 if name in SHARES else 4)) if math.isfinite(value) else None
        for name, value in zip(NUMBERS, one, strict=True)
    }
