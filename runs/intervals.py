"""Intervals for one history, and where the variance between histories comes from.

Histories are y = m + P + E + L: what the parameters, the economy and luck make of one. Two that
share no draw differ, squared and halved, by the whole variance V = P + E + L on average; two that
share the parameters by E + L, two that share the economy by P + L (runs/crossing.py tells which).
So the share of the parameters is 1 - (E + L) / V, that of the economy 1 - (P + L) / V, none below
zero, and chance is what remains: luck, and what parameters and economy do only together.

The interval is for *one* history, not for the mean: mean ± t(d, 0.975) * sqrt(V * (1 + k / n)).
The mean of n histories varies by V * k / n: k is 1 if none share a draw, and the shares of
parameters and economy come on top as far as they do. V is known as well as from histories of their
own with d degrees of freedom, n - 1 if none share a draw and, if all do, n - 2 over 1 + the squares
of the shares of parameters and economy.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.crossing import ALONE, Ints, Sharing

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SOME_DAY: Flags = np.zeros((), dtype=np.bool_)  # nothing is settled: the economy may matter
FEWEST_TO_SPLIT = 20  # histories; with fewer a share would be a guess
SHARES = ("parameters_share", "economy_share", "chance_share")
TINY = 1e-9  # rounding of sums
NOISE = 110.0  # standard error of a share of n histories: about this / sqrt(n) percentage points


class Estimate(NamedTuple):
    """A mean over histories and the interval for one history; nan where there is none.

    The shares are percent of the variance between histories; nan where it is not split.
    """

    mean: float
    sd: float
    low: float
    high: float
    replicates: int
    parameters_share: float = math.nan
    economy_share: float = math.nan
    chance_share: float = math.nan

    @property
    def shares(self) -> tuple[float, float, float]:
        """The percentages of parameters, economy and chance."""
        return self.parameters_share, self.economy_share, self.chance_share

    @property
    def is_split(self) -> bool:
        """Whether it is told where the variance comes from."""
        return not math.isnan(self.chance_share)

    @property
    def split(self) -> str:
        """The percentages as a table prints them, '' where the variance is not split."""
        return split(self.shares)


def split(shares: Sequence[float]) -> str:
    """Return '60 · 30 · 10', percent from parameters, economy and chance; '' if not told."""
    if any(map(math.isnan, shares)):
        return ""
    return " · ".join(map(str, whole_percents(shares)))


def whole_percents(shares: Sequence[float]) -> list[int]:
    """Return shares of 100 as whole numbers that sum to what they sum to, each within one.

    Those with the largest parts after the point are rounded up, the first of equal ones.
    """
    found = [math.floor(share + TINY) for share in shares]
    lost = round(sum(shares)) - sum(found)
    by_part = sorted(range(len(found)), key=lambda i: found[i] - shares[i])
    for i in by_part[:lost]:
        found[i] += 1
    return found


def noise(replicates: int) -> str:
    """Return how well a share is known, in percentage points: 95 of 100 are as near as that."""
    return f"{1.96 * NOISE / math.sqrt(max(replicates, 1)):.0f}"


class Spread(NamedTuple):
    """How histories spread, an array each.

    n: histories. variance: of one history. of_mean: of their mean, as a part of `variance`.
    freedom: degrees of freedom. shares: (3, ...), as parts of 1, nan where not told.
    """

    n: Floats
    variance: Floats
    of_mean: Floats
    freedom: Floats
    shares: Floats


def intervals(
    values: Floats, floor: float = 0.0, ceiling: float = math.inf, sharing: Sharing = ALONE,
    settled: Flags = SOME_DAY,
) -> Floats:  # fmt: skip
    """Return a row for each field of Estimate, of every column of (histories, columns).

    A nan is a history that has no such value; it is left out. settled: columns that draws of the
    economy cannot alter, since they are told of years in which it is known.
    """
    values = np.asarray(values, dtype=np.float64)
    found = spread(values, sharing, settled)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / np.where(found.n > 0, found.n, np.nan)
        reach = quantile(found.freedom) * np.sqrt(found.variance * (1 + found.of_mean))
    low, high = np.maximum(mean - reach, floor), np.minimum(mean + reach, ceiling)
    sd = np.sqrt(found.variance)
    return np.vstack([mean, sd, low, high, found.n, 100 * found.shares])


def interval(
    values: Floats,
    floor: float = -math.inf,
    ceiling: float = math.inf,
    sharing: Sharing = ALONE,
    settled: Flags = SOME_DAY,
) -> Estimate:
    """Return the estimate from one value of each history."""
    found = intervals(values.reshape(-1, 1), floor, ceiling, sharing, settled)[:, 0].tolist()
    mean, sd, low, high, n, parameters, economy, chance = found
    return Estimate(mean, sd, low, high, int(n), parameters, economy, chance)


def spread(values: Floats, sharing: Sharing = ALONE, settled: Flags = SOME_DAY) -> Spread:
    """Return how the histories of every column spread; nan are left out."""
    known = ~np.isnan(values)
    n = np.count_nonzero(known, axis=0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / np.where(n > 0, n, np.nan)
        every = n * np.nansum((values - mean) ** 2, axis=0)  # over all pairs
    apart = [_apart(values, pairs) for pairs in sharing.kinds]
    return from_sums(n, every, apart, sharing.drawn, settled)


def from_sums(
    n: Floats, every: Floats, apart: list[tuple[Floats, Floats]], drawn: tuple[bool, bool],
    settled: Flags = SOME_DAY,
) -> Spread:  # fmt: skip
    """Return how histories spread, from squared differences added up over pairs of them.

    every: over all pairs. apart: over the pairs that share a draw, of each kind, and how many.
    settled: where draws of the economy cannot matter, and so have no share.
    """
    pairs = n * (n - 1) / 2 - sum(many for _, many in apart)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = every - sum(sums for sums, _ in apart)
        variance = np.maximum(rest, 0.0) / (2 * np.where(pairs > 0, pairs, np.nan))
        parts = [_part(sums, many, variance) for sums, many in apart]
        parts[1] = np.where(settled, 0.0, parts[1])
        over = np.maximum(parts[0] + parts[1], 1.0)
        shares = np.stack([parts[0] / over, parts[1] / over])
        paired = np.stack([2 * many / np.where(n > 0, n, np.nan) for _, many in apart])
        of_mean = (1 + (paired * shares).sum(axis=0)) / n
        lost = 1 + (paired * shares**2).sum(axis=0)
        shared = (paired > 0).any(axis=0)
        freedom = np.where(shared, (n - 2) / lost, n - 1)
    chance = np.maximum(1 - shares.sum(axis=0, keepdims=True), 0.0)
    whole = np.concatenate([shares, chance])
    told = (variance > 0) & ((n >= FEWEST_TO_SPLIT) | (not any(drawn)))
    for kind, (_, many) in enumerate(apart):
        told &= (many > 0) | (not drawn[kind])
    return Spread(n, variance, of_mean, freedom, np.where(told, whole, np.nan))


def _apart(values: Floats, pairs: Ints) -> tuple[Floats, Floats]:
    """Return the squared differences of pairs, added up, and how many there are."""
    squares = (values[pairs[0]] - values[pairs[1]]) ** 2
    return np.nansum(squares, axis=0), np.count_nonzero(~np.isnan(squares), axis=0).astype(float)


def _part(sums: Floats, many: Floats, variance: Floats) -> Floats:
    """Return the part of the variance that those who share a draw do not differ by."""
    within = sums / (2 * np.where(many > 0, many, np.nan))
    return np.asarray(np.clip(np.nan_to_num(1 - within / variance), 0.0, 1.0))


def quantile(freedom: Floats) -> Floats:
    """Return the 97.5 % quantile of Student's t, nan without a degree of freedom."""
    from scipy.special import stdtrit  # here, because its import takes a quarter of a second

    return np.asarray(stdtrit(np.where(freedom > 0, freedom, np.nan), 0.975))
