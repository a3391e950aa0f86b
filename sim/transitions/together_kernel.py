"""Whose luck everybody has, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def take_luck(
    coin: NDArray[np.uint32],
    heads: np.uint64,
    born_by: int,
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    family_total: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
    lucky: NDArray[np.int64],
    sharing: NDArray[np.int64],
) -> None:
    """Write the couple's number of luck for members whose coin is heads, else their own.

    The couple is a person's own, or the mother's whom a person without a partner lives with.
    Its number is no identifier: all bits of the smaller of the two, turned over. Only members
    born by a year have luck to share. Who shares is listed first, without a branch, since a
    coin cannot be foreseen; `sharing` is longer by one than there are persons.
    """
    count = 0
    for i in range(person.size):
        lucky[i] = person[i]
        sharing[count] = i
        shares = (coin[i] < heads) & (family_total[i] > 1)
        count += shares & (place[i] == 0) & (birth_year[i] <= born_by)
    for j in range(count):
        i = sharing[j]
        head = i
        m = mother[i]
        if partner[i] < 0 and m >= 0 and place[m] == 0 and family[m] == family[i]:
            head = np.int64(m)
        first = person[head]
        p = partner[head]
        if p >= 0 and place[p] == 0 and family[p] == family[head]:
            first = min(first, person[p])
        lucky[i] = ~first
