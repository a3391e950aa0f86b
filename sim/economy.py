"""The economy of a run: unemployment and income ratios, one value a year from 2000 to 2060.

    from sim.economy import Economy
    worse = Economy.default().changed("unemployment_norway", 2026, 2060, "add", 1.0)

Unemployment is in percent of the labour force: of Norway, and of the country groups 1 and 2.
Group 3 has none: in most of its countries few can afford to be counted as unemployed, and no
published effect needs it. An income ratio is the GDP per head of Norway over that of a country
group, both at purchasing power parity. The default comes from the tables that
`python -m calibration.economy_paths` makes; docs/economy.md says how and from what.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.chance import Chance
from sim.codes import COUNTRY_GROUP
from sim.problems import Problem, refuse, shown, suggest
from sim.small_csv import lines_of
from sim.transitions.levers import KINDS
from sim.transitions.sources import altered, remembered, rows

Floats = NDArray[np.float64]
PATHS, SHOCKS = "economy_paths.csv", "economy_shocks.csv"
UNEMPLOYMENT = ("unemployment_norway", "unemployment_group1", "unemployment_group2")
INCOME_RATIO = ("income_ratio_group1", "income_ratio_group2", "income_ratio_group3")
SERIES = (*UNEMPLOYMENT, *INCOME_RATIO)
FIRST, LAST = 2000, 2060
YEARS = range(FIRST, LAST + 1)
MOST_ROWS = 1_000  # of a file: the whole economy has 366 rows
COLUMNS, IGNORED = ("year", "series", "value"), ("source", "note")
LARGEST_SHARE = 0.3  # unemployment below this is a share, not percent
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
FITTED = range(2000, 2014)  # years in which the response of emigration was estimated
PACE = 0.19  # of a swing, what a smooth ratio takes over in a year: half power at 30 years
LIMITS = {**dict.fromkeys(UNEMPLOYMENT, (0.5, 30.0)), **dict.fromkeys(INCOME_RATIO, (0.1, 50.0))}


class Difference(NamedTuple):
    """A year in which two economies differ."""

    year: int
    series: str
    this: float
    other: float


@dataclass(frozen=True, eq=False)
class Economy:
    """Paths of every series.

    values: (years from FIRST to LAST, series as in SERIES), which nobody can write to.
    """

    values: Floats

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        assert values.shape == (len(YEARS), len(SERIES)), f"shape {values.shape}"
        refuse("economy", _outside(values))
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Economy) and np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.values.tobytes())

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Floats]]:
        return Economy, (self.values,)  # so that a copy in another process is locked too

    @staticmethod
    def default() -> "Economy":
        """Return the shipped paths, in which ratios are smooth after 2013."""
        return _default()

    @staticmethod
    def observed() -> "Economy":
        """Return the shipped paths with all swings of prices that were observed."""
        return _observed()

    def value(self, series: str, year: int) -> float:
        """Return a series in a year; after LAST the last value holds."""
        _check(_unknown(series), _too_early(year))
        return float(self.values[min(year, LAST) - FIRST, SERIES.index(series)])

    def drivers(self, year: int) -> Floats:
        """Return what drives emigration in a year: (country groups, 3).

        Unemployment in Norway, unemployment in the group (always 0 for group 3, which has no
        series) and the logarithm of the income ratio.
        """
        _check(_too_early(year))
        now = self.values[min(year, LAST) - FIRST]
        found = np.zeros((len(COUNTRY_GROUP), 3))
        found[:, 0] = now[0]
        found[: len(UNEMPLOYMENT) - 1, 1] = now[1 : len(UNEMPLOYMENT)]
        found[:, 2] = np.log(now[len(UNEMPLOYMENT) :])
        return found

    def changed(self, series: str, first: int, last: int, kind: str, number: float) -> "Economy":
        """Return the economy with a series set to a number, or with it added or multiplied."""
        _check(_unknown(series), _wrong_span(first, last), _wrong_change(kind, number))
        values = self.values.copy()
        some = slice(first - FIRST, last - FIRST + 1), SERIES.index(series)
        values[some] = [altered(float(value), kind, number) for value in values[some]]
        return Economy(values)

    def beside(self, other: "Economy") -> tuple[Difference, ...]:
        """Return every year and series in which another economy differs from this."""
        return tuple(
            Difference(YEARS[y], SERIES[s], float(self.values[y, s]), float(other.values[y, s]))
            for y, s in np.argwhere(self.values != other.values).tolist()
        )

    def drawn(self, number: int, seed: int, known_until: int | None = None) -> "Economy":
        """Return a random path around this one, draw `number` of a seed.

        The logarithm of each series strays by autoregressive deviations of order 1, as far and
        as long as the series strayed from their smooth courses, and with their correlations: in
        half of all draws a value is above this path's. Ratios follow slowly, as the default's
        smooth ratios do. Two economies drawn with one number and
        seed stray alike.

        known_until: nothing strays until this year; None: until the last year observed.
        """
        strayed = self.values * np.exp(deviations(number, seed, known_until))
        return Economy(np.clip(strayed, *np.array([LIMITS[series] for series in SERIES]).T))


def is_ratio(series: str) -> bool:
    """Say whether a series is an income ratio, not unemployment."""
    return series in INCOME_RATIO


def fitted_range(series: str) -> tuple[float, float]:
    """Return the least and largest value of the years in which the response was estimated."""
    _check(_unknown(series))
    column = _observed().values[: len(FITTED), SERIES.index(series)]
    return float(column.min()), float(column.max())


# The shipped tables


@remembered
def _default() -> Economy:
    return Economy(_column("value"))


@remembered
def _observed() -> Economy:
    """Return what was observed, then the default, to which the last gap fades."""
    values, known = _default().values.copy(), _column("observed")
    persistence = np.array([float(row["persistence"]) for row in _shocks()])
    for s, last in enumerate(last_known()):
        end = last - FIRST
        gap = np.log(known[end, s] / values[end, s])
        ahead = np.arange(1, LAST - last + 1)
        values[: end + 1, s] = known[: end + 1, s]
        values[end + 1 :, s] *= np.exp(gap * persistence[s] ** ahead)
    return Economy(values)


@remembered
def last_known() -> tuple[int, ...]:
    """Return the last year observed of each series."""
    known = np.isfinite(_column("observed"))
    return tuple(LAST - np.argmax(known[::-1], axis=0))


@remembered
def _column(name: str) -> Floats:
    values = np.full((len(YEARS), len(SERIES)), np.nan)
    for row in rows(PATHS):
        at = int(row["year"]) - FIRST, SERIES.index(row["series"])
        values[at] = float(row[name] or "nan")
    return values


def _shocks() -> list[dict[str, str]]:
    return sorted(rows(SHOCKS), key=lambda row: SERIES.index(row["series"]))


# Chance


def deviations(number: int, seed: int, known_until: int | None = None) -> Floats:
    """Return how far the logarithms of a draw are from the path: ratios follow slowly."""
    apart = strays(number, seed, known_until)
    for before, now in pairwise(apart[:, len(UNEMPLOYMENT) :]):
        now[:] = before + PACE * (now - before)
    return apart


def strays(number: int, seed: int, known_until: int | None = None) -> Floats:
    """Return by how much the logarithms of all series stray in a draw: (years, series).

    A function of the seed, the draw, the year and the series alone, so that draws are the
    same however many are made.
    """
    from scipy.special import ndtri  # here, because its import takes a twentieth of a second

    chance = Chance(seed, number)
    table = _shocks()
    persistence, innovation = (
        np.array([float(row[name]) for row in table]) for name in ("persistence", "innovation")
    )
    root = np.linalg.cholesky([[float(row[series]) for series in SERIES] for row in table])
    begins = np.array(last_known()) if known_until is None else np.full(len(SERIES), known_until)
    apart = np.zeros((len(YEARS), len(SERIES)))
    for year in YEARS[1:]:
        normal = ndtri(chance.uniform("economy", year, np.arange(len(SERIES))))
        shock = innovation * (root * normal).sum(axis=1)
        apart[year - FIRST] = (persistence * apart[year - FIRST - 1] + shock) * (year > begins)
    return apart


# What can be wrong with what we are asked


def _check(*problems: Iterator[Problem]) -> None:
    refuse("economy", [problem for some in problems for problem in some])


def _unknown(series: str) -> Iterator[Problem]:
    if series not in SERIES:
        found, cure = f"is {shown(series)}", suggest(str(series), SERIES)
        if "group3" in str(series):
            cure = "Unemployment of group 3 has no series: no published effect needs it."
        yield Problem("series", found, ", ".join(SERIES), cure)


def _too_early(year: int) -> Iterator[Problem]:
    if year < FIRST:
        yield Problem("year", f"is {year}", f"{FIRST} or later")


def _wrong_span(first: int, last: int) -> Iterator[Problem]:
    if not FIRST <= first <= last <= LAST:
        cure = f"After {LAST} the last value holds." if last > LAST else ""
        yield Problem("years", f"are {first} to {last}", f"{FIRST} to {LAST}", cure)


def _wrong_change(kind: str, number: float) -> Iterator[Problem]:
    if kind not in KINDS:
        yield Problem("kind", f"is {shown(kind)}", ", ".join(KINDS), suggest(str(kind), KINDS))
    if not np.isfinite(number):
        yield Problem("number", f"is {number!r}", "a finite number")


def _outside(values: Floats) -> Iterator[Problem]:
    """Yield the first year of each series in which it is no number or beyond its limits."""
    for series, column in zip(SERIES, values.T, strict=True):
        least, most = LIMITS[series]
        wrong = np.flatnonzero(~((column >= least) & (column <= most)))
        if wrong.size:
            year = YEARS[wrong[0]]
            more = f", and in {wrong.size - 1} later years" if wrong.size > 1 else ""
            found = f"would be {column[wrong[0]]:.4g}{more}"
            yield Problem(f"{series} of {year}", found, f"{least:g} to {most:g}")


# Paths of a user's own


def read_csv(path: str | Path) -> Economy:
    """Read paths from a file with the columns year, series and value, one row for each value.

    What the file does not tell keeps the default. Raises `InputError` with all that is wrong.
    """
    source = str(path)
    lines = lines_of(Path(path), MOST_ROWS)
    header = [name.strip() for name in lines[0][1]]
    refuse(source, _header_problems(header))
    values = Economy.default().values.copy()
    said: dict[tuple[int, int], int] = {}
    problems: list[Problem] = []
    for line, fields in lines[1:]:
        if len(fields) != len(header):
            found, allowed = f"has {len(fields)} fields", f"{len(header)}, as the header"
            cure = "Is there a comma in a number? Write 3.5." if len(fields) > len(header) else ""
            problems.append(Problem(f"line {line}", found, allowed, cure))
            continue
        row = dict(zip(header, (field.strip() for field in fields), strict=True))
        problems += _row_problems(line, row)
        if row["series"] in SERIES and _is_year(row["year"]):
            at = int(row["year"]) - FIRST, SERIES.index(row["series"])
            if at in said:
                found = f"gives {row['series']} of {row['year']} again, after line {said[at]}"
                problems.append(Problem(f"line {line}", found, "one value for each year"))
            said.setdefault(at, line)
            values[at] = float(row["value"]) if NUMBER.fullmatch(row["value"]) else np.nan
    if len(lines) == 1:
        problems.append(Problem("file", "has a header only", "one row or more"))
    refuse(source, problems)
    return Economy(values)


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    allowed = ", ".join(COLUMNS)
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in word for word in header):
            cure = "Save it with commas between the columns and points in numbers."
            yield Problem("header", f"has {name} between the columns", "commas", cure)
            return
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            yield Problem(f"column {shown(name)}", "stands twice", "once")
        if name not in COLUMNS + IGNORED:
            cure = suggest(name, COLUMNS)
            yield Problem(f"column {shown(name)}", "is unknown", allowed, cure)
    for name in COLUMNS:
        if name not in header:
            yield Problem(f"column {name!r}", "is missing", allowed)


def _is_year(word: str) -> bool:
    return re.fullmatch(r"\d{4}", word, re.ASCII) is not None and int(word) in YEARS


def _row_problems(line: int, row: Mapping[str, str]) -> Iterator[Problem]:
    if not _is_year(row["year"]):
        yield Problem(f"line {line}, year", f"is {shown(row['year'])}", f"{FIRST} to {LAST}")
    for problem in _unknown(row["series"]):
        yield replace(problem, where=f"line {line}, series")
    least, most = LIMITS.get(row["series"], (0.0, np.inf))
    value = float(row["value"]) if NUMBER.fullmatch(row["value"]) else np.nan
    if not least <= value <= most:
        allowed = f"{least:g} to {most:g}" if np.isfinite(most) else "a number"
        cure = _cure(row["series"], row["value"])
        yield Problem(f"line {line}, value", f"is {shown(row['value'])}", allowed, cure)


def _cure(series: str, word: str) -> str:
    """Say what was probably meant by a value that is no number or beyond the limits."""
    if not word:
        return "Leave the row out to keep the default."
    plain = word.removesuffix("%").strip().replace(",", ".")
    if not NUMBER.fullmatch(plain):
        return ""
    value = float(plain)
    if series in UNEMPLOYMENT and 0 < value < LARGEST_SHARE:
        return f"Wrong unit? Write {100 * value:g} for {100 * value:g} percent."
    if series in INCOME_RATIO and LIMITS[series][1] < value <= 100 * LIMITS[series][1]:
        return f"Wrong unit? Write {value / 100:g} for {value:g} percent."
    return f"Write {plain}." if plain != word else ""
