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
        number[np.uint64(leavers[j])] = j
    for j in range(leavers.size):
        i = np.uint64(leavers[j])
        paired, p = partner[i] >= 0, np.uint64(max(partner[i], 0))
        behind = paired and outcome[p] == EMIGRATE and family[p] == family[i]
        leader[j] = number[p] if behind and person[p] < person[i] else j
    for k in range(children.size):
        child, adult = np.uint64(children[k]), np.uint64(adults[k])
        if outcome[child] == EMIGRATE and outcome[adult] == EMIGRATE:
            leader[np.uint64(number[child])] = leader[np.uint64(number[adult])]


@kernel
def who_leads(
    leavers: NDArray[np.int64],
    leader: NDArray[np.int64],
    origins: int,
    degree: int,
    young: tuple[int, int],
    leads: NDArray[np.int64],
    row: NDArray[np.int64],
    persons: NDArray[np.int64],
    person: NDArray[np.int64],
    birth_year: NDArray[np.int16],
    background: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    education: NDArray[np.uint8],
) -> int:
    """List those who go with nobody, as an index of `leavers`; return how many there are.

    Write their identifiers, and the row of `emigration.weights` that describes each. young: the
    first and the last year of birth of those who leave young. The lists are longer by one.
    """
    count = 0
    for j in range(leavers.size):
        i = np.uint64(leavers[j])
        kind = np.int64(background[i]) * origins + np.int64(origin[i])
        kind = 2 * kind + np.int64(education[i] >= degree)
        is_young = (birth_year[i] >= young[0]) & (birth_year[i] <= young[1])
        leads[count], persons[count], row[count] = j, person[i], 2 * kind + np.int64(is_young)
        count += leader[j] == j
    return count


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
        i, k = np.uint64(leavers[j]), np.uint64(leader[j])
        theirs, goes = origin[np.uint64(leavers[k])], whereto[k]
        destination[i] = elsewhere[theirs] if goes == home and origin[i] != theirs else goes
        place[i], left_year[i], registered_year[i] = ABROAD, year, registered[k]
