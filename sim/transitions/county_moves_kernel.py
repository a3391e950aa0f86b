"""Who moves to another county inside a centrality level, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

# Kinds of families; family sizes; those of 20-35 have chances of their own.
KINDS, SIZES, YOUNG, OLD = np.uint64(7), np.uint64(256), 20, 35
STATUSES, EDUCATIONS, COUNTIES = np.uint64(5), np.uint64(6), np.uint64(19)


@kernel
def mark(
    words: NDArray[np.uint32],
    highest: NDArray[np.uint64],
    born_by: int,
    marks: NDArray[np.uint8],
    outcome: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    reason: NDArray[np.uint8],
) -> None:
    """Mark residents born by a year who stay and whose word is below the highest of a reason.

    A loop for each reason is vectorised, which a look-up for each person is not: 0.4 ns a
    person instead of 1.1.
    """
    born = np.int16(born_by)
    for j in range(words.size):
        marks[j] = (place[j] == 0) & (outcome[j] == 0) & (birth_year[j] <= born)
    for r in range(highest.size):
        this = np.uint8(r)
        limit = np.uint32(max(highest[r], np.uint64(1)) - np.uint64(1))
        some = np.uint8(highest[r] > 0)
        for j in range(words.size):
            marks[j] &= ((words[j] <= limit) & some) | (reason[j] != this)


@kernel
def leave_county(
    movers: NDArray[np.int64],
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    highest: NDArray[np.uint64],
    last_year: int,
    covered: NDArray[np.uint8],
    kind_of: NDArray[np.uint8],
    county_of: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
    municipality: NDArray[np.int16],
) -> int:
    """Keep those whose word is below the cut of their cell, first in `movers`; return how many.

    highest: the highest cuts by reason, kind of family and being young, which few words are
    below: the rest of the cell is told for these alone. Ages are those at the end of the year
    before.
    """
    cells, low = np.empty(movers.size + 1, dtype=np.uint64), 0
    for k in range(movers.size):
        i, word = np.uint64(movers[k]), words[k]
        age = last_year - birth_year[i]
        young = np.uint64((age >= YOUNG) & (age <= OLD))
        kind = kind_of[np.uint64(family_total[i]) * SIZES + np.uint64(family_immigrants[i])]
        cell = (np.uint64(reason[i]) * KINDS + np.uint64(kind)) * np.uint64(2) + young
        movers[low], words[low], cells[low] = i, word, cell
        low += (word < highest[cell]) & (covered[background[i]] != 0)
    count = 0
    for k in range(low):
        i, word = np.uint64(movers[k]), words[k]
        cell = (cells[k] * STATUSES + np.uint64(status[i])) * EDUCATIONS + np.uint64(education[i])
        cell = cell * COUNTIES + np.uint64(county_of[np.uint16(municipality[i])])
        movers[count] = i
        count += word < cuts[cell]
    return count
