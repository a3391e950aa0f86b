"""Putting the words of groups in order, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

WORD = np.uint64(32)  # bits of a word
BINS = np.uint64(2)  # bits of the number of bins that each member has


@kernel
def in_order(
    group: NDArray[np.int64],
    words: NDArray[np.uint32],
    person: NDArray[np.int64],
    groups: int,
    order: NDArray[np.int64],
) -> None:
    """Write the order by group and in it by word; those of one word stand by identifier.

    Groups are counted from 0. Each has some bins for every member, and words, which are spread
    evenly, say into which bin who goes; then few must change places with a neighbour.
    """
    first = np.zeros(groups + 1, dtype=np.uint64)
    for g in group:
        first[np.uint64(g + 1)] += 1
    for g in range(groups):
        first[g + 1] += first[g]
    bins = np.empty(group.size, dtype=np.int32)
    begins = np.zeros((group.size << int(BINS)) + 1, dtype=np.int32)
    for i in range(group.size):
        g = np.uint64(group[i])
        size = (first[g + np.uint64(1)] - first[g]) << BINS
        bins[i] = (first[g] << BINS) + ((np.uint64(words[i]) * size) >> WORD)
        begins[np.uint64(bins[i] + 1)] += 1
    for b in range(begins.size - 1):
        begins[b + 1] += begins[b]
    keys = np.empty(group.size, dtype=np.uint64)  # as ordered so far
    for i in range(group.size):
        there = np.uint64(begins[np.uint64(bins[i])])
        order[there], keys[there] = i, np.uint64(group[i]) << WORD | np.uint64(words[i])
        begins[np.uint64(bins[i])] += 1
    for k in range(1, order.size):
        i, key, at = order[k], keys[k], k
        while at > 0 and (
            keys[at - 1] > key or (keys[at - 1] == key and person[order[at - 1]] > person[i])
        ):
            order[at], keys[at] = order[at - 1], keys[at - 1]
            at -= 1
        order[at], keys[at] = i, key
