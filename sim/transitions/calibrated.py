"""What `vandring calibrate` finds, as small tables: shipped, or in a folder of one's own.

year_shifts.csv: log odds of earlier years less those of 2013, by reason and country group.
family_offsets.csv: log odds by reason and kind of family, beyond what the models say.
reason_offsets.csv: the same inside each reason by county, centrality, education and status.
elasticities.csv, elasticity_draws.csv: the answer of emigration to the economy, its mean and
draws of its posterior.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chance import Chance
from sim.codes import COUNTRY_GROUP, REASON
from sim.problems import Problem, refuse, suggest
from sim.transitions import reason_offsets

Floats = NDArray[np.float64]
SHIPPED = "shipped"
MOVES = ("domestic", "emigrate")
KINDS = ("1", "2 immigrants", "2 mixed", "3+ immigrants", "3+ mixed, more immigrants",
         "3+ mixed, equal", "3+ mixed, fewer immigrants")  # fmt: skip
AGES_OF_OFFSETS = ("other", "20-35")
DRIVERS = ("unemployment_norway", "unemployment_origin", "log_income_ratio")
VARIANTS = ("without_feedback", "with_feedback")
SIZES = 256
YEARS, OFFSETS, WITHIN, MEANS, DRAWS = (
    "year_shifts.csv", "family_offsets.csv", "reason_offsets.csv", "elasticities.csv",
    "elasticity_draws.csv",
)  # fmt: skip
COLUMNS = {
    YEARS: ("year", "reason", "country_group", "outcome", "shift", "std_error", "assumed",
            "source"),
    OFFSETS: ("reason", "family", "age", "outcome", "offset", "assumed", "source"),
    WITHIN: ("what", "from_year", "reason", "by", "code", "offset", "assumed", "source"),
    MEANS: ("variant", "country_group", "driver", "mean", "std_error", "unit", "assumed", "source"),
    DRAWS: ("variant", "draw", "country_group", *DRIVERS, "assumed", "source"),
}  # fmt: skip
WORDS = {"reason": REASON.names, "country_group": (*COUNTRY_GROUP.names, "all"), "outcome": MOVES,
         "family": KINDS, "age": AGES_OF_OFFSETS,
         "variant": VARIANTS, "driver": DRIVERS, "what": reason_offsets.WHAT,
         "by": tuple(reason_offsets.TRAITS), "code": reason_offsets.CODES,
         "from_year": tuple(map(str, reason_offsets.PERIODS))}  # fmt: skip
NUMBERS = ("year", "shift", "offset", "mean", "draw", *DRIVERS)
# Log odds, and log odds a unit of a driver: what is beyond is a slip of the pen.
BOUNDS = {"shift": 10.0, "offset": 10.0, "mean": 100.0, **dict.fromkeys(DRIVERS, 100.0)}
KEYS = {YEARS: ("year", "reason", "country_group", "outcome"),
        OFFSETS: ("reason", "family", "age", "outcome"),
        WITHIN: ("what", "from_year", "reason", "by", "code"),
        MEANS: ("variant", "country_group", "driver"),
        DRAWS: ("variant", "draw", "country_group")}  # fmt: skip
MOST_DRAWS, MOST_TOLD = 10_000, 40
Row = dict[str, str]


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was calibrated.

    shifts: by year: (reason, country group, move or emigrate).
    offset: (reason, kind of family, age, move or emigrate).
    within: what sets apart those of one reason, as `reason_offsets` has it.
    means: by variant: (country group, driver). draws: by variant: (draw, country group, driver).
    """

    shifts: dict[int, Floats]
    offset: Floats
    means: dict[str, Floats]
    draws: dict[str, Floats]
    within: reason_offsets.Offsets

    def year_shift(self, year: int) -> Floats:
        """Return what sets a year's log odds apart from those of 2013."""
        none = np.zeros((len(REASON), len(COUNTRY_GROUP), len(MOVES)))
        return self.shifts.get(year, none)

    def elasticities(self, variant: str, draw: int | None = None, seed: int = 0) -> Floats:
        """Return log odds a unit of each driver by country group: the mean, or one draw.

        seed: where among the draws that are kept the first is taken.
        """
        if draw is None:
            return self.means[variant]
        draws = self.draws[variant]
        first = int(Chance(seed).words("elasticities", 0, np.zeros(1, dtype=np.int64), 1)[0, 0])
        return np.asarray(draws[(first + draw) % len(draws)])


