"""Whole families from weighted ones, without losing the sizes that must hold exactly.

Families of several immigrants are drawn first, systematically: a family that should occur
7.3 times occurs 7 or 8 times; a few with one child are then exchanged, so that the children
are as many as they should be. Persons who are the only immigrant of their family, more than
half of all, then fill what is missing, so that the stock by sex, official reason and
centrality, and the sample sizes at ages 15 and over, hold to the person.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration import margins as m
from calibration.pool import LEVEL_COUNT, Pool
from calibration.raking import Floats, Ints, whole_numbers

REASONS = len(m.OFFICIAL)
SHAPE = (LEVEL_COUNT, 2, REASONS, 2)  # centrality, sex, official reason, below 15 or not


@dataclass(frozen=True)
class Sizes:
    """What must hold exactly, at scale 1.

    official: persons by sex, official reason and centrality, as `margins.stock_by_reason`.
    within: persons aged 15 or more by centrality and sex.
    """

    official: Floats
    within: Floats


def whole_families(
    pool: Pool, number: Floats, sizes: Sizes, scale: float, rng: np.random.Generator
) -> Ints:
    """Return the candidate family of every family drawn, in random order."""
    first = np.flatnonzero(np.diff(pool["family"], prepend=-1))
    several = pool["family_immigrants"][first] > 1
    cell = _cells(pool)
    size = int(np.prod(SHAPE))
    alone = np.where(several, -1, cell[first])
    expected: Floats = np.bincount(alone[~several], number[~several], size).astype(np.float64)
    expected = expected.reshape(SHAPE) * scale
    stock, within = _whole_sizes(sizes, scale)
    drawn = _systematic(_in_order(pool, first, np.flatnonzero(several)), number * scale, rng)
    # Below 15 hardly anybody is the only immigrant: families of several must hold them all.
    below = np.where(expected[..., 0].sum(axis=2) > 0, -1, stock.sum(axis=2) - within)
    copies = _with_children(pool, np.where(several, number, 0), drawn, below, rng)
    there: Floats = np.bincount(cell, copies[pool["family"]], size).astype(np.float64)
    wanted = _missing(there.reshape(SHAPE), expected, stock, within)
    singles = _fill(_in_order(pool, first, np.flatnonzero(~several)), alone, number, wanted, rng)
    return rng.permutation(np.r_[np.repeat(np.arange(copies.size), copies), singles])


def _whole_sizes(sizes: Sizes, scale: float) -> tuple[Ints, Ints]:
    """Return whole persons: (centrality, sex, reason), and of 15 or more (centrality, sex)."""
    official = np.ascontiguousarray(sizes.official.transpose(2, 0, 1))
    stock = whole_numbers(official, round(float(official.sum()) * scale))
    return stock, whole_numbers(sizes.within, round(float(sizes.within.sum()) * scale))


def _with_children(
    pool: Pool, number: Floats, drawn: Ints, below: Ints, rng: np.random.Generator
) -> Ints:
    """Return copies of each family: a few with one child are taken out, or drawn once more.

    number: 0 for families that may not be drawn; below: persons under 15 that there should be
    by centrality and sex, -1 for as many as come.
    """
    copies = np.bincount(drawn, minlength=number.size).astype(np.int64)
    young = ~pool.sampled
    kind = (pool["family"] * 2 + pool["sex"])[young]
    children = np.bincount(kind, minlength=2 * number.size).reshape(-1, 2)
    one = (children.sum(axis=1) == 1) & (number > 0)
    for place in np.argwhere(below >= 0):
        level, sex = (int(i) for i in place)
        there = copies[pool.level == level] @ children[pool.level == level, sex]
        short = int(below[level, sex] - there)
        which = np.flatnonzero(one & (pool.level == level) & (children[:, sex] == 1))
        if short > 0 and which.size:
            share = number[which] / number[which].sum()
            np.add.at(copies, rng.choice(which, short, p=share), 1)
        elif short < 0:
            present = np.repeat(which, copies[which])
            gone = rng.choice(present, min(-short, present.size), replace=False)
            np.subtract.at(copies, gone, 1)
    return copies


def _cells(pool: Pool) -> Ints:
    """Return the cell of SHAPE of every candidate person."""
    official = m.OFFICIAL_OF_GROUP[pool["group"]]
    places = (pool.person_level, pool["sex"], official, pool.sampled.astype(np.int64))
    return np.asarray(np.ravel_multi_index(places, SHAPE))


def _in_order(pool: Pool, first: Ints, families: Ints) -> Ints:
    """Sort families so that like stands beside like: what is drawn then hardly varies."""
    head = first[families]
    keys = ("age", "duration", "status", "education", "origin", "family_total", "sex", "group")
    columns = [pool[key][head] for key in keys]
    return np.asarray(families[np.lexsort([*columns, pool.level[families]])])


def _systematic(families: Ints, number: Floats, rng: np.random.Generator) -> Ints:
    """Draw families along a line, each so often as its number says, to within one."""
    ends = np.cumsum(number[families])
    points = np.arange(rng.random(), ends[-1] if ends.size else 0, 1.0)
    return np.asarray(
        families[np.searchsorted(ends, points, side="right").clip(max=families.size - 1)]
    )


def _missing(there: Floats, expected: Floats, stock: Ints, within: Ints) -> Ints:
    """Return how many single immigrants each cell still lacks."""
    lacking = np.maximum(stock - there.sum(axis=3), 0).astype(np.int64)
    wanted = np.zeros(SHAPE, dtype=np.int64)
    for place in np.ndindex(*SHAPE[:2]):
        inside = int(np.clip(within[place] - there[place][:, 1].sum(), 0, lacking[place].sum()))
        share = expected[place][:, 1] / np.maximum(expected[place].sum(axis=1), 1e-9)
        least = np.where(expected[place][:, 0] > 0, 0, lacking[place])  # nobody else to take
        most = np.where(expected[place][:, 1] > 0, lacking[place], least)
        inside = int(np.clip(inside, least.sum(), most.sum()))
        grown = least + _round_below(
            (lacking[place] * share - least).clip(0), most - least, inside - int(least.sum())
        )
        wanted[place] = np.stack([lacking[place] - grown, grown], axis=1)
    return wanted


def _round_below(shares: Floats, most: Ints, total: int) -> Ints:
    """Round shares to a total, none above its most."""
    found = np.minimum(whole_numbers(np.maximum(shares, 1e-9), total), most)
    while (left := total - int(found.sum())) > 0:
        room = most - found
        found += np.minimum(whole_numbers(room * (shares + 1e-3), left), room)
    return found


def _fill(
    families: Ints, cell: Ints, number: Floats, wanted: Ints, rng: np.random.Generator
) -> Ints:
    """Draw single immigrants, exactly so many of each cell as wanted."""
    wanted = wanted.ravel()
    families = families[np.argsort(cell[families], kind="stable")]
    total: Floats = np.bincount(cell[families], number[families], wanted.size).astype(np.float64)
    _refuse_nobody(wanted, total)
    share = number[families] / np.maximum(total[cell[families]], 1e-300)
    begins = np.cumsum(np.bincount(cell[families], minlength=wanted.size))
    ends = np.cumsum(share)
    # Each cell is one unit long: its end is put right, whatever the rounding of the sum.
    ends += (np.cumsum(total > 0) - ends[np.maximum(begins - 1, 0)])[cell[families]]
    where = np.repeat(np.arange(wanted.size), wanted)
    rank = np.arange(where.size) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    along = (rank + rng.random(wanted.size)[where]) / np.maximum(wanted, 1)[where]
    points = (np.cumsum(total > 0) - 1)[where] + along * (1 - 1e-9)
    found = np.searchsorted(ends, points, side="right").clip(max=families.size - 1)
    return np.asarray(families[found])


def _refuse_nobody(wanted: Ints, total: Floats) -> None:
    lost: NDArray[np.int64] = np.flatnonzero((wanted > 0) & (total <= 0))
    if lost.size:
        where = tuple(int(place) for place in np.unravel_index(int(lost[0]), SHAPE))
        raise ValueError(f"no candidate for {wanted[lost].sum()} persons, first cell {where}")
