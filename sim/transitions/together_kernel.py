"""Whose luck everybody has, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel


@kernel
def share_luck(
    which: NDArray[np.int64],
    shared: NDArray[np.int64],
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> None:
    """Write the couple's number of luck for the members `which`, or their own identifier.

    The couple is a person's own, or the mother's whom a person without a partner lives with.
    Its number is no identifier: all bits of the smaller of the two, turned over.
    There is no branch that a processor would have to guess: it then waits for several persons'
    relatives at a time.
    """
    sharing = np.empty(which.size + 1, dtype=np.int64)
    count = 0
    for i in which:
        shared[i] = person[i]
        sharing[count] = i
        count += (family_total[i] > 1) & (place[i] == 0)
    for j in range(count):
        i = sharing[j]
        m = np.int64(mother[i]) if mother[i] >= 0 else i
        at_home = (partner[i] < 0) & (place[m] == 0) & (family[m] == family[i])
        head = m if at_home else i
        p = np.int64(partner[head]) if partner[head] >= 0 else head
        couple = (place[p] == 0) & (family[p] == family[head])
        shared[i] = ~(min(person[head], person[p]) if couple else person[head])


@kernel
def follow(
    movers: NDArray[np.int64],
    going: NDArray[np.bool_],
    leader: NDArray[np.int64],
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    municipality: NDArray[np.int16],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
) -> None:
    """Write the position of whom each mover goes with; see the rule in `together.leaders`."""
    for j in range(movers.size):
        i = movers[j]
        leader[j] = i
        p, m = partner[i], mother[i]
        if p >= 0:
            if beside(p, i, going, family, municipality) and person[p] < person[i]:
                leader[j] = p
        elif m >= 0 and beside(m, i, going, family, municipality):
            leader[j] = m
            p = partner[m]
            if p >= 0 and beside(p, m, going, family, municipality) and person[p] < person[m]:
                leader[j] = p


@inlined
def beside(
    other: int,
    whom: int,
    going: NDArray[np.bool_],
    family: NDArray[np.int32],
    municipality: NDArray[np.int16],
) -> bool:
    """Say whether somebody who goes too lives in one family and place with a person."""
    return bool(
        going[other] & (family[other] == family[whom]) & (municipality[other] == municipality[whom])
    )
