"""Which children follow which adults, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel


@inlined
def eldest_in_ring(
    one: int,
    born_by: int,
    following: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    person: NDArray[np.int64],
) -> int:
    """Return the eldest resident of a family born by a year, -1 if there is none.

    Of members born in one year the smallest identifier counts, so that the order of persons
    cannot matter.
    """
    eldest, here = -1, one
    while True:
        if place[here] == 0 and birth_year[here] <= born_by:
            older = eldest < 0 or birth_year[here] < birth_year[eldest]
            same = eldest >= 0 and birth_year[here] == birth_year[eldest]
            if older or (same and person[here] < person[eldest]):
                eldest = here
        here = following[here]
        if here == one:
            return eldest


@kernel
def followers(
    adults: NDArray[np.int64],
    born_by: int,
    following: NDArray[np.int32],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    mother: NDArray[np.int32],
    person: NDArray[np.int64],
    children: NDArray[np.int64],
    whom: NDArray[np.int64],
) -> int:
    """List resident children born after a year who follow one of these adults, and whom.

    A child follows the mother who lives in the family, otherwise the eldest there. Only as many
    are listed as there is room for; the number returned is that of all.
    """
    count = 0
    for a in adults:
        eldest, child = -2, np.int64(following[a])
        while child != a:
            if birth_year[child] > born_by and place[child] == 0:
                m = np.int64(mother[child])
                with_her = m >= 0 and place[m] == 0 and family[m] == family[child]
                if with_her and birth_year[m] <= born_by:
                    follows = m == a
                else:
                    if eldest == -2:
                        eldest = eldest_in_ring(a, born_by, following, birth_year, place, person)
                    follows = eldest == a
                if follows:
                    if count < children.size:
                        children[count], whom[count] = child, a
                    count += 1
            child = np.int64(following[child])
    return count
