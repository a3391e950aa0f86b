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
    covered: NDArray[np.uint8],
    movers: NDArray[np.int64],
    outcome: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
) -> int:
    """List the residents of an age who stay at their level and whose word is below the cut.

    Whose word is below no cut is passed over first, without a
    branch.
    """
    limit = np.max(cuts)
    low = 0
    for j in range(words.size):
        movers[low] = j
        low += (
            (words[j] < limit) & (place[j] == 0) & (outcome[j] == 0) & (birth_year[j] <= born_by)
        )  # fmt: skip
    count = 0
    for k in range(low):
        j = movers[k]
        size = np.uint64(min(max(family_total[j], 1), SIZES) - 1)
        movers[count] = j
        count += (words[j] < cuts[np.uint64(reason[j]), size]) & (covered[background[j]] != 0)
    return count
