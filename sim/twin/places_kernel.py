"""Shares of places by group, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

LEVELS = 4  # place p is of level p % LEVELS


@kernel
def see(
    shares: NDArray[np.float64],
    factor: NDArray[np.float64],
    reason: NDArray[np.int64],
    levels: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> None:
    """Write the share of each level by group, and the mean there of the factors of its places.

    factor: by reason, place and outcome. mean: by group, level and outcome; 1 where nobody is.
    """
    for g in range(shares.shape[0]):
        for p in range(shares.shape[1]):
            share = shares[g, p]
            if share > 0.0:
                levels[g, p % LEVELS] += share
                for outcome in range(2):
                    mean[g, p % LEVELS, outcome] += share * factor[reason[g], p, outcome]
        for level in range(LEVELS):
            for outcome in range(2):
                known = levels[g, level] > 0.0
                mean[g, level, outcome] = (
                    mean[g, level, outcome] / levels[g, level] if known else 1.0
                )


@inlined
def _come(
    going: NDArray[np.float64],
    to_county: NDArray[np.float64],
    coming: NDArray[np.float64],
    after: NDArray[np.float64],
) -> None:
    """Let movers come to counties. going: by the level they go to and the county they leave."""
    for to in range(LEVELS):
        coming[:] = 0.0
        for county in range(going.shape[1]):
            for q in range(coming.size):
                coming[q] += going[to, county] * to_county[to, county, q]
        for q in range(going.shape[1]):
            after[q * LEVELS + to] += coming[q]


@kernel
def part_with(
    shares: NDArray[np.float64],
    persons: NDArray[np.float64],
    factor: NDArray[np.float64],
    reason: NDArray[np.int64],
    by_level: NDArray[np.float64],
    to_level: NDArray[np.float64],
    to_county: NDArray[np.float64],
    places: NDArray[np.float64],
) -> None:
    """Write who lives in each place by group when some have moved and others left.

    Groups of nobody stay as they are.

    by_level: movers and leavers by group and level; inside a level they are of the places as
    the factors let people move and leave. persons: by group, before anybody left.
    to_level: where movers go, by reason and level they leave; to_county: by reason, level they
    go to and county they leave; with columns of nobody the counties may be more.
    """
    total, counties = np.empty((LEVELS, 2)), shares.shape[1] // LEVELS
    going = np.empty((LEVELS, counties))  # movers by the level they go to and county they leave
    coming, after = np.empty(to_county.shape[3]), np.empty(shares.shape[1])
    for g in range(shares.shape[0]):
        if persons[g] <= 0.0:
            continue
        total[:], going[:], after[:] = 0.0, 0.0, 0.0
        r = reason[g]
        for p in range(shares.shape[1]):
            for outcome in range(2):
                total[p % LEVELS, outcome] += shares[g, p] * factor[r, p, outcome]
        for level in range(LEVELS):
            for outcome in range(2):
                weight = total[level, outcome]
                total[level, outcome] = by_level[g, level, outcome] / weight if weight > 0 else 0.0
        for p in range(shares.shape[1]):
            level, share = p % LEVELS, shares[g, p]
            if share > 0.0:
                moving = share * factor[r, p, 0] * total[level, 0]
                leaving = share * factor[r, p, 1] * total[level, 1]
                after[p] += share * persons[g] - moving - leaving
                for to in range(LEVELS):
                    going[to, p // LEVELS] += moving * to_level[r, level, to]
        _come(going, to_county[r], coming, after)
        for p in range(shares.shape[1]):
            places[g, p] = max(after[p], 0.0)
