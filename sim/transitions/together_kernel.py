"""Whose luck everybody has, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

STRETCH = 256  # persons asked at a time


@kernel
def share_luck(
    which: NDArray[np.int64],
    born_by: int,
    shared: NDArray[np.int64],
    person: NDArray[np.int64],
    birth_year: NDArray[np.int16],
    family: NDArray[np.int32],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> None:
    """Write the couple's number of luck for the members `which`, or their own identifier.

    The couple is a person's own, or the mother's whom a person without a partner lives with.
    Its number is no identifier: all bits of the smaller of the two, turned over. Who is born
    after a year, lives alone or abroad shares with nobody.
    Relatives stand anywhere, so a stretch of persons is asked one thing at a time, without a
    branch: a processor then waits for many look-ups at once.
    """
    sharing = np.empty(STRETCH, dtype=np.int64)
    head, beside = np.empty(STRETCH, dtype=np.int64), np.empty(STRETCH, dtype=np.int64)
    for begin in range(0, which.size, STRETCH):
        some, count = which[begin : begin + STRETCH], 0
        for j in range(some.size):
            i = np.uint64(some[j])
            shared[i], sharing[count] = person[i], some[j]
            count += (family_total[i] > 1) & (place[i] == 0) & (birth_year[i] <= born_by)
        for j in range(count):
            i = np.uint64(sharing[j])
            asks = (partner[i] < 0) & (mother[i] >= 0)
            head[j] = mother[i] if asks else sharing[j]
        for j in range(count):
            i, m = np.uint64(sharing[j]), np.uint64(head[j])
            at_home = (place[m] == 0) & (family[m] == family[i])
            head[j] = head[j] if at_home else sharing[j]
        for j in range(count):
            p = partner[np.uint64(head[j])]
            beside[j] = p if p >= 0 else head[j]
        for j in range(count):
            h, p = np.uint64(head[j]), np.uint64(beside[j])
            couple = (place[p] == 0) & (family[p] == family[h])
            shared[np.uint64(sharing[j])] = ~(min(person[h], person[p]) if couple else person[h])


@kernel
def follow(
    movers: NDArray[np.int64],
    going: NDArray[np.bool_],
    number: NDArray[np.int32],
    leader: NDArray[np.int64],
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    municipality: NDArray[np.int16],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> None:
    """Write the index of whom each mover goes with; see the rule in `together.leaders`.

    number: by person, written for movers alone.
    """
    for j in range(movers.size):
        number[np.uint64(movers[j])] = j
    for j in range(movers.size):
        i = np.uint64(movers[j])
        leader[j] = j
        if partner[i] >= 0:
            p = np.uint64(partner[i])
            if beside(p, i, going, family, municipality) and person[p] < person[i]:
                leader[j] = number[p]
        elif mother[i] >= 0:
            m = np.uint64(mother[i])
            if beside(m, i, going, family, municipality):
                leader[j] = number[m]
                if partner[m] >= 0:
                    p = np.uint64(partner[m])
                    if beside(p, m, going, family, municipality) and person[p] < person[m]:
                        leader[j] = number[p]


@inlined
def beside(
    other: np.uint64,
    whom: np.uint64,
    going: NDArray[np.bool_],
    family: NDArray[np.int32],
    municipality: NDArray[np.int16],
) -> bool:
    """Say whether somebody who goes too lives in one family and place with a person."""
    return bool(
        going[other] & (family[other] == family[whom]) & (municipality[other] == municipality[whom])
    )
