"""What years before 2013 did to emigration, by reason: shifts of the log odds.

The published models describe 2013. For earlier years the report tells rates by reason, most
of them in words; the shift of a year is the log odds of its rate less those of 2013. It is
a reading, not an estimate: the table marks what is assumed.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.codes import REASON
from sim.transitions.process import Assumption
from sim.transitions.sources import rows

BASE = 2013

YEAR_EFFECTS = Assumption(
    "year_effects",
    {
        "as_told": "In 2004-2012 emigration by reason is shifted as far from 2013 as the report "
        "tells in words; from 2013 on behaviour is that of 2013.",
        "as_2013": "Behaviour is that of 2013 in every year.",
    },
)


@cache
def shifts() -> dict[int, NDArray[np.float64]]:
    """Return the shift of the log odds of emigrating by reason, for each year that has one."""
    odds: dict[int, NDArray[np.float64]] = {}
    for row in rows("year_rates.csv"):
        rate = float(row["emigrated_percent"]) / 100
        year = odds.setdefault(int(row["year"]), np.full(len(REASON), np.nan))
        year[REASON.index(row["reason"])] = np.log(rate / (1 - rate))
    assert all(np.isfinite(year).all() for year in odds.values())
    base = odds.pop(BASE)
    return {year: known - base for year, known in odds.items()}


def factors(year: int) -> NDArray[np.float64]:
    """Return what multiplies the weight of emigrating, by reason; 1 where nothing is told."""
    return np.asarray(np.exp(shifts().get(year, np.zeros(len(REASON)))))


@cache
def largest() -> NDArray[np.float64]:
    """Return the largest factor of any year by reason, 1 at least."""
    every = [np.ones(len(REASON)), *(factors(year) for year in shifts())]
    return np.asarray(np.max(every, axis=0))
