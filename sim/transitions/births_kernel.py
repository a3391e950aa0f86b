"""Who gives birth in a year, and what it does to families, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

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
        age = np.uint64(year - birth_year[i] - youngest)
        a = np.uint64(first_arrival_year[i] == year)
        g = np.uint64(groups - 1 if background[i] == NORWEGIAN_BORN else np.int64(origin[i]))
        women[count], words[count] = i, word
        cells[count] = (a * np.uint64(groups) + g) * np.uint64(ages) + age
        count += word < highest[a, g, age]
    return count


@inlined
def has_others(
    i: np.uint64,
    following: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
) -> bool:
    """Say if the family of a resident counts more members than there are resident persons."""
    persons, other = 1, np.uint64(following[i]) if family_total[i] > 1 else i
    while other != i:
        persons += place[other] == RESIDENT
        other = np.uint64(following[other])
    return bool(family_total[i] > persons)


@kernel
def give_birth(
    women: NDArray[np.int64],
    words: NDArray[np.uint32],
    cells: NDArray[np.int64],
    cuts: NDArray[np.uint64],
    following: NDArray[np.int32],
    union: NDArray[np.int64],
    immigrant: NDArray[np.bool_],
    partner: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    background: NDArray[np.uint8],
) -> int:
    """Keep the women, who are resident, whose word is below the cut of their union and cell.

    Those kept come first in `women` and `union`; return how many. immigrant: whether a partner
    who is a person came to Norway. following: the rings of families. In a family that counts
    more members than there are resident persons, others are a partner.
    """
    count = 0
    for j in range(women.size):
        i, word, cell = np.uint64(women[j]), words[j], np.uint64(cells[j])
        p = np.uint64(max(partner[i], 0))
        u = PAIRED if partner[i] >= 0 and place[p] == RESIDENT else NO_UNION
        if u == NO_UNION and word < max(cuts[NO_UNION, cell], cuts[MIXED, cell]):
            u = MIXED if has_others(i, following, place, family_total) else NO_UNION
        women[count], union[count] = i, u
        immigrant[count] = u == PAIRED and background[p] != NORWEGIAN_BORN
        count += word < cuts[u, cell]
    return count


@kernel
def add_members(
    mothers: NDArray[np.int64],
    following: NDArray[np.int32],
    seen: NDArray[np.uint8],
    changed: NDArray[np.int64],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
) -> int:
    """Count a child of each mother into her family; return how many residents' counts changed.

    seen: by family, zero on entry and again in the end. changed: as long as there are persons,
    twice; a family of several mothers is listed once, in the walk of the first. No family
    counts more than 255.
    """
    count = 0
    for mother in mothers:
        i = np.uint64(mother)
        listed, here = count, i
        while True:
            if place[here] == RESIDENT:
                family_total[here] = min(family_total[here] + 1, 255)
                changed[listed] = here
                listed += 1
            here = np.uint64(following[here])
            if here == i:
                break
        count = count if seen[np.uint64(family[i])] else listed
        seen[np.uint64(family[i])] = 1
    for mother in mothers:
        seen[np.uint64(family[np.uint64(mother)])] = 0
    return count
