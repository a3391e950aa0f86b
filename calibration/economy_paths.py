"""Make the paths of the economy that are shipped: `python -m calibration.economy_paths`.

From calibration/data/economy_sources.csv (what was published) and economy_rules.csv (what is
assumed) come two tables beside the processes: economy_paths.csv with every series 2000-2060,
and economy_shocks.csv, which says how far the series strayed from a straight line and how
long. All but the splicing and the mean of unemployment is done in logarithms.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np

from calibration.raking import Floats
from sim.economy import FIRST, LAST, PATHS, SERIES, SHOCKS, is_ratio
from sim.transitions import sources

FOLDER = Path(sources.__file__).parent / "data"
PATHS_HEADER = ("year", "series", "value", "observed", "unit", "kind", "assumed", "source")
SHOCKS_HEADER = ("series", "persistence", "innovation", *SERIES, "assumed", "source")
BASE = 2000  # the year whose ratios are published
OBSERVED = {True: "world_bank", False: "ilo"}  # the measure that history is, by `is_ratio`
LARGEST_PERSISTENCE = 0.95
CATCHING_UP = ("income_ratio_group2", "income_ratio_group3")  # with group 1
Course = dict[int, float]  # value by year


def main() -> int:
    """Write both tables."""
    for name, header, rows in (
        (PATHS, PATHS_HEADER, list(path_rows())),
        (SHOCKS, SHOCKS_HEADER, list(shock_rows())),
    ):
        with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    sources.forget()
    return 0


# What was published and what is assumed


@cache
def _carried(name: str) -> tuple[dict[str, str], ...]:
    text = (resources.files("calibration") / "data" / name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def published(series: str, measure: str) -> Mapping[int, float]:
    """Return a published series by year."""
    return {
        int(row["year"]): float(row["value"])
        for row in _carried("economy_sources.csv")
        if row["series"] == series and row["measure"] == measure
    }


def _said(series: str, measure: str, year: int) -> str:
    """Return the source of one published value."""
    (source,) = (
        row["source"]
        for row in _carried("economy_sources.csv")
        if (row["series"], row["measure"], int(row["year"])) == (series, measure, year)
    )
    return source


def rule(series: str, name: str) -> float:
    """Return an assumption about a series, or about all of its kind."""
    kind = "income_ratio" if is_ratio(series) else "unemployment"
    found = {
        row["series"]: float(row["value"])
        for row in _carried("economy_rules.csv")
        if row["rule"] == name
    }
    return found[series if series in found else kind]


# History, and its smooth course


def history(series: str) -> Course:
    """Return the observed series, also of the years before 2000 that are known.

    Ratios are scaled so that 2000 equals the published ratio: price surveys have changed the
    levels since, of group 3 by a fifth.
    """
    observed = published(series, OBSERVED[is_ratio(series)])
    if not is_ratio(series):
        return dict(observed)
    scale = published(series, "published")[BASE] / observed[BASE]
    return {year: value * scale for year, value in observed.items()}


def smooth(values: Floats, half_power: float) -> Floats:
    """Return the smooth course of a series (Whittaker's and Henderson's, or Hodrick's filter).

    half_power: swings of this length in years lose half of their height, shorter ones more.
    A straight line stays as it is, and the mean of any series.
    """
    penalty = (2 * np.sin(np.pi / half_power)) ** -4
    bends = np.diff(np.eye(values.size), 2, axis=0)
    course: Floats = np.linalg.solve(np.eye(values.size) + penalty * bends.T @ bends, values)
    return course


@cache
def gaps(series: str) -> Mapping[int, float]:
    """Return by year how far the observed logarithm lies above its smooth course."""
    known = history(series)
    logs = np.log(list(known.values()))
    apart = logs - smooth(logs, rule("income_ratio", "half_power"))
    return dict(zip(known, apart.tolist(), strict=True))


# Forward


def trend(series: str) -> Course:
    """Return the smooth course: of ratios in all years, of unemployment its own from history."""
    known = history(series)
    last = max(known)
    if is_ratio(series):
        course = {year: value * np.exp(-gaps(series)[year]) for year, value in known.items()}
    else:
        course = known
    projected = published(series, "imf")
    for before, year in pairwise(range(last, max(projected) + 1)):
        if is_ratio(series):
            course[year] = course[before] * projected[year] / projected[before]
        else:
            course[year] = course[before] + projected[year] - projected[before]
    return _converged(series, course)


def _converged(series: str, course: Course) -> Course:
    """Continue until the end of the paths: half of the way in so many years, and so on."""
    last = max(course)
    years = np.arange(last + 1, LAST + 1)
    kept = 0.5 ** ((years - last) / rule(series, "half_life"))
    if series in CATCHING_UP:
        to = trend("income_ratio_group1")
        apart = np.log(course[last] / to[last])
        path = np.array([to[year] for year in years.tolist()]) * np.exp(apart * kept)
    else:
        level = long_run(series)
        path = level * (course[last] / level) ** kept
    return course | dict(zip(years.tolist(), path.tolist(), strict=True))


def long_run(series: str) -> float:
    """Return the level that a series goes to: the mean of its last years of history."""
    some = np.array(list(history(series).values())[-int(rule(series, "level_years")) :])
    return float(np.exp(np.log(some).mean()) if is_ratio(series) else some.mean())


def path(series: str) -> Course:
    """Return the default path: as observed, then the trend, to which the last swing fades."""
    known, course = history(series), trend(series)
    last = int(rule(series, "observed_until")) if is_ratio(series) else max(known)
    gap = np.log(known[last] / course[last])
    persistence = shocks()[0][SERIES.index(series)]
    return {
        year: known[year] if year <= last else value * np.exp(gap * persistence ** (year - last))
        for year, value in course.items()
    }


def path_rows() -> Iterator[Sequence[object]]:
    """Yield the rows of economy_paths.csv; what was observed is empty where nothing was."""
    for series in SERIES:
        values, known = path(series), history(series)
        for year in range(FIRST, LAST + 1):
            kind, assumed, source = _about(series, year)
            unit = "ratio" if is_ratio(series) else "percent"
            observed = f"{known[year]:.4f}" if year in known else ""
            yield year, series, f"{values[year]:.4f}", observed, unit, kind, assumed, source


def _about(series: str, year: int) -> tuple[str, str, str]:
    """Return kind, whether assumed, and source of a value."""
    known, last = history(series), max(history(series))
    if year in known:
        source = _said(series, OBSERVED[is_ratio(series)], year)
        if not is_ratio(series):
            return "history", "no", source
        source += f", scaled to {_said(series, 'published', BASE)}"
        if year <= rule(series, "observed_until"):
            return "history", "no", source
        return "smoothed", "yes", f"assumed: the smooth course of {source}"
    if year in published(series, "imf"):
        source = f"changes from {last} on: {_said(series, 'imf', year)}"
        if not is_ratio(series):
            return "projection", "no", source
        return "projection", "yes", f"assumed: the smooth course goes on with relative {source}"
    if series in CATCHING_UP:
        to = "the ratio of group 1"
    else:
        to = f"{long_run(series):.2f}, the mean of the last years of history"
    life = rule(series, "half_life")
    return "converged", "yes", f"assumed: approaches {to}, half of the gap in {life:g} years"


# How far and how long the series stray


def strayed(logs: Floats) -> Floats:
    """Return how far logarithms lie from the straight line through them.

    From a line, not from the smooth course: that follows long swings, which would be missing.
    """
    t = np.arange(logs.size) - (logs.size - 1) / 2
    return np.asarray(logs - logs.mean() - t * (t @ logs) / (t @ t))


def persistence_of(gaps: Floats) -> float:
    """Return how much of a gap from a fitted line is left after a year.

    Least squares find too little in so few years, by (2 + 4 r) / n about, which is added.
    """
    rough = float(gaps[1:] @ gaps[:-1] / (gaps[:-1] @ gaps[:-1]))
    return min(rough + (2 + 4 * rough) / gaps.size, LARGEST_PERSISTENCE)


@cache
def shocks() -> tuple[Floats, Floats, Floats]:
    """Return persistence, standard deviation of a year's shock, correlations of the shocks."""
    persistence = np.empty(len(SERIES))
    news: dict[int, list[float]] = {}
    for k, series in enumerate(SERIES):
        known = history(series)
        gaps = strayed(np.log(list(known.values())))
        persistence[k] = persistence_of(gaps)
        for year, shock in zip(list(known)[1:], gaps[1:] - persistence[k] * gaps[:-1], strict=True):
            news.setdefault(year, []).append(float(shock))
    common = np.array([some for some in news.values() if len(some) == len(SERIES)])
    return persistence, np.sqrt((common**2).mean(axis=0)), np.corrcoef(common.T)


def shock_rows() -> Iterator[Sequence[object]]:
    """Yield the rows of economy_shocks.csv."""
    persistence, innovation, correlation = shocks()
    for k, series in enumerate(SERIES):
        known = history(series)
        source = (
            f"gaps of the logarithm from its straight line {min(known)}-{max(known)} "
            f"({_said(series, OBSERVED[is_ratio(series)], max(known))}): least squares, the "
            "persistence corrected for its bias"
        )
        yield (series, f"{persistence[k]:.3f}", f"{innovation[k]:.4f}",
               *(f"{c:.3f}" for c in correlation[k]), "no", source)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
