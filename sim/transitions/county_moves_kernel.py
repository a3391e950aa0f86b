"""Who moves to another county inside a centrality level, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

SIZES = 3  # families of one, two, three or more


@kernel
def leave_county(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    born_by: int,
    outcome: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    covered: NDArray[np.uint8],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    movers: NDArray[np.int64],
) -> int:
    """List the residents of an age who stay at their level and whose word is below the cut."""
    count = 0
    for i in range(words.size):
        size = min(max(family_total[i], 1), SIZES) - 1
        if (
            words[i] < cuts[reason[i], size]
            and place[i] == 0
            and outcome[i] == 0
            and birth_year[i] <= born_by
            and covered[background[i]]
        ):
            movers[count] = i
            count += 1
    return count
