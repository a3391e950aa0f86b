"""Who moves to another county inside a centrality level, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

# Kinds of families; family sizes; those of 20-35 have chances of their own.
KINDS, SIZES, YOUNG, OLD = np.uint64(7), np.uint64(256), 20, 35
STATUSES, EDUCATIONS, COUNTIES = np.uint64(5), np.uint64(6), np.uint64(19)


@kernel
def leave_county(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    last_year: int,
    youngest: int,
    covered: NDArray[np.uint8],
    kind_of: NDArray[np.uint8],
    county_of: NDArray[np.uint8],
    movers: NDArray[np.int64],
    outcome: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
    municipality: NDArray[np.int16],
) -> int:
    """List the residents of an age who stay at their level and whose word is below the cut.

    Whose word is below no cut is passed over first, without a branch. Ages are those at the end
    of the year before.
    """
    limit = np.max(cuts)
    born_by = last_year - youngest
    low = 0
    for j in range(words.size):
        movers[low] = j
        low += (
            (words[j] < limit) & (place[j] == 0) & (outcome[j] == 0) & (birth_year[j] <= born_by)
        )  # fmt: skip
    count = 0
    for k in range(low):
        j = movers[k]
        age = last_year - birth_year[j]
        young = np.uint64((age >= YOUNG) & (age <= OLD))
        kind = kind_of[np.uint64(family_total[j]) * SIZES + np.uint64(family_immigrants[j])]
        cell = (np.uint64(reason[j]) * KINDS + np.uint64(kind)) * np.uint64(2) + young
        cell = (cell * STATUSES + np.uint64(status[j])) * EDUCATIONS + np.uint64(education[j])
        cell = cell * COUNTIES + np.uint64(county_of[np.uint16(municipality[j])])
        movers[count] = j
        count += (words[j] < cuts[cell]) & (covered[background[j]] != 0)
    return count
