"""The record of the years 2004-2012: readings of rates, emigrations, stocks, with their errors.

Errors are those of comparing the figure with the model: rounding, figures read from words,
other definitions. Readings of a reason that were read from words alone may all be too high or
too low together: they share an error of level besides their own.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration import start_years
from calibration.raking import Floats
from calibration.year_history import BASE, CITIZENS, FIRST, SHIFTED
from sim.codes import REASON

PUBLISHED_FROM = start_years.PUBLISHED_FROM
STOCK_ERROR = 0.015  # assumed: returns, deaths and reasons recoded between two 1 Januaries
TOTAL_ERROR = 0.005
# Persons, assumed, shared by all years: citizens who are no immigrants, and immigrants who are
# no foreign citizens (in 2013 net migration of foreign citizens was 41,898, of immigrants 41,158).
NET_LEVEL_ERROR = 500.0
# Relative, shared by all citizenships but the Nordic in a year. Emigrations that the register
# decided on itself were 20 percent of immigrants' in some late years and above 30 in others
# (Rapporter 2016/27, chapter 2), and hardly any of Nordic citizens', who had three in ten: 29
# and 43 percent of all others', so that equal departures give a quarter more or fewer
# emigrations, a tenth to either side. The model registers departures alike in all years.
FOUND_ERROR = 0.10
YEARS_OF_STOCKS = slice(PUBLISHED_FROM - FIRST, len(SHIFTED) + 1)


@dataclass(frozen=True)
class Readings:
    """Shares that emigrated, in logs, and the covariance of their errors.

    year, reason: positions in SHIFTED and REASON.
    """

    year: NDArray[np.int64]
    reason: NDArray[np.int64]
    log_rate: Floats
    covariance: Floats


@dataclass(frozen=True)
class Flow:
    """Emigrations of foreign citizens of one year: of which citizenships, how many.

    error: relative.
    """

    year: int
    citizens: tuple[str, ...]
    emigrations: float
    error: float

    @property
    def some(self) -> NDArray[np.bool_]:
        """Say which of `CITIZENS` it counts."""
        return np.isin(CITIZENS, self.citizens)


@dataclass(frozen=True)
class Net:
    """Net migration of foreign citizens of one year, and its error, in persons."""

    year: int
    persons: float
    error: float


@dataclass(frozen=True)
class Record:
    """All that is compared. stocks: of 1 January by year (2006-2013) and official reason."""

    readings: Readings
    flows: tuple[Flow, ...]
    net: tuple[Net, ...]
    stocks: Floats


@cache
def published() -> Record:
    """Return the published record."""
    return Record(_readings(), _flows(), _net(), _stocks())


def _readings() -> Readings:
    """Return what the report tells; what was derived from stocks is no reading."""
    rows = [row for row in m.table("year_rates") if row["told_by"] == "report"]
    reason = np.array([REASON.index(row["reason"]) for row in rows])
    own = np.array([float(row["error_percent"]) / 100 for row in rows])
    level = np.array([float(row["level_error_percent"]) / 100 for row in rows])
    covariance = np.diag(own**2) + np.outer(level, level) * (reason[:, None] == reason)
    year = np.array([int(row["year"]) - FIRST for row in rows])
    rate = np.array([float(row["emigrated_percent"]) / 100 for row in rows])
    return Readings(year, reason, np.log(rate), covariance)


def _flows() -> tuple[Flow, ...]:
    """Return emigrations of foreign citizens; each year's parts count everybody once."""
    return tuple(
        Flow(int(row["year"]), tuple(row["citizenship"].split()), float(row["emigrations"]),
             float(row["error_percent"]) / 100)
        for row in m.table("year_flows")
    )  # fmt: skip


def _net() -> tuple[Net, ...]:
    """Return immigrations less emigrations of foreign citizens."""
    found = []
    for row in m.table("year_immigrations"):
        gone = sum(flow.emigrations for flow in _flows() if flow.year == int(row["year"]))
        persons = float(row["immigrations"]) - gone
        found.append(Net(int(row["year"]), persons, float(row["net_error"])))
    return tuple(found)


def _stocks() -> Floats:
    found = np.zeros((BASE + 1 - PUBLISHED_FROM, len(m.OFFICIAL)))
    for row in m.table("start_years_by_reason"):
        for t, year in enumerate(range(PUBLISHED_FROM, BASE)):
            found[t, m.OFFICIAL.index(row["reason"])] += float(row[str(year)])
    for row in m.table("stock_by_reason_county_2013"):
        found[-1, m.OFFICIAL.index(row["reason"])] += float(row["persons"])
    return found
