"""Who gives birth in a year, and what it does to families, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT, FEMALE, NORWEGIAN_BORN = 0, 0, 2
NO_UNION, MIXED, PAIRED = 0, 1, 2  # no partner, one who is no person, one who is


@kernel
def mark(
    words: NDArray[np.uint32],
    limit: np.uint32,
    born_from: np.int16,
    born_by: np.int16,
    sex: NDArray[np.uint8],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    marks: NDArray[np.uint8],
) -> None:
    """Mark resident women of an age to give birth whose word is not above the limit."""
    for i in range(words.size):
        marks[i] = (
            (words[i] <= limit) & (sex[i] == FEMALE) & (place[i] == RESIDENT)
            & (birth_year[i] <= born_by) & (birth_year[i] >= born_from)
        )  # fmt: skip


@kernel
def list_possible(
    women: NDArray[np.int64],
    words: NDArray[np.uint32],
    highest: NDArray[np.uint64],
    year: int,
    youngest: int,
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    origin: NDArray[np.uint8],
    background: NDArray[np.uint8],
    cells: NDArray[np.int64],
) -> int:
    """Keep the women whose word is below the highest cut that any union could give them.

    women, words: those kept come first; cells: where in `highest` each of them is; return how
    many. highest: (came this year, group, age from the youngest on), where Norwegian-born women
    have the last group. There is no branch, since no processor can guess whether a word is low.
    """
    _, groups, ages = highest.shape
    count = 0
    for j in range(women.size):
        i, word = np.uint64(women[j]), words[j]  # unsigned: nobody is counted from the end
        age = year - birth_year[i] - youngest
        a = 1 if first_arrival_year[i] == year else 0
        g = groups - 1 if background[i] == NORWEGIAN_BORN else np.int64(origin[i])
        women[count], words[count] = i, word
        cells[count] = (a * groups + g) * ages + age
        count += word < highest[a, g, age]
    return count


@kernel
def unions(
    women: NDArray[np.int64],
    following: NDArray[np.int32],
    union: NDArray[np.int64],
    partner: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
) -> None:
    """Write the union of each woman, who is resident; following: the rings of families.

    In a family that counts more members than there are resident persons, others are a partner.
    """
    for j in range(women.size):
        i = women[j]
        p = partner[i]
        union[j] = NO_UNION
        if p >= 0 and place[p] == RESIDENT:
            union[j] = PAIRED
        elif family_total[i] > 1:
            persons, other = 1, following[i]
            while other != i:
                persons += place[other] == RESIDENT
                other = following[other]
            union[j] = MIXED if family_total[i] > persons else NO_UNION


@kernel
def give_birth(
    women: NDArray[np.int64],
    words: NDArray[np.uint32],
    cells: NDArray[np.int64],
    union: NDArray[np.int64],
    cuts: NDArray[np.uint64],
    partner: NDArray[np.int32],
    background: NDArray[np.uint8],
    immigrant: NDArray[np.bool_],
) -> int:
    """Keep the women whose word is below the cut of their union and cell; return how many.

    Those kept come first in `women` and `union`; immigrant: whether a partner who is a person
    came to Norway.
    """
    count = 0
    for j in range(women.size):
        i, u = women[j], union[j]
        p = np.uint64(max(partner[i], 0))
        women[count], union[count] = i, u
        immigrant[count] = (u == PAIRED) & (background[p] != NORWEGIAN_BORN)
        count += words[j] < cuts[u, np.uint64(cells[j])]
    return count


@kernel
def add_members(
    mothers: NDArray[np.int64],
    following: NDArray[np.int32],
    giving: NDArray[np.uint8],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Count a child of each mother into her family; return how many residents' counts changed.

    giving: by person, zero on entry and again in the end. changed: as long as there are persons,
    twice; a family of several mothers is listed once, in the walk of the first. No family
    counts more than 255.
    """
    for i in mothers:
        giving[i] = 1
    count = 0
    for i in mothers:
        begin, is_first, here = count, True, np.int32(i)
        while True:
            if place[here] == RESIDENT:
                family_total[here] = min(family_total[here] + 1, 255)
                changed[count] = here
                count += 1
            is_first &= giving[here] == 0 or here >= i
            here = following[here]
            if here == i:
                break
        count = count if is_first else begin
    for i in mothers:
        giving[i] = 0
    return count
