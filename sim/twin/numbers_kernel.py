"""Numbers for keys, on bare arrays: a table in which keys lie near where their hash says."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

MIXED = np.uint64(0x9E3779B97F4A7C15)
FREE = -1


@kernel
def number(
    keys: NDArray[np.int64],
    known: NDArray[np.int64],
    numbers: NDArray[np.int32],
    shift: int,
    count: int,
    first: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Write the number of each key; new ones are numbered on. Return how many there are.

    known, numbers: the table, of a power of 2 of lines and more than there will be keys; shift
    leaves as many bits of a hash. first: where each new key stands first.
    """
    last, before = known.size - 1, count
    for j in range(keys.size):
        at = np.int64((np.uint64(keys[j]) * MIXED) >> np.uint64(shift))
        while known[at] != keys[j] and known[at] != FREE:
            at = (at + 1) & last
        if known[at] == FREE:
            known[at] = keys[j]
            numbers[at] = count
            first[count - before] = j
            count += 1
        found[j] = numbers[at]
    return count
