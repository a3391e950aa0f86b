"""What sets counties, levels, educations and statuses apart among people of one reason.

The published logits shift everybody's odds alike: they know no county, and education, status
and centrality count the same whatever the reason. The report tells of orders inside single
reasons that this cannot give. The offsets are what must be added to the log odds of moving to
another level (`domestic`) and of emigrating (`emigrate`), and to the logarithm of the chance of
moving to another county at the same level (`county`), by reason and one more trait, in
2004-2008 and from 2009 on. They come from `calibration.reason_fit`.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.codes import CENTRALITY, EDUCATION, REASON, STATUS
from sim.geography import CENTRALITY_OF, COUNTY, COUNTY_OF

Floats = NDArray[np.float64]
Offsets = dict[str, Floats]  # by trait: (period, what, reason, code)
WHAT = ("domestic", "emigrate", "county")
TRAITS = {"county": COUNTY.names, "centrality": CENTRALITY.names, "education": EDUCATION.names,
          "status": STATUS.names}  # fmt: skip
PERIODS = (2004, 2009)  # the first year of each: the report tells means of 2004-2008 and 2009-2013
CHOICE = slice(0, 2)  # what the yearly choice knows: moving to another level, and emigrating
CODES = tuple(dict.fromkeys(code for codes in TRAITS.values() for code in codes))


def period_of(year: int) -> int:
    """Return in which of the periods a year lies; years before the first are of the first."""
    return max(int(np.searchsorted(PERIODS, year, side="right")) - 1, 0)


def place_factor(log: Offsets, period: int) -> Floats:
    """Return what multiplies the weights by reason, municipality and outcome (move, emigrate)."""
    found = log["county"][period][CHOICE][:, :, COUNTY_OF]
    found = found + log["centrality"][period][CHOICE][:, :, CENTRALITY_OF]
    return np.ascontiguousarray(np.moveaxis(np.exp(found), 0, -1))


def trait_factor(log: Offsets, period: int) -> Floats:
    """Return what multiplies the weights by reason, status, education and outcome."""
    status, education = (log[by][period][CHOICE] for by in ("status", "education"))
    both = status[:, :, :, None] + education[:, :, None, :]
    return np.ascontiguousarray(np.moveaxis(np.exp(both), 0, -1))


def county_factor(log: Offsets, period: int) -> Floats:
    """Return what multiplies the chance of a county move: (reason, status, education, county)."""
    status, education, county = (
        log[by][period][WHAT.index("county")] for by in ("status", "education", "county")
    )
    added = status[:, :, None, None] + education[:, None, :, None] + county[:, None, None, :]
    return np.asarray(np.exp(added))


def no_offsets() -> Offsets:
    """Return offsets of nothing."""
    shape = len(PERIODS), len(WHAT), len(REASON)
    return {by: np.zeros((*shape, len(codes))) for by, codes in TRAITS.items()}


def from_rows(table: Iterable[Mapping[str, str]]) -> Offsets:
    """Return the offsets that a table has, zero where it has none."""
    found = no_offsets()
    for row in table:
        by, period = row["by"], PERIODS.index(int(float(row["from_year"])))
        cell = WHAT.index(row["what"]), REASON.index(row["reason"])
        found[by][(period, *cell, TRAITS[by].index(row["code"]))] = float(row["offset"])
    return found
