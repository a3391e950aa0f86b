"""Family arithmetic on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel


@kernel
def with_mother(
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    mother: NDArray[np.int32],
    born_by: int,
    motherless: NDArray[np.uint8],
    children: NDArray[np.int64],
    adults: NDArray[np.int64],
) -> int:
    """List resident children born after a year; return how many.

    The adult is the mother if she lives in the family. Otherwise it is -1, and the family
    is marked in `motherless`.
    """
    count = 0
    for i in range(family.size):
        if birth_year[i] > born_by and place[i] == 0:
            m = mother[i]
            children[count] = i
            if m >= 0 and place[m] == 0 and family[m] == family[i] and birth_year[m] <= born_by:
                adults[count] = m
            else:
                adults[count] = -1
                motherless[family[i]] = 1
            count += 1
    return count


@kernel
def eldest_members(
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    person: NDArray[np.int64],
    place: NDArray[np.uint8],
    born_by: int,
    wanted: NDArray[np.uint8],
    eldest: NDArray[np.int32],
) -> None:
    """Write into `eldest` the position of the eldest resident of each wanted family.

    They must be born by a year. Of members born in one year the smallest identifier counts,
    so that the order of persons cannot matter. Families without such a member keep their entry.
    """
    for i in range(family.size):
        if wanted[family[i]] and place[i] == 0 and birth_year[i] <= born_by:
            e = eldest[family[i]]
            if (
                e < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[family[i]] = i


@inlined
def list_touched(
    touched: NDArray[np.uint8],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    found: NDArray[np.int64],
) -> int:
    """List the residents of the families touched, without a branch; return how many."""
    count = 0
    for i in range(family.size):
        found[count] = i
        count += (touched[family[i]] != 0) & (place[i] == 0)
    return count


@kernel
def leave(
    leavers: NDArray[np.int64],
    family: NDArray[np.int32],
    background: NDArray[np.uint8],
    norwegian_born: int,
    place: NDArray[np.uint8],
    touched: NDArray[np.uint8],
    gone: NDArray[np.int16],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Take leavers off the counts of the resident members they leave; return how many changed.

    touched: by family, zero on entry; a byte each, so that looking everybody's family up stays
        in the cache. gone: (families, 2), zero there: leavers, and immigrants among them.
    """
    for j in range(leavers.size):
        i = leavers[j]
        touched[family[i]] = 1
        gone[family[i], 0] += 1
        gone[family[i], 1] += background[i] != norwegian_born
    count = list_touched(touched, family, place, changed)
    for j in range(count):
        i = changed[j]
        family_total[i] -= gone[family[i], 0]
        family_immigrants[i] -= gone[family[i], 1]
    return count


@kernel
def join(
    joiners: NDArray[np.int64],
    family: NDArray[np.int32],
    background: NDArray[np.uint8],
    norwegian_born: int,
    place: NDArray[np.uint8],
    others: NDArray[np.int32],
    touched: NDArray[np.uint8],
    joining: NDArray[np.uint8],
    counts: NDArray[np.int32],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Count joiners into their families; return how many persons' counts changed.

    others: by family, members who are no persons of a family that nobody else lives in.
    touched: by family, joining: by person, zero on entry. counts: (families, 4), zero there:
        joiners, immigrants among them, and the family's counts before, total and immigrants.
        No family counts more than 255.
    """
    for j in range(joiners.size):
        i = joiners[j]
        touched[family[i]] = 1
        joining[i] = 1
        counts[family[i], 0] += 1
        counts[family[i], 1] += background[i] != norwegian_born
    count = list_touched(touched, family, place, changed)
    for j in range(count):
        i = changed[j]
        if not joining[i]:
            counts[family[i], 2] = family_total[i]
            counts[family[i], 3] = family_immigrants[i]
    for j in range(count):
        i = changed[j]
        f = family[i]
        before = counts[f, 2] if counts[f, 2] > 0 else others[f]
        family_total[i] = min(before + counts[f, 0], 255)
        family_immigrants[i] = min(counts[f, 3] + counts[f, 1], 255)
    return count
