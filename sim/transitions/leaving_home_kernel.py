"""Who might leave the parental home in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT = 0


@kernel
def mark(
    words: NDArray[np.uint32],
    limit: np.uint64,
    born_from: np.int16,
    born_by: np.int16,
    marks: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    mother: NDArray[np.int32],
) -> None:
    """Mark grown residents who do not live alone and whose word is below the limit.

    Of the oldest, born in `born_from`, and of those older still who know their mother, all are.
    """
    for j in range(words.size):
        oldest = (birth_year[j] == born_from) | ((birth_year[j] < born_from) & (mother[j] >= 0))
        young = (birth_year[j] > born_from) & (words[j] < limit)
        marks[j] = (
            (birth_year[j] <= born_by) & (oldest | young) & (place[j] == RESIDENT)
            & (family_total[j] > 1)
        )  # fmt: skip


@kernel
def list_possible(
    possible: NDArray[np.int64],
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    born_by: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    partner: NDArray[np.int32],
    mother: NDArray[np.int32],
    family: NDArray[np.int32],
) -> int:
    """Keep the single whom their word lets leave home, first in `possible`; return how many.

    cuts: by sex and age from the youngest on, who were born by a year. Of those older than that
    only they may leave who live with their mother, and they do. Who lives with parents at all
    is not asked here. There is no branch, as with births.
    """
    ages = cuts.shape[1]
    count = 0
    for k in range(possible.size):
        i, word = np.uint64(possible[k]), words[k]
        m = mother[i]
        age = min(born_by - birth_year[i], ages - 1)
        leaves = (word < cuts[np.uint64(sex[i]), np.uint64(age)]) & (partner[i] < 0)
        if leaves and born_by - birth_year[i] >= ages:
            leaves = place[m] == RESIDENT and family[m] == family[i]
        possible[count] = i
        count += leaves
    return count


@kernel
def with_parents(
    possible: NDArray[np.int64],
    generation: int,
    teenagers_from: int,
    following: NDArray[np.int32],
    found: NDArray[np.bool_],
    place: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    family: NDArray[np.int32],
    mother: NDArray[np.int32],
    family_total: NDArray[np.uint8],
) -> None:
    """Write who of these residents lives with the mother, or with somebody of her generation.

    Teenagers, born in a year or later, also do who live with members only who are no persons.
    """
    for k in range(possible.size):
        i = np.uint64(possible[k])
        m = mother[i]
        found[k] = m >= 0 and family[m] == family[i] and place[m] == RESIDENT
        alone, other = True, i if found[k] else np.uint64(following[i])
        while other != i:
            if place[other] == RESIDENT:
                alone = False
                found[k] |= birth_year[other] <= birth_year[i] - generation
            other = np.uint64(following[other])
        if alone and not found[k]:
            found[k] = (family_total[i] > 1) & (birth_year[i] >= teenagers_from)
