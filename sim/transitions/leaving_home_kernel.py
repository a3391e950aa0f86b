"""Who might leave the parental home in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT = 0


@kernel
def list_possible(
    words: NDArray[np.uint32],
    first: int,
    cuts: NDArray[np.uint64],
    year: int,
    youngest: int,
    possible: NDArray[np.int64],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
    family: NDArray[np.int32],
) -> int:
    """List single residents whom their word lets leave home, from position `first` on.

    words: of these persons only; the columns are everybody's. cuts: by sex and age from the
    youngest on. Of those older than that only they may leave who live with their mother, and
    they do. Who lives with parents at all is not asked here. The first loop is
    vectorised and the second has no branch, as with births.
    """
    ages = cuts.shape[1]
    born_by, born_from = np.int16(year - youngest), np.int16(year - youngest - ages + 1)
    born, mothers = birth_year[first : first + words.size], mother[first : first + words.size]
    some = slice(first, first + words.size)
    places, partners = place[some], partner[some]
    grown = np.empty(words.size, dtype=np.uint8)
    for j in range(words.size):
        grown[j] = (
            (born[j] <= born_by) & ((born[j] >= born_from) | (mothers[j] >= 0))
            & (places[j] == RESIDENT) & (partners[j] < 0)
        )  # fmt: skip
    low = 0
    for j in range(words.size):
        possible[low] = j
        low += 1 if grown[j] else 0
    count = 0
    for k in range(low):
        j = possible[k]
        i = first + j
        m = mother[i]
        possible[count] = j
        age = min(born_by - birth_year[i], ages - 1)
        leaves = words[j] < cuts[np.uint64(sex[i]), np.uint64(age)]
        if leaves and birth_year[i] < born_from:
            leaves = place[m] == RESIDENT and family[m] == family[i]
        count += leaves
    return count
