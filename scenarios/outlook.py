"""What the levers of a scenario come to, year by year, and whether each stays in its limits.

Unemployment and income ratios begin with the economy, arrivals with the published and expected
numbers, and every other lever is a factor of 1, until changes alter them one after the other.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.changes import ALL_YEARS, Told, in_words, levers
from scenarios.finding import DEFAULT_ECONOMY
from sim.economy import FIRST, LAST, SERIES, Economy, read_csv
from sim.problems import InputError, Problem
from sim.transitions import arrival_levers, arrival_tables
from sim.transitions.economy_levers import SERIES_OF
from sim.transitions.levers import Change, Lever
from sim.transitions.parameters import LOGIT, TABLES
from sim.transitions.sources import CellChange, Row, altered, shipped

Floats = NDArray[np.float64]
YEARS = range(ALL_YEARS[0], ALL_YEARS[1] + 1)
assert YEARS[0] == FIRST, "a change may begin where the economy does"
PUBLISHED_ARRIVALS = range(arrival_tables.FIRST, arrival_tables.LAST_PUBLISHED + 1)
# Columns of tables of parameters that hold shares or yearly chances, and percentages.
SHARES = ("share", "chance", "within", "outside", "part", "leave", "compulsory", "tertiary_short",
          "upper_secondary_basic", "upper_secondary", "tertiary_long")  # fmt: skip
PERCENTAGES = ("chance_percent",)
LOG_ODDS = ("labour_targets",)  # tables whose columns have names of shares but hold log odds
MOST_LOG_ODDS = 100
# Limits of single numbers, by the name of their row; a year that other figures stand on stays.
NAMED_LIMITS = {
    **dict.fromkeys(("same_origin", "man_leaves", "immigrant_father_no_union", "boys",
                     "year_of_arrival", "keep_outside", "keep_employed", "keep_employed_student",
                     "keep_student", "keep_unemployed"), (0.0, 1.0)),
    "man_older": (0.0, 30.0), "years_apart": (1.0, 50.0), "base_year": (2012.0, 2012.0),
    "unemployment_elasticity": (0.0, 5.0),
}  # fmt: skip
HAIR = 1e-9  # by which sums of decimals may miss a limit


class Outlook:
    """The levers of a scenario by year, from 2000 to the last year of any run.

    economy: (years, series); numbers, mix: arrivals by year and stream, and their origins.
    factors: every other lever that was altered, by name.
    """

    def __init__(self, economy: Economy, arrivals: str) -> None:
        beyond = np.repeat(economy.values[-1:], YEARS[-1] - LAST, axis=0)
        self.economy: Floats = np.concatenate([economy.values, beyond])
        numbers = arrival_tables.expected_numbers(declining=arrivals == "history")
        self.numbers: Floats = numbers * 0 if arrivals == "none" else numbers
        self.mix: Floats = arrival_tables.origin_mix()
        self.factors: dict[str, Floats] = {}

    def alter(self, change: Change) -> None:
        """Alter a lever."""
        first, last = change.first - YEARS[0], change.last - YEARS[0] + 1
        if change.lever in arrival_levers.BLOCKS:
            self.numbers, self.mix = arrival_levers.altered(self.numbers, self.mix, [change])
        elif change.lever in SERIES_OF:
            if change.first <= LAST:
                end = len(YEARS) if change.last >= LAST else last  # of 2060 holds ever after
                for series in SERIES_OF[change.lever]:
                    _alter(self.economy[first:end, SERIES.index(series)], change)
        else:
            factor = self.factors.setdefault(change.lever, np.ones(len(YEARS)))
            _alter(factor[first:last], change)

    def courses(self, lever: str) -> dict[str, Floats]:
        """Return a lever by year, NaN in years without: one course, or one for each group."""
        if lever in SERIES_OF:
            many = len(SERIES_OF[lever]) > 1
            return {f"group {series[-1]}" if many else "": self.economy[:, SERIES.index(series)]
                    for series in SERIES_OF[lever]}  # fmt: skip
        if lever in arrival_levers.BLOCKS:
            return {"": self._arrivals(lever)}
        return {"": self.factors.get(lever, np.ones(len(YEARS)))}

    def _arrivals(self, lever: str) -> Floats:
        streams, origins, _ = arrival_levers.BLOCKS[lever]
        later = np.minimum(np.arange(len(self.numbers)), len(self.mix) - 1)
        persons = self.numbers[:, streams] * self.mix[later][:, streams, origins].sum(axis=2)
        found = np.full(len(YEARS), np.nan)
        start = arrival_tables.FIRST - YEARS[0]
        found[start:] = persons.sum(axis=1)[: len(YEARS) - start]
        return found


def _alter(values: Floats, change: Change) -> None:
    values[:] = [altered(float(value), change.kind, change.number) for value in values]


def outlook_of(named: str, arrivals: str, changes: Iterable[Told] = ()) -> Outlook:
    """Return the outlook of an economy and an assumption of arrivals, after some changes."""
    outlook = Outlook(economy_of(named), arrivals)
    for told in changes:
        if told.change:
            outlook.alter(told.change)
    return outlook


def lived(years: tuple[int, int]) -> range:
    """Return the years of a run that an outlook tells of."""
    return range(max(years[0], YEARS[0]), min(years[1], YEARS[-1]) + 1)


def economy_of(named: str) -> Economy:
    """Return the default paths, or those of a file."""
    return Economy.default() if named == DEFAULT_ECONOMY else read_csv(named)


def economy_problems(named: str) -> list[Problem]:
    """Return all that is wrong with a file of paths."""
    try:
        economy_of(named)
    except InputError as error:
        found = Path(named).name
        return [Problem(f"economy {found}: {wrong.where}", wrong.found, wrong.allowed, wrong.cure)
                for wrong in error.problems]  # fmt: skip
    return []


def limit_problems(outlook: Outlook, told: Iterable[Told]) -> list[Problem]:
    """Return which changes take a lever or a parameter beyond what it may be.

    The outlook is altered on the way.
    """
    problems: list[Problem] = []
    tables: dict[str, list[Row]] = {}
    for one in told:
        where = f"changes.{one.name}{in_words(one.years)}"
        if one.change:
            outlook.alter(one.change)
            problems += _lever_problems(where, one.change, outlook)
        elif isinstance(one.cells, CellChange):
            problems += _cell_problems(where, one.cells, tables)
    return problems


def _lever_problems(where: str, change: Change, outlook: Outlook) -> Iterator[Problem]:
    lever = levers()[change.lever]
    for part, course in outlook.courses(change.lever).items():
        at = f"{where}, {part}" if part else where
        yield from _beyond(at, course, change, lever)
    if change.lever in arrival_levers.BLOCKS and change.lever != arrival_levers.WORD:
        everybody = outlook.courses(arrival_levers.WORD)[""]
        yield from _beyond(f"{where}, all arrivals together", everybody, change, lever)


def _beyond(where: str, course: Floats, change: Change, lever: Lever) -> Iterator[Problem]:
    """Yield the first year in which a lever leaves its limits, and how many follow."""
    values = course[change.first - YEARS[0] : change.last - YEARS[0] + 1]
    wrong = np.flatnonzero((values < lever.least - HAIR) | (values > lever.most + HAIR))
    if wrong.size:
        year, more = change.first + int(wrong[0]), wrong.size - 1
        also = f", and in {more} later year{'s' * (more > 1)}" if more else ""
        found = f"would be {values[wrong[0]]:,.6g} in {year}{also}"
        yield Problem(where, found, f"{lever.least:g} to {lever.most:,.10g} ({lever.unit})")


def _cell_problems(
    where: str, change: CellChange, tables: dict[str, list[Row]]
) -> Iterator[Problem]:
    """Alter the cells of a table of parameters, and yield what is impossible of them then."""
    if change.table == LOGIT:
        if abs(change.number) > MOST_LOG_ODDS:
            allowed = f"{-MOST_LOG_ODDS} to {MOST_LOG_ODDS} (log odds)"
            yield Problem(where, f"is {change.number:g}", allowed)
        return
    every = cell_limits(change.table, change.column)
    least, most = every
    wrong = []
    for row in tables.setdefault(change.table, [dict(row) for row in shipped(change.table)]):
        if change.applies(row):
            value = altered(float(row[change.column]), change.kind, change.number)
            row[change.column] = repr(value)
            own = NAMED_LIMITS.get(next(iter(row.values())), every)
            if not (own[0] <= value <= own[1] and math.isfinite(value)):
                wrong.append(value)
                least, most = own
    if wrong:
        high = f"{most:g}" if math.isfinite(most) else "any number"
        low = f"{least:g} to " if math.isfinite(least) else ""
        cure = "Write 0.05 for 5 percent." if most == 1 < wrong[0] <= 100 else ""
        yield Problem(where, f"would be {wrong[0]:.6g}", f"{low}{high}", cure)


def cell_limits(file: str, column: str) -> tuple[float, float]:
    """Return what a column of a table may hold: shares, percentages, or nothing below 0."""
    word = next(word for word, table in TABLES.items() if table.file == file)
    if column in SHARES and word not in LOG_ODDS:
        return 0.0, 1.0
    if column in PERCENTAGES:
        return 0.0, 100.0
    negative = any(float(row[column]) < 0 for row in shipped(file) if row[column])
    return (-math.inf if negative else 0.0), math.inf
