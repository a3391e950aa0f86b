"""Residents who may be joined, and who joins whom, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT = 0
DIGIT = 1024


@kernel
def who_waits(
    words: NDArray[np.uint32],
    first: int,
    open_to: NDArray[np.uint64],
    year: int,
    born_from: int,
    born_to: int,
    waiting: NDArray[np.int64],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    family_total: NDArray[np.uint8],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
) -> int:
    """List residents of one-person families who wait for somebody; return how many.

    words: of the persons from position `first` on; the columns are everybody's. open_to: cuts
    by years of stay, the last for all longer ones. The first loop is vectorised and the
    second has no branch, as with births.
    """
    limit = np.uint32(np.max(open_to) - np.uint64(1))
    longest = open_to.size - 1
    some = slice(first, first + words.size)
    born, total, places, partners = birth_year[some], family_total[some], place[some], partner[some]
    asked = np.empty(words.size, dtype=np.uint8)
    for j in range(words.size):
        asked[j] = (
            (words[j] <= limit) & (total[j] == 1) & (places[j] == RESIDENT) & (partners[j] < 0)
            & (born[j] >= born_from) & (born[j] <= born_to)
        )  # fmt: skip
    low = 0
    for j in range(words.size):
        waiting[low] = j
        low += 1 if asked[j] else 0
    count = 0
    for k in range(low):
        j = waiting[k]
        stay = min(max(year - first_arrival_year[first + j], 0), longest)
        waiting[count] = j
        count += words[j] < open_to[np.uint64(stay)]
    return count


@kernel
def look_up(
    bounds: NDArray[np.float64], luck: NDArray[np.float64], found: NDArray[np.int64]
) -> None:
    """Write the first bound that is no less than each luck, or the last.

    bounds: ascending, of at most 1; luck: between 0 and 1. That span is cut into as many parts
    as there are bounds; each search begins at the first bound that is in the part or above.
    """
    parts, last = bounds.size, bounds.size - 1
    begins = np.empty(parts + 1, dtype=np.int64)
    at = 0
    for part in range(parts + 1):
        while at < last and bounds[at] * parts < part:
            at += 1
        begins[part] = at
    for j in range(luck.size):
        at = max(begins[np.int64(luck[j] * parts)] - 1, 0)
        while at < last and bounds[at] < luck[j]:
            at += 1
        found[j] = at


@kernel
def in_order(
    key: NDArray[np.uint64],
    bits: int,
    order: NDArray[np.int64],
) -> None:
    """Write the order that makes the keys ascend, equal ones as they stood.

    bits: how many bits of the keys are looked at, from the lowest on. Ten at a time are sorted by
    counting, which takes a tenth of the time of sorting by comparison.
    """
    before, low = np.arange(order.size), np.uint64(DIGIT - 1)
    for shift in range(0, bits, 10):
        begins = np.zeros(DIGIT + 1, dtype=np.int64)
        for i in range(key.size):
            begins[((key[i] >> np.uint64(shift)) & low) + np.uint64(1)] += 1
        for digit in range(DIGIT):
            begins[digit + 1] += begins[digit]
        for known in before:
            mine = (key[known] >> np.uint64(shift)) & low
            order[begins[mine]] = known
            begins[mine] += 1
        before[:] = order


@kernel
def settle_ties(
    key: NDArray[np.uint64], person: NDArray[np.int64], order: NDArray[np.int64]
) -> None:
    """Let those of one key, who are few, stand in the order of their identifiers."""
    for k in range(1, order.size):
        j = k
        while (
            j > 0 and key[order[j]] == key[order[j - 1]] and person[order[j]] < person[order[j - 1]]
        ):
            order[j], order[j - 1] = order[j - 1], order[j]
            j -= 1


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