def kinds_of_families() -> NDArray[np.uint8]:
    """Return the kind of family by its size and the immigrants in it, as one row of 65,536."""
    total, same = np.indices((SIZES, SIZES))
    mixed = same < total
    kind = np.zeros((SIZES, SIZES), dtype=np.uint8)
    kind[total == 2] = KINDS.index("2 immigrants")
    kind[(total == 2) & mixed] = KINDS.index("2 mixed")
    kind[total > 2] = KINDS.index("3+ immigrants")
    large = (total > 2) & mixed
    kind[large & (2 * same > total)] = KINDS.index("3+ mixed, more immigrants")
    kind[large & (2 * same == total)] = KINDS.index("3+ mixed, equal")
    kind[large & (2 * same < total)] = KINDS.index("3+ mixed, fewer immigrants")
    return kind.ravel()


def read(which: str = SHIPPED) -> Calibration:
    """Return the calibration shipped, or that in a folder; say all that is wrong with it."""
    return _shipped() if which == SHIPPED else _in_folder(which)


@cache
def _shipped() -> Calibration:
    with resources.as_file(resources.files("sim.transitions") / "data") as folder:
        return _read(folder)


@lru_cache(maxsize=8)
def _in_folder(which: str) -> Calibration:
    return _read(Path(which))


def _read(folder: Path) -> Calibration:
    problems: list[Problem] = []
    tables = {name: _table(folder / name, problems) for name in COLUMNS}
    problems += _wrong_tables(tables) if not problems else ()
    refuse(f"calibration {folder}", _few(problems))
    shape = len(REASON), len(COUNTRY_GROUP), len(MOVES)
    shifts: dict[int, Floats] = {}
    for row in tables[YEARS]:
        year = shifts.setdefault(int(float(row["year"])), np.zeros(shape))
        year[REASON.index(row["reason"]), _groups(row), MOVES.index(row["outcome"])] = _n(
            row, "shift"
        )
    offset = np.zeros((len(REASON), len(KINDS), len(AGES_OF_OFFSETS), len(MOVES)))
    for row in tables[OFFSETS]:
        whose = REASON.index(row["reason"]), KINDS.index(row["family"])
        age, outcome = AGES_OF_OFFSETS.index(row["age"]), MOVES.index(row["outcome"])
        offset[(*whose, age, outcome)] = _n(row, "offset")
    means = {v: np.zeros((len(COUNTRY_GROUP), len(DRIVERS))) for v in VARIANTS}
    for row in tables[MEANS]:
        cell = COUNTRY_GROUP.index(row["country_group"]), DRIVERS.index(row["driver"])
        means[row["variant"]][cell] = _n(row, "mean")
    draws = {v: _draws(tables[DRAWS], v) for v in VARIANTS}
    return Calibration(shifts, offset, means, draws, reason_offsets.from_rows(tables[WITHIN]))


def _draws(table: list[Row], variant: str) -> Floats:
    mine = [row for row in table if row["variant"] == variant]
    number = 1 + max(int(float(row["draw"])) for row in mine)
    draws = np.zeros((number, len(COUNTRY_GROUP), len(DRIVERS)))
    for row in mine:
        group = COUNTRY_GROUP.index(row["country_group"])
        draws[int(float(row["draw"])), group] = [_n(row, driver) for driver in DRIVERS]
    return draws


def _groups(row: Row) -> Any:
    group = row["country_group"]
    return slice(None) if group == "all" else COUNTRY_GROUP.index(group)


def _n(row: Row, column: str) -> float:
    return float(row[column])


