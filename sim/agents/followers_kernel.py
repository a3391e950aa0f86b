"""Which children follow which adults, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel


@inlined
def eldest_in_ring(
    one: np.uint64,
    born_by: int,
    following: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    person: NDArray[np.int64],
) -> np.int64:
    """Return the eldest resident of a family born by a year, -1 if there is none.

    Of members born in one year the smallest identifier counts, so that the order of persons
    cannot matter.
    """
    found, eldest, here = False, one, one
    while True:
        if place[here] == 0 and birth_year[here] <= born_by:
            older = not found or birth_year[here] < birth_year[eldest]
            same = birth_year[here] == birth_year[eldest]
            if older or (same and person[here] < person[eldest]):
                found, eldest = True, here
        here = np.uint64(following[here])
        if here == one:
            return np.int64(eldest) if found else np.int64(-1)


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
    for adult in adults:
        a = np.uint64(adult)
        eldest, child = np.int64(-2), np.uint64(following[a])
        while child != a:
            if birth_year[child] > born_by and place[child] == 0:
                has_mother, m = mother[child] >= 0, np.uint64(max(mother[child], 0))
                with_her = has_mother and place[m] == 0 and family[m] == family[child]
                if with_her and birth_year[m] <= born_by:
                    follows = m == a
                else:
                    if eldest == -2:
                        eldest = eldest_in_ring(a, born_by, following, birth_year, place, person)
                    follows = eldest == adult
                if follows:
                    if count < children.size:
                        children[count], whom[count] = child, a
                    count += 1
            child = np.uint64(following[child])
    return count
