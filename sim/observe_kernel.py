"""Counting people into cells, on bare arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def add_codes(
    cell: NDArray[np.int32], column: NDArray[Any], lowest: int, part: NDArray[np.int32]
) -> None:
    """Add to each person's cell number the part that one column's value contributes."""
    for i in range(cell.size):
        cell[i] += part[column[i] - lowest]


@kernel
def count_where(
    cell: NDArray[np.int32], place: NDArray[np.uint8], wanted: int, counts: NDArray[np.int64]
) -> None:
    """Add one to the cell of everybody who is in a place."""
    for i in range(cell.size):
        if place[i] == wanted:
            counts[cell[i]] += 1


@kernel
def count_some(
    cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Add one to the cell of each person at the positions `which`."""
    for j in range(which.size):
        counts[cell[which[j]]] += 1
