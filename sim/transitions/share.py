"""How large a part of all immigrants a population is, so that arrivals come in proportion."""

from functools import cache

import numpy as np

from sim.agents.population import Population
from sim.transitions.sources import rows

WHOLE = 0.03  # so near to everybody is everybody


def share_of_all(population: Population) -> float:
    """Return resident immigrants as a share of the published stock of the population's year.

    A register that differs a little from the published figure is the whole. Between published
    years the stock is interpolated; before the first and after the last it is theirs.
    """
    return share_of(int(np.count_nonzero(population.immigrants)), population.year)


def share_of(immigrants: int, year: int) -> float:
    """Return so many resident immigrants as a share of the published stock of a year."""
    years, persons = _published()
    share = immigrants / float(np.interp(year, years, persons))
    return 1.0 if abs(share - 1) < WHOLE else share


@cache
def _published() -> tuple[list[int], list[int]]:
    table = rows("immigrants_by_year.csv")
    return [int(row["year"]) for row in table], [int(row["immigrants"]) for row in table]
