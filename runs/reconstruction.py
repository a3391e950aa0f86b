"""`vandring reconstruct`: draw the reconstructed register, and say how well it fits."""

import argparse
import csv
import io
import json
import math
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runs.terminal import FAILED, told
from sim.problems import InputError, Problem, refuse, shown

WIDE = 40  # letters for the name of a block
NO_PEOPLE = (".csv", ".yaml", ".yml", ".json")  # likely mistakes
EXAMPLES = """\
examples:
  vandring reconstruct --out people.parquet
  vandring reconstruct --year 2006 --scale 0.1 --out tenth.parquet --json
  vandring reconstruct --margins my_margins.csv --out mine.parquet

FILE is a population for `vandring run --population FILE`. Beside it, FILE.fit.csv tells of every
published figure what the people hold, and of every number of your own: it may be off by
1 percent or 30 persons. --margins fits anew, which takes a minute.
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
    margins = arguments.margins
    if margins is not None and not margins.strip():
        problems.append(Problem("--margins", f"is {margins!r}", "a CSV file"))
    problems += _out_problems(arguments.out, margins)
    refuse("command", problems)
    from calibration.reconstruction import check

    check(year, scale, seed)
    refuse("command", _steps_problem(steps))
    own, solution = Own(), None
    if margins is not None:
        own = _own(margins, year)
    if margins is not None or arguments.refit:
        solution, unfinished = _refit(year, margins, arguments.refit, steps)
        if unfinished:
            _say(unfinished)
            return FAILED
    return _draw(Asked(year, scale, seed, Path(arguments.out), own), solution, arguments.json)


@dataclass(frozen=True)
class Own:
    """What the user's margins ask for, and which built-in margins they replace."""

    rows: Sequence[Any] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """Which people are drawn, and to which file."""

    year: int
    scale: float
    seed: int
    out: Path
    own: Own

    @property
    def beside(self) -> Path:
        """The file of the fit table."""
        return _beside(self.out)


def _own(margins: str, year: int) -> Own:
    """Read the user's margins; say which built-in ones they take the place of."""
    from calibration import fitting, targets
    from calibration.margins import YEAR
    from calibration.own_margins import read_margins
    from calibration.solution import shipped_solution

    rows = read_margins(margins)
    pool = shipped_solution().pool.as_of(year)  # any pool: only names and cells are looked at
    built_in = targets.blocks_of_2013(pool) if year == YEAR else fitting.blocks_of(pool, year)
    notes = {}
    for block in built_in:
        if any(row.margin == block.name for row in rows):
            cells = _many(len(block.cells), "figure")
            notes[block.name] = f"replaces the built-in margin of that name with its {cells}"
            _say(f"your margin {block.name!r} {notes[block.name]}, which the fit now leaves out")
    return Own(rows, notes)


def _draw(asked: Asked, solution: Any, as_json: bool) -> int:
    from calibration.fit_margins import fit_table
    from calibration.reconstruction import reconstruct

    population = reconstruct(year=asked.year, scale=asked.scale, seed=asked.seed, solution=solution)
    table = fit_table(population)
    if asked.own.rows:
        from calibration.own_margins import beside

        table += beside(asked.own.rows, population, asked.scale, asked.own.notes)
    _write(population, as_csv(table), asked)
    if as_json:
        text = _as_json(population, table, asked)
    else:
        text = "\n".join(_lines(population, table, asked))
    return told(lambda: print(text), f"the people are in {asked.out}")


def _as_json(population: Any, table: Sequence[Any], asked: Asked) -> str:
    answer = {
        "population": str(asked.out),
        "fit": str(asked.beside),
        "source": population.source,
        "persons": population.census(),
        "figures": [_record(row) for row in table],
    }
    return json.dumps(answer, indent=1, ensure_ascii=False, allow_nan=False)


def _write(population: Any, table: str, asked: Asked) -> None:
    """Write the people and the table beside them: both or neither."""
    from sim.agents import files

    try:
        with TemporaryDirectory(prefix=".vandring-", dir=asked.out.parent) as folder:
            people, figures = Path(folder) / "people", Path(folder) / "figures"
            files.save(population, people)
            figures.write_text(table, encoding="utf-8", newline="")
            _put({people: asked.out, figures: asked.beside})
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        raise InputError("command", [Problem("--out", found, "a file that can")]) from None


def _put(places: Mapping[Path, Path]) -> None:
    """Give finished files their names; if one cannot have it, all is as it was."""
    begun: list[tuple[Path, Path]] = []
    try:
        for part, target in places.items():
            before = part.with_suffix(".before")
            begun.append((target, before))
            if os.path.lexists(target):
                target.rename(before)
            part.rename(target)
    except BaseException:
        for (target, before), part in zip(begun, places, strict=False):
            if not part.exists():
                target.unlink()
            if before.exists():
                before.rename(target)
        raise


def _refit(year: int, margins: str | None, anew: bool, steps: int) -> tuple[Any, str]:
    """Fit anew, with the user's margins if there are any; return the solution, or why none."""
    from calibration.fitting import refit

    def watch(step: int, loss: float) -> None:
        _say(f"step {step}, loss {loss:,.1f}")

    fitted = refit(year, margins, anew=anew, steps=steps, watch=watch)
    if fitted.fit.converged:
        return fitted.solution, ""
    tried = _many(fitted.fit.steps, "step")
    cure = "Give it more with --steps" if fitted.fit.steps >= steps else "No next step is better"
    own = "; do your margins contradict each other?" if margins is not None else "."
    return None, f"the fit has not converged after {tried}; nothing is written. {cure}{own}"


