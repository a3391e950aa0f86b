"""Shares of places by type, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

LEVELS = 4  # place p is of level p % LEVELS


@kernel
def see(
    shares: NDArray[np.float64],
    factor: NDArray[np.float64],
    reason: NDArray[np.int64],
    levels: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> None:
    """Write the share of each level by type, and the mean there of the factors of its places.

    factor: by reason, place and outcome. mean: by type, level and outcome; 1 where nobody is.
    """
    for t in range(shares.shape[0]):
        for p in range(shares.shape[1]):
            share = shares[t, p]
            if share > 0.0:
                levels[t, p % LEVELS] += share
                for outcome in range(2):
                    mean[t, p % LEVELS, outcome] += share * factor[reason[t], p, outcome]
        for level in range(LEVELS):
            for outcome in range(2):
                known = levels[t, level] > 0.0
                mean[t, level, outcome] = (
                    mean[t, level, outcome] / levels[t, level] if known else 1.0
                )


@kernel
def part_with(
    shares: NDArray[np.float64],
    persons: NDArray[np.float64],
    factor: NDArray[np.float64],
    reason: NDArray[np.int64],
    by_level: NDArray[np.float64],
    where: NDArray[np.float64],
    after: NDArray[np.float64],
) -> None:
    """Write who lives in each place by type when some have moved and others left.

    by_level: movers and leavers by type and level; inside a level they are of the places as
    the factors let people move and leave. persons: by type, before anybody left.
    where: where movers go, by reason, place they leave and place.
    """
    total = np.empty((LEVELS, 2))
    for t in range(shares.shape[0]):
        total[:] = 0.0
        r = reason[t]
        for p in range(shares.shape[1]):
            for outcome in range(2):
                total[p % LEVELS, outcome] += shares[t, p] * factor[r, p, outcome]
        for level in range(LEVELS):
            for outcome in range(2):
                weight = total[level, outcome]
                total[level, outcome] = by_level[t, level, outcome] / weight if weight > 0 else 0.0
        for p in range(shares.shape[1]):
            level, share = p % LEVELS, shares[t, p]
            if share > 0.0:
                moving = share * factor[r, p, 0] * total[level, 0]
                leaving = share * factor[r, p, 1] * total[level, 1]
                after[t, p] += share * persons[t] - moving - leaving
                for q in range(shares.shape[1]):
                    after[t, q] += moving * where[r, p, q]
