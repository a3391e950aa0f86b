"""Who gives birth in a year, and what it does to families, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT, FEMALE, NORWEGIAN_BORN = 0, 0, 2


@kernel
def list_possible(
    words: NDArray[np.uint32],
    highest: NDArray[np.uint64],
    year: int,
    youngest: int,
    sex: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    origin: NDArray[np.uint8],
    background: NDArray[np.uint8],
    possible: NDArray[np.int64],
    cells: NDArray[np.int64],
) -> int:
    """List resident women whose word is below the highest cut that any union could give them.

    highest: (came this year, group, age from the youngest on), where Norwegian-born women have
    the last group; cells: where in it each of them is. The first loop is
    vectorised and the second has no branch, since no processor can guess whether a word is
    low: 0.4 ns a person together, against 1.3 in one loop.
    """
    _, groups, ages = highest.shape
    top = np.max(highest)
    if top == 0:
        return 0
    limit = np.uint32(top - np.uint64(1))
    born_by, born_from = np.int16(year - youngest), np.int16(year - youngest - ages + 1)
    asked = np.empty(words.size, dtype=np.uint8)
    for i in range(words.size):
        asked[i] = (
            (words[i] <= limit) & (sex[i] == FEMALE) & (place[i] == RESIDENT)
            & (birth_year[i] <= born_by) & (birth_year[i] >= born_from)
        )  # fmt: skip
    low = 0
    for i in range(words.size):
        possible[low] = i
        low += 1 if asked[i] else 0
    count = 0
    for j in range(low):
        i = possible[j]
        age = year - birth_year[i] - youngest
        a = 1 if first_arrival_year[i] == year else 0
        g = groups - 1 if background[i] == NORWEGIAN_BORN else np.int64(origin[i])
        possible[count] = i
        cells[count] = (a * groups + g) * ages + age
        count += words[i] < highest[a, g, age]
    return count


@kernel
def count_persons(
    rows: NDArray[np.int64],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    persons: NDArray[np.uint8],
) -> None:
    """Count the residents among these rows by family; `persons` is zero on entry."""
    for i in rows:
        if place[i] == RESIDENT:
            persons[family[i]] += 1


@kernel
def add_members(
    mothers: NDArray[np.int64],
    rows: NDArray[np.int64],
    born: NDArray[np.uint8],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Count a child of each mother into her family; return how many residents' counts changed.

    rows: all members of their families. born: by family, zero on entry. No family counts more
    than 255.
    """
    for j in range(mothers.size):
        born[family[mothers[j]]] += 1
    count = 0
    for i in rows:
        more = np.int64(born[family[i]])
        if more > 0 and place[i] == RESIDENT:
            family_total[i] = min(family_total[i] + more, 255)
            changed[count] = i
            count += 1
    return count
