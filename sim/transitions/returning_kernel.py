"""Who comes back in a year, and with whom, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT, ABROAD = 0, 1
DEGREE = 4  # the lowest education that is a degree
ADULT = 15  # age on 1 January of the year of leaving from which nobody is taken along
NOBODY = -1


@kernel
def exposed(
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    earliest: int,
    year: int,
    found: NDArray[np.int64],
) -> int:
    """List the persons abroad who left from `earliest` until before the year.

    Everybody is written and the next one overwrites who is not exposed: no branch to mistake.
    found: one place longer than there are persons.
    """
    count = 0
    for i in range(place.size):
        found[count] = i
        count += (place[i] == ABROAD) & (left_year[i] >= earliest) & (left_year[i] < year)
    return count


@kernel
def decide(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    background: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    destination: NDArray[np.uint8],
    education: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    birth_year: NDArray[np.int16],
    exposed: NDArray[np.int64],
    wish: NDArray[np.uint8],
    wishing: NDArray[np.int64],
    children: NDArray[np.int64],
) -> tuple[int, int]:
    """Mark and list those whose own luck brings them back, and list who left as a child.

    cuts: background, origin, destination, degree, years since leaving.
    """
    wishes = young = 0
    for j in range(exposed.size):
        i = exposed[j]
        degree = 1 if education[i] >= DEGREE else 0
        years = year - left_year[i]
        if words[j] < cuts[background[i], origin[i], destination[i], degree, years]:
            wish[i] = 1
            wishing[wishes] = i
            wishes += 1
        if left_year[i] - 1 - birth_year[i] < ADULT:
            children[young] = i
            young += 1
    return wishes, young


@inlined
def went_together(
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    i: int,
    j: int,
) -> bool:
    """Say whether j is abroad, of the family of i, and left in the same year."""
    return bool((place[j] == ABROAD) & (family[j] == family[i]) & (left_year[j] == left_year[i]))


@kernel
def eldest_abroad(
    exposed: NDArray[np.int64],
    children: NDArray[np.int64],
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    left_year: NDArray[np.int16],
    latest: NDArray[np.int16],
    eldest: NDArray[np.int32],
) -> None:
    """Write the eldest adult abroad of every family with children abroad.

    latest, eldest: by family, 0 and -1 on entry. Where children of a family left in several
    years, the latest counts. Of adults born in one year the smallest identifier counts.
    """
    for j in range(children.size):
        i = children[j]
        latest[family[i]] = max(latest[family[i]], left_year[i])
    for j in range(exposed.size):
        i = exposed[j]
        f = family[i]
        if left_year[i] == latest[f] and left_year[i] - 1 - birth_year[i] >= ADULT:
            e = eldest[f]
            if (
                e < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[f] = i


@kernel
def come_back(
    wishing: NDArray[np.int64],
    children: NDArray[np.int64],
    wish: NDArray[np.uint8],
    year: int,
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    mother: NDArray[np.int32],
    partner: NDArray[np.int32],
    eldest: NDArray[np.int32],
    coming: NDArray[np.int64],
) -> int:
    """List who comes back; return how many.

    Of partners who left together the smaller identifier decides for both. Who left as a
    child does what the mother does if they left together, else what the eldest adult does
    who left with them. A child below 15 without such an adult stays abroad.
    """
    count = 0
    for j in range(wishing.size):
        i = wishing[j]
        if left_year[i] - 1 - birth_year[i] >= ADULT:
            p = partner[i]
            paired = p >= 0 and went_together(family, place, left_year, i, p)
            paired = paired and left_year[p] - 1 - birth_year[p] >= ADULT
            if not paired or person[i] < person[p]:
                coming[count] = i
                count += 1
                if paired:
                    coming[count] = p
                    count += 1
    for j in range(children.size):
        i = children[j]
        m, e = mother[i], eldest[family[i]]
        if m >= 0 and went_together(family, place, left_year, i, m):
            leader = m
        elif e >= 0 and left_year[e] == left_year[i]:
            leader = e
        else:
            leader = np.int32(i)
        p = partner[leader]
        paired = p >= 0 and leader != i and went_together(family, place, left_year, leader, p)
        paired = paired and left_year[p] - 1 - birth_year[p] >= ADULT
        if paired and person[p] < person[leader]:
            leader = p
        if wish[leader] and (leader != i or year - 1 - birth_year[i] >= ADULT):
            coming[count] = i
            count += 1
    return count


@kernel
def hosts(
    coming: NDArray[np.int64],
    members: NDArray[np.int64],
    arriving: NDArray[np.uint8],
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    eldest: NDArray[np.int32],
    host: NDArray[np.int64],
) -> None:
    """Write the eldest of those who were there of the family of each who comes, -1 if nobody.

    members: of all those families, arriving or not; eldest: by family, -1 on entry.
    """
    for j in range(members.size):
        i = members[j]
        if not arriving[i]:
            e = eldest[family[i]]
            if (
                e < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[family[i]] = i
    for j in range(coming.size):
        host[j] = eldest[family[coming[j]]]
