"""Published tables beside the model's: every figure with the interval of the replicates."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.linear_sample import TABLES
from runs.validation.backtest import Backtest
from runs.validation.cells import BY_COUNTY, Cell

HEAD = ("table", "row", "column", "published", "published_low", "published_high",
        "published_error", "simulated", "low", "high", "inside", "gap", "unit", "used_by", "note",
        "source")  # fmt: skip
ERRORS = 2.0  # printed standard errors that an estimate may be off by its own chance


@dataclass(frozen=True)
class Beside:
    """A published figure and the model's.

    simulated: the mean of the replicates; low, high: between which the middle 95 percent of
        them lie. nan if no history tells it.
    """

    cell: Cell
    simulated: float
    low: float
    high: float

    @property
    def inside(self) -> bool | None:
        """Say whether what is published lies in the interval; None if there is nothing to say.

        A printed number stands for all that round to it; of bounds it is enough to overlap.
        """
        if np.isnan(self.cell.low) or np.isnan(self.simulated):
            return None
        half = self.cell.half
        return self.cell.low - half <= self.high and self.cell.high + half >= self.low

    @property
    def gap(self) -> float:
        """Return how far the mean is off what is published, 0 between bounds; nan if unknown."""
        if self.inside is None:
            return np.nan
        return self.simulated - float(np.clip(self.simulated, self.cell.low, self.cell.high))

    @property
    def near(self) -> bool | None:
        """Say whether the mean is within two printed standard errors; None if none is printed."""
        if self.inside is None or np.isnan(self.cell.error):
            return None
        return bool(abs(self.gap) <= ERRORS * self.cell.error + self.cell.half)


@dataclass(frozen=True)
class Summary:
    """How near the model comes to one table, or several.

    told: cells with a published figure that a history tells; inside: of these, in the interval;
    near, with_errors: means within two printed standard errors, of so many that have one.
    """

    name: str
    cells: int
    told: int
    inside: int
    gap: float
    largest: float
    unit: str
    used_by: tuple[str, ...]
    near: int
    with_errors: int


def beside(cells: Iterable[Cell], found: Mapping[str, Backtest]) -> list[Beside]:
    """Return all cells whose histories were lived, as these tell them."""
    return [_beside(cell, found[cell.part]) for cell in cells if cell.part in found]


def _beside(cell: Cell, of: Backtest) -> Beside:
    each = of.every.each(cell.quantity)
    if not np.isfinite(each).all():
        return Beside(cell, np.nan, np.nan, np.nan)
    means = each.mean(axis=1)  # a mean of years is a mean of annual figures
    low, high = np.quantile(means, (0.025, 0.975))
    return Beside(cell, float(means.mean()), float(low), float(high))


OTHER_UNITS = {"peak_age_emigration": "years", "emigrations_per_person": "emigrations"}


def unit_of(cell: Cell) -> str:
    """Return the unit of a figure."""
    measure = cell.quantity.measure
    if measure.startswith("adj_"):
        return "probability"
    if measure.endswith(("_rate", "_share", "_share_5y")):
        return "percent"
    return OTHER_UNITS.get(measure, "persons")


def summary(name: str, rows: Sequence[Beside]) -> Summary:
    """Return how many figures lie in the interval, and how far off the middle one is."""
    told = [row for row in rows if row.inside is not None]
    gaps = np.abs([row.gap for row in told]) if told else np.array([np.nan])
    units = dict.fromkeys(unit_of(row.cell) for row in rows)
    if len(units) > 1:
        gaps = np.array([np.nan])  # persons and percent have no middle
    near = [row.near for row in told if row.near is not None]
    used = dict.fromkeys(name for row in rows for name in row.cell.used_by)
    return Summary(name, len(rows), len(told), sum(bool(row.inside) for row in told),
                   float(np.median(gaps)), float(gaps.max()), ", ".join(units),
                   tuple(used), sum(near), len(near))  # fmt: skip


def by_table(rows: Iterable[Beside]) -> dict[str, list[Beside]]:
    """Return the figures of each table, in the order in which they came."""
    found: dict[str, list[Beside]] = {}
    for row in rows:
        found.setdefault(row.cell.table, []).append(row)
    return found


GROUPS: Mapping[str, str] = {
    "4.": "Rates by family (Tables 4.1-4.3)",
    "5.": "Linear models by level (Tables 5.2-5.11)",
    "figure": "Rates by county (Figures 5.14-5.19)",
    "6.": "Effects of the logit (Tables 6.2-6.16)",
    "2026": "Figures of the report of 2026",
}


COUNTIES = "Linear models by county (Tables 5.13-5.31)"


def kind_of(table: str) -> str:
    """Return the kind of table that a table is."""
    if table in TABLES and TABLES[table].kind == BY_COUNTY:
        return COUNTIES
    return next(name for start, name in GROUPS.items() if table.startswith(start))


def summaries(rows: Iterable[Beside]) -> list[Summary]:
    """Return a summary of each kind of table."""
    return [summary(name, some) for name, some in by_kind(rows).items()]


def by_kind(rows: Iterable[Beside]) -> dict[str, list[Beside]]:
    """Return the figures of each kind of table."""
    groups: dict[str, list[Beside]] = {}
    for row in rows:
        groups.setdefault(kind_of(row.cell.table), []).append(row)
    return groups


def told(rows: Sequence[Beside]) -> Iterator[str]:
    """Yield what the command prints of the tables."""
    for one in summaries(rows):
        if one.told:
            gap = f", median gap {one.gap:.3g} ({one.unit})" if one.gap == one.gap else ""
            also = f"; {one.near} of {one.with_errors} within two printed errors"
            yield (f"  {one.name}: {one.inside} of {one.told} published figures inside the "
                   f"interval{gap}" + (also if one.with_errors else ""))  # fmt: skip


def write_csv(path: Path, rows: Iterable[Beside]) -> None:
    """Write the tables, a figure a row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for row in rows:
            cell, inside = row.cell, {None: "", True: "yes", False: "no"}[row.inside]
            writer.writerow([
                cell.table, cell.row, cell.column, cell.published, _plain(cell.low),
                _plain(cell.high), _plain(cell.error), _plain(row.simulated), _plain(row.low),
                _plain(row.high), inside, _plain(row.gap), unit_of(cell),
                " ".join(cell.used_by), cell.note, cell.source,
            ])  # fmt: skip


def _plain(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""
