"""The scorecard of a user's own figures: read, asked of the histories, judged and written."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from runs.validation.against import (
    UNITS,
    VARIABLES,
    Found,
    Row,
    cell_of,
    problems_of,
)
from runs.validation.against_csv import read_csv
from runs.validation.against_jsonstat import read_jsonstat
from runs.validation.backtest import Backtest
from runs.validation.beside import Beside, beside
from runs.validation.cells import Cell
from sim.problems import InputError, Problem

TOLERANCE = 10.0  # percent of a value that the model may be off, unless asked otherwise
ERRORS = 2.0  # standard errors that it may be off, if a figure has one
HEAD = ("file", "where", "measure", "year", *VARIABLES, "observed", "observed_low",
        "observed_high", "se", "simulated", "low", "high", "gap", "holds", "inside", "unit",
        "why")  # fmt: skip


@dataclass(frozen=True)
class Observed:
    """A user's files, read: figures with the cells that ask for them.

    tolerance: percent of a value that the model may be off.
    """

    rows: tuple[tuple[str, Row], ...]
    cells: tuple[Cell, ...]
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Compared:
    """A figure beside the model's.

    holds: whether the model's mean is near enough; None if it tells nothing, why: the reason.
    """

    file: str
    row: Row
    model: Beside
    holds: bool | None
    why: str

    @property
    def inside(self) -> bool | None:
        """Say whether the figure lies between the bounds of the replicates."""
        return self.model.inside


def read_all(files: Sequence[str], mapping: str | None, tolerance: float) -> Observed:
    """Read all files; everything that is wrong with any of them is told at once."""
    rows: list[tuple[str, Row]] = []
    wrong: dict[str, list[Problem]] = {}
    for name in dict.fromkeys(files):
        found, problems = _read(Path(name), Path(mapping) if mapping else None)
        problems += [*found.problems, *problems_of(found.rows)]
        if not problems and not found.rows:
            problems.append(Problem("file", "has no figures", "one figure or more"))
        if problems:
            wrong[name] = problems
        rows += [(Path(name).name, row) for row in found.rows]
    if len(wrong) == 1:
        raise InputError(*next(iter(wrong.items())))
    if wrong:
        every = [replace(p, where=f"{n}: {p.where}") for n, some in wrong.items() for p in some]
        raise InputError("--against", every)
    return Observed(tuple(rows), tuple(cell_of(row, name) for name, row in rows), tolerance)


def _read(path: Path, mapping: Path | None) -> tuple[Found, list[Problem]]:
    try:
        if path.suffix.casefold() in (".json", ".jsonstat", ".json-stat"):
            return read_jsonstat(path, mapping), []
        return read_csv(path), []
    except InputError as error:
        return Found(), list(error.problems)


def compared(observed: Observed, found: Mapping[str, Backtest]) -> list[Compared]:
    """Return every figure beside the model's, judged."""
    models = beside(observed.cells, found)
    made = []
    for (name, row), model in zip(observed.rows, models, strict=True):
        why = ""
        if np.isnan(model.simulated):
            of = found[model.cell.part].every.why
            why = of.get(model.cell.quantity, "some replicates had nobody of that kind")
        made.append(Compared(name, row, model, _holds(row, model, observed.tolerance), why))
    return made


def _holds(row: Row, model: Beside, tolerance: float) -> bool | None:
    """Say whether the mean lies in the figure's bounds, or as near as the tolerance allows."""
    if np.isnan(model.simulated):
        return None
    if np.isfinite(row.low) or np.isfinite(row.high):
        return bool(not model.simulated < row.low and not model.simulated > row.high)
    wide = max(tolerance / 100 * abs(row.value), np.nan_to_num(ERRORS * row.error))
    return bool(abs(model.simulated - row.value) <= wide)


def summaries(rows: Sequence[Compared]) -> list[dict[str, Any]]:
    """Return a record of each file and measure: how many hold, bias and coverage."""
    found = []
    for name, measure in dict.fromkeys((one.file, one.row.measure) for one in rows):
        mine = [one for one in rows if (one.file, one.row.measure) == (name, measure)]
        told = [one for one in mine if one.holds is not None]
        gaps = np.array([one.model.gap for one in told])
        sizes = np.array([one.row.value for one in told])
        found.append({
            "file": name, "measure": measure, "unit": UNITS[measure], "figures": len(mine),
            "told": len(told), "held": sum(bool(one.holds) for one in told),
            "inside": sum(bool(one.inside) for one in told),
            "bias": float(gaps.mean()) if told else None,
            "bias_percent": float(100 * gaps.sum() / sizes.sum()) if sizes.sum() else None,
            "median_gap": float(np.median(np.abs(gaps))) if told else None,
        })  # fmt: skip
    return found


def told_of(rows: Sequence[Compared], tolerance: float) -> Iterator[str]:
    """Yield what the command prints."""
    yield f"Your own figures (near enough: their bounds, {tolerance:g} percent or two errors):"
    for one in summaries(rows):
        left = one["figures"] - one["told"]
        more = f"; {left} could not be told" if left else ""
        if one["told"]:
            yield (f"  {one['file']}, {one['measure']}: {one['held']} of {one['told']} hold, bias "
                   f"{one['bias']:+.3g} {one['unit']}, {one['inside']} inside the interval"
                   f"{more}")  # fmt: skip
        else:
            yield f"  {one['file']}, {one['measure']}: none could be told"


def write_csv(path: Path, rows: Sequence[Compared]) -> None:
    """Write the figures beside the model's, a figure a row."""
    words = {None: "", True: "yes", False: "no"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for one in rows:
            row, model = one.row, one.model
            numbers = (row.value, row.low, row.high, row.error, model.simulated, model.low,
                       model.high, model.gap)  # fmt: skip
            writer.writerow([
                one.file, row.where, row.measure, row.year,
                *(row.codes.get(name, "") for name in VARIABLES),
                *(f"{x:.6g}" if np.isfinite(x) else "" for x in numbers),
                words[one.holds], words[one.inside], UNITS[row.measure], one.why,
            ])  # fmt: skip


def page(rows: Sequence[Compared], record: Mapping[str, Any], tolerance: float) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    from runs.compare_report import style

    text = (resources.files("runs") / "templates" / "against.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=StrictUndefined)  # fmt: skip
    return environment.from_string(text).render(
        rows=rows, sums=summaries(rows), record=record, tolerance=tolerance, style=style()
    )
