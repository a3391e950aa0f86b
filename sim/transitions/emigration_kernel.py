"""Who leaves Norway with whom, and what becomes of them, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

ABROAD, EMIGRATE = 1, 2


@kernel
def leaders(
    leavers: NDArray[np.int64],
    children: NDArray[np.int64],
    adults: NDArray[np.int64],
    number: NDArray[np.int32],
    leader: NDArray[np.int64],
    outcome: NDArray[np.uint8],
    partner: NDArray[np.int32],
    family: NDArray[np.int32],
    person: NDArray[np.int64],
) -> None:
    """Write whom each leaver goes with, as an index of `leavers`; see `emigration.leaders`.

    number: by person, written for leavers alone.
    """
    for j in range(leavers.size):
        number[leavers[j]] = j
    for j in range(leavers.size):
        i = leavers[j]
        p = partner[i]
        behind = p >= 0 and outcome[p] == EMIGRATE and family[p] == family[i]
        leader[j] = number[p] if behind and person[p] < person[i] else j
    for k in range(children.size):
        if outcome[children[k]] == EMIGRATE and outcome[adults[k]] == EMIGRATE:
            leader[number[children[k]]] = leader[number[adults[k]]]


@kernel
def depart(
    leavers: NDArray[np.int64],
    leader: NDArray[np.int64],
    whereto: NDArray[np.uint8],
    registered: NDArray[np.int64],
    year: int,
    home: int,
    elsewhere: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    registered_year: NDArray[np.int16],
    destination: NDArray[np.uint8],
) -> None:
    """Let everybody leave for where their leader goes, to be registered as the leader is.

    elsewhere: by origin, what the home of somebody of it is for those of another origin.
    """
    for j in range(leavers.size):
        i, theirs = leavers[j], origin[leavers[leader[j]]]
        goes = whereto[leader[j]]
        destination[i] = elsewhere[theirs] if goes == home and origin[i] != theirs else goes
        place[i], left_year[i], registered_year[i] = ABROAD, year, registered[leader[j]]
