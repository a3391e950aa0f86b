"""Who dies in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

DEAD = 2
OLD = 70  # a matter of speed: few persons are as old


@kernel
def die(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    dying: NDArray[np.int64],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
) -> int:
    """List the living whose word is below the cut of their sex and the age they reach.

    The old, and those whose word is below every cut of the young,
    are listed first, by a loop without a branch.
    """
    oldest = cuts.shape[1] - 1
    limit, born_by = np.max(cuts[:, :OLD]), year - OLD
    low = 0
    for j in range(words.size):
        dying[low] = j
        low += (words[j] < limit) | (birth_year[j] <= born_by)
    count = 0
    for k in range(low):
        j = dying[k]
        age = np.uint64(min(max(year - birth_year[j], 0), oldest))
        dying[count] = j
        count += (words[j] < cuts[np.uint64(sex[j]), age]) & (place[j] != DEAD)
    return count
