"""Counting people into cells, on bare arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

LANES = 4  # in which neighbours are counted; a power of 2
STRETCH = 4_096  # persons whose cells are found before they are counted
SEXES = 2


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
def take_off(cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
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
    oldest: int,
    largest: int,
    ages: NDArray[np.int64],
    families: NDArray[np.int64],
) -> None:
    """Count residents by (background, sex, age on 1 January) and (background, family size).

    oldest, largest: the last age and size, which hold everybody beyond. ages, families: (lanes,
    cells); the last cell is for those who are not resident. Neighbours are counted in
    different lanes, since adding to a number that has only just been added to has to wait.
    Cells are found first, several persons at a time, and people counted into them afterwards.
    """
    now, last_age, last_size = np.int32(year - 1), np.int32(oldest), np.int32(largest)
    away, elsewhere = np.int32(ages.shape[1] - 1), np.int32(families.shape[1] - 1)
    one, none = np.int32(1), np.int32(0)
    cell, size = np.empty(STRETCH, dtype=np.int32), np.empty(STRETCH, dtype=np.int32)
    for first in range(0, place.size, STRETCH):
        some = min(STRETCH, place.size - first)
        for j in range(some):
            i = np.uint64(first + j)
            group, here = np.int32(background[i]), place[i] == 0
            age = min(max(now - np.int32(birth_year[i]), none), last_age)
            members = min(max(np.int32(family_total[i]), one), last_size) - one
            number = (group * np.int32(SEXES) + np.int32(sex[i])) * (last_age + one) + age
            cell[j] = number if here else away
            size[j] = group * last_size + members if here else elsewhere
        for j in range(some):
            lane = np.uint64(j) & np.uint64(LANES - 1)
            ages[lane, np.uint64(cell[j])] += 1
            families[lane, np.uint64(size[j])] += 1
