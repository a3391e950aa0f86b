"""Counting people into cells, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

LANES = 4  # in which neighbours are counted; a power of 2
STRETCH = 4_096  # persons whose cells are found before they are counted
SEXES = 2


@kernel
def find_cells(
    first: int,
    cell: NDArray[np.int32],
    small: tuple[NDArray[np.uint8], ...],
    strides: NDArray[np.uint32],
    of_small: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    of_birth: NDArray[np.int32],
    first_arrival_year: NDArray[np.int16],
    of_arrival: NDArray[np.int32],
    municipality: NDArray[np.int16],
    of_place: NDArray[np.int32],
    lowest: int,
) -> None:
    """Write the cells of everybody from position `first` on.

    A cell is the sum of what the small columns together contribute, and each of three others.
    strides: of each small column in a row of all their combinations, 0 if it does not count.
    lowest: the year with which `of_birth` and `of_arrival` begin. One look-up for all small
    columns takes half the time of one for each.
    """
    combination = np.empty(STRETCH, dtype=np.uint32)
    for begin in range(0, cell.size, STRETCH):
        some = min(STRETCH, cell.size - begin)
        for j in range(some):
            combination[j] = 0
        for k in range(strides.size):
            stride = strides[k]
            if stride:
                column = small[k]
                for j in range(some):
                    combination[j] += stride * np.uint32(column[np.uint64(first + begin + j)])
        for j in range(some):
            i = np.uint64(first + begin + j)
            cell[np.uint64(begin + j)] = (
                of_small[np.uint64(combination[j])]
                + of_birth[np.uint64(birth_year[i] - lowest)]
                + of_arrival[np.uint64(first_arrival_year[i] - lowest)]
                + of_place[np.uint64(municipality[i])]
            )


@kernel
def count_where(
    cell: NDArray[np.int32], place: NDArray[np.uint8], wanted: int, counts: NDArray[np.int32]
) -> None:
    """Add one to the cell of everybody who is in a place; the last count is for the others."""
    elsewhere = np.int32(counts.size - 1)
    for i in range(cell.size):
        counts[np.uint64(cell[i] if place[i] == wanted else elsewhere)] += np.int32(1)


@kernel
def count_some(
    cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int32]
) -> None:
    """Add one to the cell of each person at the positions `which`."""
    for j in range(which.size):
        counts[np.uint64(cell[np.uint64(which[j])])] += 1


@kernel
def take_off(cell: NDArray[np.int32], which: NDArray[np.int64], counts: NDArray[np.int32]) -> None:
    """Take one off the cell of each person at the positions `which`."""
    for j in range(which.size):
        counts[np.uint64(cell[np.uint64(which[j])])] -= 1


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
    counts: NDArray[np.int32],
) -> None:
    """Count residents by (background, sex, age on 1 January, family size).

    oldest, largest: the last age and size, which hold everybody beyond. counts: (lanes, cells);
    the last cell is for those who are not resident. Neighbours are counted in different
    lanes, since adding to a number that has only just been added to has to wait. Cells are
    found first, several persons at a time, and people counted into them afterwards.
    """
    now, last_age, last_size = np.int16(year - 1), np.int16(oldest), np.int16(largest)
    away, one, none = np.int16(counts.shape[1] - 1), np.int16(1), np.int16(0)
    cell = np.empty(STRETCH, dtype=np.uint16)  # there are few cells: small numbers are quicker
    for first in range(0, place.size, STRETCH):
        some = min(STRETCH, place.size - first)
        for j in range(some):
            i = np.uint64(first + j)
            age = min(max(np.int16(now - birth_year[i]), none), last_age)
            members = np.int16(min(max(np.int16(family_total[i]), one), last_size) - one)
            group = np.int16(background[i] * SEXES + sex[i])
            number = np.int16((group * (last_age + one) + age) * last_size + members)
            cell[j] = number if place[i] == 0 else away
        for j in range(some):
            counts[np.uint64(j) & np.uint64(LANES - 1), np.uint64(cell[j])] += np.int32(1)
