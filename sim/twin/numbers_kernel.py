"""Numbers for keys, on bare arrays: a table in which keys lie near where their hash says.

A line of the table holds a key and its number side by side, so that one look finds both.
"""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

MIXED = np.uint64(0x9E3779B97F4A7C15)
FREE = -1


@inlined
def _line_of(key: int, table: NDArray[np.int64], shift: int) -> np.int64:
    """Return the line that holds a key, or the free one where it belongs."""
    last = table.shape[0] - 1
    at = np.int64((np.uint64(key) * MIXED) >> np.uint64(shift))
    while table[at, 0] != key and table[at, 0] != FREE:
        at = (at + 1) & last
    return at


@kernel
def number(
    keys: NDArray[np.int64],
    start: int,
    table: NDArray[np.int64],
    shift: int,
    count: int,
    met: NDArray[np.int64],
    first: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Write the number of each key; new ones are numbered on. Return how many there are.

    table: of a power of 2 of lines and more than there will be keys; shift leaves as many bits
    of a hash. met: all keys by number. first: where each new key stands first, counted from
    start.
    """
    before = count
    for j in range(keys.size):
        key = keys[j]
        at = _line_of(key, table, shift)
        if table[at, 0] == FREE:
            table[at, 0], table[at, 1] = key, count
            met[count], first[count - before] = key, start + j
            count += 1
        found[j] = table[at, 1]
    return count


@kernel
def put(keys: NDArray[np.int64], table: NDArray[np.int64], shift: int) -> None:
    """Put keys, each of them once, into an empty table; their numbers are their positions."""
    for j in range(keys.size):
        at = _line_of(keys[j], table, shift)
        table[at, 0], table[at, 1] = keys[j], j