def _table(path: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows of a table, and add what is wrong with it to the problems."""
    try:
        text = path.read_text("utf-8-sig")  # Excel puts a mark before the first column
    except (OSError, UnicodeDecodeError) as error:
        found = f"cannot be read ({type(error).__name__})"
        cure = "Write such a folder by vandring calibrate."
        problems.append(Problem(path.name, found, "a CSV file in the folder", cure))
        return []
    reader = csv.DictReader(text.splitlines())
    missing = [c for c in COLUMNS[path.name] if c not in (reader.fieldnames or ())]
    if missing:
        found = f"has no column {', '.join(missing)}"
        problems.append(Problem(path.name, found, ", ".join(COLUMNS[path.name])))
        return []
    table = list(reader)
    for line, row in enumerate(table, start=2):
        problems += _wrong_cells(f"{path.name} line {line}", row)
    return table


def _few(problems: list[Problem]) -> list[Problem]:
    """Return the first problems, and how many more there are."""
    if len(problems) <= MOST_TOLD:
        return problems
    rest = Problem("tables", f"have {len(problems) - MOST_TOLD:,} problems more", "none")
    return [*problems[:MOST_TOLD], rest]


def _wrong_tables(tables: Mapping[str, list[Row]]) -> Iterator[Problem]:
    """Yield what is wrong with tables whose cells can all be read: rows twice, or missing."""
    for name, keys in KEYS.items():
        seen: set[tuple[str, ...]] = set()
        for line, row in enumerate(tables[name], start=2):
            key = tuple(row[column] for column in keys)
            if key in seen:
                yield Problem(f"{name} line {line}", f"repeats {' '.join(key)}", "each row once")
            seen.add(key)
            if name != YEARS and row.get("country_group") == "all":
                where = f"{name} line {line}"
                yield Problem(where, "country_group is 'all'", ", ".join(COUNTRY_GROUP.names))
    cells = len(VARIANTS) * len(COUNTRY_GROUP) * len(DRIVERS)
    if len(tables[MEANS]) != cells:
        yield Problem(MEANS, f"has {len(tables[MEANS])} rows", f"{cells}, one for each elasticity")
    for variant in VARIANTS:
        each = [float(row["draw"]) for row in tables[DRAWS] if row["variant"] == variant]
        draws = set(each)
        whole = draws == set(range(len(draws))) and len(each) == len(draws) * len(COUNTRY_GROUP)
        if not 1 <= len(draws) <= MOST_DRAWS or not whole:
            found = f"has {len(draws):,} draws of {variant}"
            yield Problem(
                DRAWS, found, f"draws numbered from 0 on, each group once, 1 to {MOST_DRAWS:,}"
            )
    for name, kinds in ((OFFSETS, len(REASON) * len(KINDS) * len(AGES_OF_OFFSETS)), (YEARS, 0)):
        if len(tables[name]) < kinds:
            yield Problem(name, f"has {len(tables[name])} rows", f"{kinds}, 0 where nothing shifts")


def _wrong_cells(where: str, row: Row) -> Iterator[Problem]:
    for column, words in WORDS.items():
        if column in row and row[column] not in words:
            cure = suggest(str(row[column]), words)
            yield Problem(where, f"{column} is {row[column]!r}", ", ".join(words), cure)
    codes = reason_offsets.TRAITS.get(row.get("by", ""), ())
    if codes and row["code"] not in codes and row["code"] in reason_offsets.CODES:
        yield Problem(where, f"code is {row['code']!r}", f"{', '.join(codes)} ({row['by']})")
    for column in NUMBERS:
        if column in row and not _is_number(row[column], whole=column in ("year", "draw")):
            yield Problem(where, f"{column} is {row[column]!r}", "a finite number")
        elif column in row and column in BOUNDS and abs(float(row[column])) > BOUNDS[column]:
            allowed = f"-{BOUNDS[column]:g} to {BOUNDS[column]:g}"
            yield Problem(where, f"{column} is {row[column]}", allowed)


def _is_number(text: str | None, *, whole: bool) -> bool:
    try:
        number = float(text or "")
    except ValueError:
        return False
    return math.isfinite(number) and (not whole or (number >= 0 and number % 1 == 0))
