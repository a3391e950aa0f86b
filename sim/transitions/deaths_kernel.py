"""Who dies in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

DEAD = 2


@kernel
def die(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    dying: NDArray[np.int64],
) -> int:
    """List the living whose word is below the cut of their sex and the age they reach."""
    oldest = cuts.shape[1] - 1
    count = 0
    for i in range(words.size):
        age = min(max(year - birth_year[i], 0), oldest)
        if words[i] < cuts[sex[i], age] and place[i] != DEAD:
            dying[count] = i
            count += 1
    return count
