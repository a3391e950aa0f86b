"""Former residents abroad who may return: how many, and what they are like.

Published: emigrations of foreign citizens by year. Assumed: that they stand for immigrants',
that emigrants of earlier years were such as the pooled published model lets emigrate in
2013, and how many of them have come back. Only the last ten years' are kept.
"""

from collections.abc import Mapping

import numpy as np

from calibration import margins as m
from calibration import start_years
from calibration.pool import Pool
from calibration.raking import Floats, Ints, whole_numbers
from calibration.targets import emigration

YEARS_KEPT = 10
# Share back after n years: 14 percent of adult arrivals within five years (report of 2026),
# some 15 of all in the end (Frisch Centre).
BACK_AT_LAST, PACE = 0.16, 2.5


def still_abroad(years: Ints) -> Floats:
    """Return the share of emigrants who are abroad so many years after leaving."""
    return np.asarray(1 - BACK_AT_LAST * (1 - np.exp(-years / PACE)))


def abroad(
    pool: Pool, number: Floats, year: int, scale: float, rng: np.random.Generator
) -> Mapping[str, Ints]:
    """Return candidate persons (positions in the pool) and the years in which they left."""
    years, emigrations = start_years.emigrations_by_year()
    kept = (years >= year - YEARS_KEPT) & (years < year)
    left, gone = years[kept], emigrations[kept]
    gone = gone * still_abroad(year - left) * scale
    person, when = [], []
    risk = leaving(pool) * number[pool["family"]]
    recorded = pool["group"] < m.NORDIC
    for y, size in zip(left, whole_numbers(gone, round(float(gone.sum()))), strict=True):
        possible = ~recorded | (pool["duration"] <= y - 1 - m.REASON_RECORDED_FROM)
        ends = np.cumsum(risk * possible)
        points = (np.arange(size) + rng.random()) * (ends[-1] / max(int(size), 1))
        person.append(np.searchsorted(ends, points, side="right").clip(max=ends.size - 1))
        when.append(np.full(int(size), y))
    return {"person": np.concatenate(person), "left_year": np.concatenate(when)}


def leaving(pool: Pool) -> Floats:
    """Return everybody's probability of emigrating; children go with the first of the family."""
    own = emigration(pool)
    age = pool["age"]
    begins = np.flatnonzero(np.diff(pool["family"], prepend=-1))  # families stand together
    first_of_age = age * age.size + np.arange(age.size)[::-1]
    head = age.size - 1 - np.maximum.reduceat(first_of_age, begins) % age.size
    return np.where(age < m.SAMPLED_FROM, own[head[pool["family"]]], own)
