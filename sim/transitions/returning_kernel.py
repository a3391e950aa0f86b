"""Who comes back in a year, and with whom, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT, ABROAD, DEAD = range(3)
DEGREE = 4  # the lowest education that is a degree
ADULT = 15  # age on 1 January of the year of leaving from which nobody is taken along
NOBODY = -1


@kernel
def cannot_matter(
    left_by: np.int16,
    year: np.int16,
    gone: NDArray[np.bool_],
    paired: NDArray[np.bool_],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    registered_year: NDArray[np.int16],
    partner: NDArray[np.int32],
) -> None:
    """Mark who is dead, or left by a year for good and is registered; and who of them is paired."""
    for i in range(place.size):
        away = (place[i] == ABROAD) & (left_year[i] <= left_by) & (registered_year[i] < year)
        gone[i] = away | (place[i] == DEAD)
        paired[i] = away & (partner[i] >= 0)


@kernel
def mark(
    words: NDArray[np.uint32],
    limit: np.uint32,
    earliest: np.int16,
    latest: np.int16,
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    marks: NDArray[np.uint8],
) -> None:
    """Mark persons abroad who left in some years and whose word is not above the limit."""
    for j in range(words.size):
        marks[j] = (
            (words[j] <= limit) & (place[j] == ABROAD) & (left_year[j] >= earliest)
            & (left_year[j] <= latest)
        )  # fmt: skip


@kernel
def decide(
    wishing: NDArray[np.int64],
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    left_year: NDArray[np.int16],
    background: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    destination: NDArray[np.uint8],
    education: NDArray[np.uint8],
) -> int:
    """Keep those whose own luck brings them back, first in `wishing`; return how many.

    cuts: background, origin, destination, degree, years since leaving.
    """
    wishes = 0
    for j in range(wishing.size):
        i, word = np.uint64(wishing[j]), words[j]
        degree = 1 if education[i] >= DEGREE else 0
        wishing[wishes] = i
        wishes += word < cuts[background[i], origin[i], destination[i], degree, year - left_year[i]]
    return wishes


@inlined
def went_together(
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    i: np.uint64,
    j: np.uint64,
) -> bool:
    """Say whether j is abroad, of the family of i, and left in the same year."""
    return bool((place[j] == ABROAD) & (family[j] == family[i]) & (left_year[j] == left_year[i]))


@kernel
def children_abroad(
    wishing: NDArray[np.int64],
    rows: NDArray[np.int64],
    earliest: int,
    year: int,
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    left_year: NDArray[np.int16],
    wish: NDArray[np.uint8],
    latest: NDArray[np.int16],
    eldest: NDArray[np.int32],
    children: NDArray[np.int64],
) -> int:
    """List who left as a child among the families of those who wish, which are `rows`.

    They left from `earliest` until before the year. wish: by person, 1 for those who wish.
    latest, eldest: by family, when the last children left and the eldest adult who left then. Of
    adults born in one year the smallest identifier counts. All three are written for the
    rows and their families alone.
    """
    for row in rows:
        i = np.uint64(row)
        f = np.uint64(family[i])
        wish[i], latest[f], eldest[f] = 0, 0, NOBODY
    for wisher in wishing:
        wish[np.uint64(wisher)] = 1
    young = 0
    for row in rows:
        i = np.uint64(row)
        exposed = place[i] == ABROAD and left_year[i] >= earliest and left_year[i] < year
        if exposed and left_year[i] - 1 - birth_year[i] < ADULT:
            f = np.uint64(family[i])
            latest[f] = max(latest[f], left_year[i])
            children[young] = i
            young += 1
    for row in rows:
        i = np.uint64(row)
        f = np.uint64(family[i])
        led = left_year[i] == latest[f] and left_year[i] - 1 - birth_year[i] >= ADULT
        if led and place[i] == ABROAD and latest[f] > 0:
            e = np.uint64(max(eldest[f], 0))
            if (
                eldest[f] < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[f] = i
    return young


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
        i = np.uint64(wishing[j])
        if left_year[i] - 1 - birth_year[i] >= ADULT:
            p = np.uint64(max(partner[i], 0))
            paired = partner[i] >= 0 and went_together(family, place, left_year, i, p)
            paired = paired and left_year[p] - 1 - birth_year[p] >= ADULT
            if not paired or person[i] < person[p]:
                coming[count] = i
                count += 1
                if paired:
                    coming[count] = p
                    count += 1
    for j in range(children.size):
        i = np.uint64(children[j])
        m, e = np.uint64(max(mother[i], 0)), np.uint64(max(eldest[np.uint64(family[i])], 0))
        if mother[i] >= 0 and went_together(family, place, left_year, i, m):
            leader = m
        elif eldest[np.uint64(family[i])] >= 0 and left_year[e] == left_year[i]:
            leader = e
        else:
            leader = i
        p = np.uint64(max(partner[leader], 0))
        paired = (
            partner[leader] >= 0
            and leader != i
            and went_together(family, place, left_year, leader, p)
        )
        paired = paired and left_year[p] - 1 - birth_year[p] >= ADULT
        if paired and person[p] < person[leader]:
            leader = p
        if wish[leader] and (leader != i or year - 1 - birth_year[i] >= ADULT):
            coming[count] = i
            count += 1
    return count


@kernel
def others_with(
    coming: NDArray[np.int64],
    following: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    others: NDArray[np.int64],
) -> None:
    """Write how many members each had on leaving, less all living persons of the family."""
    for j in range(coming.size):
        i = np.uint64(coming[j])
        living, other = 1, np.uint64(following[i])
        while other != i:
            living += place[other] != DEAD
            other = np.uint64(following[other])
        others[j] = max(np.int64(family_total[i]) - living, np.int64(0))


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

    members: of all those families, arriving or not; arriving, eldest: by person and by family,
    written for these alone.
    """
    for member in members:
        i = np.uint64(member)
        arriving[i], eldest[np.uint64(family[i])] = 0, NOBODY
    for comer in coming:
        arriving[np.uint64(comer)] = 1
    for member in members:
        i = np.uint64(member)
        if not arriving[i]:
            f = np.uint64(family[i])
            e = np.uint64(max(eldest[f], 0))
            if (
                eldest[f] < 0
                or birth_year[i] < birth_year[e]
                or (birth_year[i] == birth_year[e] and person[i] < person[e])
            ):
                eldest[f] = i
    for j in range(coming.size):
        host[j] = eldest[np.uint64(family[np.uint64(coming[j])])]
