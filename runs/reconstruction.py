"""`vandring reconstruct`: draw the reconstructed register, and say how well it fits."""

import argparse
import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from sim.problems import InputError, Problem, refuse, shown

DONE, FAILED = 0, 1
EXAMPLES = """\
examples:
  vandring reconstruct --out people.parquet
  vandring reconstruct --year 2006 --scale 0.1 --out tenth.parquet --json
  vandring reconstruct --margins my_margins.csv --out mine.parquet

FILE is a population for `vandring run --population FILE`. Beside it, FILE.fit.csv tells of every
published figure what the people hold. --margins fits anew, which takes a minute.
"""


def prepare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--year", metavar="YEAR", default="2013", help="1 January of 2004 to 2013 (default: 2013)")
    add("--scale", metavar="SHARE", default="1", help="0.1 for one person in ten (default: 1)")
    add("--seed", metavar="N", default="1", help="another seed draws other persons (default: 1)")
    add("--out", metavar="FILE", help="Parquet file for the population")
    add("--margins", metavar="CSV", help="numbers of persons of your own that the fit must meet")
    add("--refit", action="store_true", help="fit anew instead of using the shipped solution")
    add("--steps", metavar="N", default="100", help="most steps of a new fit (default: 100)")
    add("--json", action="store_true", help="print the fit table as JSON on standard output")


def act(arguments: argparse.Namespace, _: list[str]) -> int:
    """Draw, write, tell."""
    problems: list[Problem] = [*arguments.unknown]
    year = _number(arguments.year, "--year", int, problems)
    scale = _number(arguments.scale, "--scale", float, problems)
    seed = _number(arguments.seed, "--seed", int, problems)
    steps = _number(arguments.steps, "--steps", int, problems)
    problems += _out_problems(arguments.out)
    refuse("command", problems)
    from calibration.reconstruction import check

    check(year, scale, seed)
    refuse("command", _steps_problem(steps))
    if arguments.margins or arguments.refit:
        solution, converged = _refit(int(year), arguments.margins, arguments.refit, int(steps))
    else:
        solution, converged = None, True
    if not converged:
        print(f"vandring: the fit has not converged after {steps} steps; nothing is written. "
              "Give it more with --steps.", file=sys.stderr)  # fmt: skip
        return FAILED
    return _draw(int(year), float(scale), int(seed), Path(arguments.out), solution, arguments.json)


def _draw(year: int, scale: float, seed: int, out: Path, solution: Any, as_json: bool) -> int:
    from calibration.fit_margins import fit_table
    from calibration.reconstruction import reconstruct
    from runs.tables import write_whole
    from sim.agents import files

    population = reconstruct(year=year, scale=scale, seed=seed, solution=solution)
    table = fit_table(population)
    beside = out.with_name(f"{out.name}.fit.csv")
    try:
        files.save(population, out)
        write_whole(beside, as_csv(table))
    except OSError as error:
        found = f"cannot be written ({error.strerror})"
        raise InputError("command", [Problem("--out", found, "a file that can")]) from None
    if as_json:
        told = {
            "population": str(out),
            "fit": str(beside),
            "source": population.source,
            "persons": population.census(),
            "figures": [_record(row) for row in table],
        }
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(population, table, out, beside)))
    return DONE


def _refit(year: int, margins: str | None, anew: bool, steps: int) -> tuple[Any, bool]:
    """Fit anew, with the user's margins if there are any; return the solution and success."""
    from calibration.fitting import refit

    def watch(step: int, loss: float) -> None:
        print(f"vandring: step {step}, loss {loss:,.1f}", file=sys.stderr)

    fitted = refit(year, margins, anew=anew, steps=steps, watch=watch)
    return fitted.solution, fitted.fit.converged


def _number(word: str, option: str, kind: type, problems: list[Problem]) -> Any:
    try:
        return kind(word)
    except ValueError:
        allowed = "a whole number" if kind is int else "a number"
        problems.append(Problem(option, f"is {shown(word)}", allowed))
        return 0


def _steps_problem(steps: int) -> list[Problem]:
    return [] if 1 <= steps <= 10_000 else [Problem("--steps", f"is {steps}", "1 to 10,000")]


def _out_problems(out: str | None) -> list[Problem]:
    if not out:
        return [Problem("--out", "is missing", "a file to write", "Add --out people.parquet.")]
    path = Path(out)
    if path.is_dir():
        return [Problem("--out", f"{shown(out)} is a folder", "a file to write")]
    if not path.parent.is_dir():
        return [Problem("--out", f"there is no folder {shown(str(path.parent))}", "a file in one")]
    return []


def _record(row: Any) -> dict[str, Any]:
    return {
        "block": row.block, "cell": row.cell, "unit": row.unit, "published": row.published,
        "believed": row.believed, "found": row.found, "difference": row.difference,
        "allowed": None if math.isnan(row.allowed) else row.allowed, "holds": row.holds,
        "note": row.note,
    }  # fmt: skip


def as_csv(table: Iterable[Any]) -> str:
    """Return the fit table as CSV, every figure with its note."""
    file = io.StringIO()
    records = [_record(row) for row in table]
    writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
    writer.writeheader()
    for record in records:
        plain = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in record.items()}
        writer.writerow(plain)
    return file.getvalue()


def _lines(population: Any, table: Sequence[Any], out: Path, beside: Path) -> Iterable[str]:
    census = population.census()
    yield f"{population.source}:"
    yield (
        f"  {census['resident_immigrants']:,} immigrants, {census['resident_norwegian_born']:,} "
        f"Norwegian-born to two immigrant parents, {census['abroad']:,} former residents abroad"
    )
    yield f"{'published figures':<40}{'rows':>5}{'  hold':>7}   furthest off: published, found"
    for block, some in groupby(table, lambda row: row.block):
        yield _summary(block, list(some))
    for note in dict.fromkeys(row.note for row in table if row.note):
        yield f"note: {note}."
    missed = sum(row.holds is False for row in table)
    if missed:
        yield f"{missed} figures are further off than they should be."
        if len(population) < 300_000:
            yield "Counts of a small population vary by chance; a larger --scale comes closer."
    yield f"The people are in {out}, every figure in {beside}."


def _summary(block: str, rows: Sequence[Any]) -> str:
    judged = [row for row in rows if row.holds is not None]
    hold = f"{sum(row.holds for row in judged)}" if judged else "shown"
    worst = max(judged or rows, key=lambda r: abs(r.difference) / max(r.allowed, 1e-12)
                if judged else abs(r.difference))  # fmt: skip
    figures = f"{_short(worst.published)}, {_short(worst.found)}"
    return f"{block:<40}{len(rows):>5}{hold:>7}   {worst.cell}: {figures} {worst.unit}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
