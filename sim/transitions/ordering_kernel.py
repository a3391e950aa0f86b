"""Putting the words of groups in order, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

WORD = 32  # bits of a word


@kernel
def in_order(
    group: NDArray[np.int64],
    words: NDArray[np.uint32],
    person: NDArray[np.int64],
    groups: int,
    order: NDArray[np.int64],
) -> None:
    """Write the order by group and in it by word; those of one word stand by identifier.

    Groups are counted from 0. All are counted into bins of a group and the first bits of the
    word, of which there are about as many as words; then few must change places.
    """
    bits = 0
    while (groups << bits) < group.size and bits < WORD:
        bits += 1
    begins = np.zeros((groups << bits) + 1, dtype=np.int32)
    key = np.empty(group.size, dtype=np.uint64)
    for i in range(group.size):
        key[i] = np.uint64(group[i]) << np.uint64(WORD) | np.uint64(words[i])
        begins[np.int64(key[i] >> np.uint64(WORD - bits)) + 1] += 1
    for b in range(begins.size - 1):
        begins[b + 1] += begins[b]
    for i in range(group.size):
        b = np.int64(key[i] >> np.uint64(WORD - bits))
        order[begins[b]] = i
        begins[b] += 1
    for k in range(1, order.size):
        i, at = order[k], k
        while at > 0:
            other = order[at - 1]
            if key[other] < key[i] or (key[other] == key[i] and person[other] < person[i]):
                break
            order[at] = other
            at -= 1
        order[at] = i
