"""Residents who may be joined, and who joins whom, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT = 0


@kernel
def who_live_alone(
    birth_year: NDArray[np.int16],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    born_from: int,
    born_to: int,
    alone: NDArray[np.int64],
) -> int:
    """List residents of one-person families born in these years; return how many."""
    count = 0
    for i in range(place.size):
        lives_alone = family_total[i] == 1 and place[i] == RESIDENT and partner[i] < 0
        if lives_alone and born_from <= birth_year[i] <= born_to:
            alone[count] = i
            count += 1
    return count


@inlined
def _first_free(seat: int, following: NDArray[np.int64]) -> int:
    """Return the first seat from `seat` on that is free, shortening the way there."""
    while following[seat] != seat:
        following[seat] = following[following[seat]]
        seat = following[seat]
    return seat


@kernel
def seat(
    words: NDArray[np.uint32],
    wanted: NDArray[np.int64],
    begins: NDArray[np.int64],
    host_words: NDArray[np.uint32],
    following: NDArray[np.int64],
    host: NDArray[np.int64],
) -> None:
    """Give each arriving unit, in order, one of the hosts, or -1.

    wanted: (units, lists) the lists of hosts that a unit would take, the best first, -1 none.
    begins: where each list begins, and at last where all end; host_words ascend in each list.
    A unit takes the free host whose word follows its own most closely, the list being a ring.
    following: 0, 1 ... as many as hosts and one more; used up.
    """
    for u in range(words.size):
        host[u] = -1
        for k in range(wanted.shape[1]):
            which = wanted[u, k]
            if which < 0 or begins[which] == begins[which + 1]:
                continue
            low, high = begins[which], begins[which + 1]
            end = high
            while low < high:
                middle = (low + high) // 2
                if host_words[middle] < words[u]:
                    low = middle + 1
                else:
                    high = middle
            found = _first_free(low, following)
            if found >= end:
                found = _first_free(begins[which], following)
            if found < end:
                host[u] = found
                following[found] = found + 1
                break