def _say(text: str) -> None:
    """Tell the user how it goes; it goes on even if nobody can be told."""
    with suppress(OSError, ValueError):
        print(f"vandring: {text}", file=sys.stderr, flush=True)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _number(word: str, option: str, kind: type, problems: list[Problem]) -> Any:
    try:
        return kind(word)
    except ValueError:
        allowed = "a whole number" if kind is int else "a number"
        problems.append(Problem(option, f"is {shown(word)}", allowed))
        return 0


def _steps_problem(steps: int) -> list[Problem]:
    return [] if 1 <= steps <= 10_000 else [Problem("--steps", f"is {steps}", "1 to 10,000")]


def _beside(out: Path) -> Path:
    return out.with_name(f"{out.name}.fit.csv")


def _out_problems(out: str | None, margins: str | None) -> list[Problem]:
    """Say at once, before anything is fitted, that the two files cannot be written."""
    if out is None or not out.strip():
        return [Problem("--out", "is missing", "a file to write", "Add --out people.parquet.")]
    try:
        out.encode()
        found, allowed = _wrong_place(out) or _wrong_target(Path(out), margins)
    except UnicodeError:
        found, allowed = f"is {shown(out)}, which is no text", "a name in UTF-8"
    except (OSError, ValueError) as error:  # a name that is too long, or has a NUL in it
        reason = getattr(error, "strerror", None) or error
        found, allowed = f"{shown(out)} cannot be written ({reason})", "a file that can"
    return [Problem("--out", found, allowed)] if found else []


def _wrong_place(out: str) -> tuple[str, str] | None:
    path = Path(out)
    if out.endswith(("/", os.sep)) or stat.S_ISDIR(_mode(path)):
        return f"{shown(out)} is a folder", "a file to write"
    if path.suffix.lower() in NO_PEOPLE:
        return f"is {shown(out)}", "a name that ends in .parquet, as Parquet is written"
    if not path.parent.is_dir():
        return f"there is no folder {shown(str(path.parent))}", "a file in one"
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"nothing can be written to {shown(str(path.parent))}", "a file in another folder"
    return None


def _wrong_target(path: Path, margins: str | None) -> tuple[str, str]:
    for target in (path, _beside(path)):
        mode = _mode(target)
        if stat.S_ISLNK(mode):
            return f"{shown(str(target))} is a link", "the file that it leads to, or a new one"
        if mode and not stat.S_ISREG(mode):
            return f"{shown(str(target))} is no regular file", "one, or a new name"
        if mode and margins is not None and _same(target, Path(margins)):
            return f"{shown(str(target))} is the file of --margins", "another file"
    return "", ""


def _same(target: Path, other: Path) -> bool:
    try:
        return target.samefile(other)
    except (OSError, ValueError):  # there is no other; that is said elsewhere
        return False


def _mode(path: Path) -> int:
    """Return what a path is, links not followed; 0 if there is nothing."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _record(row: Any) -> dict[str, Any]:
    return {
        "block": row.block, "cell": row.cell, "unit": row.unit,
        "published": _known(row.published), "believed": _known(row.believed),
        "found": _known(row.found), "difference": _known(row.difference),
        "allowed": _known(row.allowed), "holds": row.holds, "note": row.note,
    }  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


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


def _lines(population: Any, table: Sequence[Any], asked: Asked) -> Iterable[str]:
    census = population.census()
    yield f"{population.source}:"
    yield (
        f"  {census['resident_immigrants']:,} immigrants, {census['resident_norwegian_born']:,} "
        f"Norwegian-born to two immigrant parents, {census['abroad']:,} former residents abroad"
    )
    yield f"{'figures':<{WIDE}}{'rows':>5}{'hold':>10}   furthest off: published, found"
    for block, some in groupby(table, lambda row: row.block):
        yield _summary(block, list(some))
    for block, note in dict.fromkeys((row.block, row.note) for row in table if row.note):
        yield f"note, {block}: {note}."
    missed = sum(row.holds is False for row in table)
    if missed:
        if missed == 1:
            yield "1 figure is further off than it should be."
        else:
            yield f"{missed} figures are further off than they should be."
        if len(population) < 300_000:
            yield "Counts of a small population vary by chance; a larger --scale comes closer."
    yield f"The people are in {asked.out}, every figure in {asked.beside}."


def _summary(block: str, rows: Sequence[Any]) -> str:
    judged = [row for row in rows if row.holds is not None]
    hold = f"{sum(row.holds for row in judged)} of {len(judged)}" if judged else "shown"
    worst = max(judged or rows, key=_off)
    figures = f"{_short(worst.published)}, {_short(worst.found)}"
    name = block if len(block) < WIDE else f"{block[: WIDE - 4]}..."
    return f"{name:<{WIDE}}{len(rows):>5}{hold:>10}   {worst.cell}: {figures} {worst.unit}"


def _off(row: Any) -> float:
    """Return how far off a figure is, in units of what is allowed if anything is."""
    if math.isnan(row.difference):
        return math.inf
    far: float = abs(row.difference)
    return far if row.holds is None else far / max(row.allowed, 1e-12)


def _short(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
