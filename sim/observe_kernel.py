"""Counting people into cells, on bare arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

LANES = 4  # in which neighbours are counted; a power of 2


@kernel
def add_codes(
    cell: NDArray[np.int32], column: NDArray[Any], lowest: int, part: NDArray[np.int32]
) -> None:
    """Add to each person's cell number the part that one column's value contributes."""
    for i in range(cell.size):
        cell[i] += part[np.uint64(column[i] - lowest)]


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
    cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int32]
) -> None:
    """Add one to the cell of each person at the positions `which`."""
    for j in range(which.size):
        counts[cell[which[j]]] += 1


@kernel
def take_off(
    cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Take one off the cell of each person at the positions `which`."""
    for j in range(which.size):
        counts[cell[which[j]]] -= 1


@kernel
def count_structure(
    place: NDArray[np.uint8],
    background: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    family_total: NDArray[np.uint8],
    year: int,
    ages: NDArray[np.int64],
    families: NDArray[np.int64],
) -> None:
    """Count residents by (background, sex, age on 1 January) and (background, family size).

    The last age and the last size hold everybody beyond. The first index of both tables is a
    lane: neighbours are counted in different ones, since adding to a number that has only
    just been added to has to wait.
    """
    oldest, largest = ages.shape[3] - 1, families.shape[2]
    for i in range(place.size):
        lane, b = np.uint64(i) & np.uint64(LANES - 1), np.uint64(background[i])
        here = place[i] == 0
        age = np.uint64(min(max(year - 1 - birth_year[i], 0), oldest))
        ages[lane, b, np.uint64(sex[i]), age] += here
        families[lane, b, np.uint64(min(max(family_total[i], 1), largest) - 1)] += here
