"""Who keeps a labour-market status and who gets which other one, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT = 0
NORWEGIAN_BORN = 2
NORWEGIAN_BORN_GROUP = 6  # after the six reasons
YOUNGEST, OLDEST = 16, 74  # ages reached at which a status may change
LONGEST = 17  # years of stay; the last row of the tables is open
OUTSIDE = 0
SEXES, AGES, STATES = 2, OLDEST + 2 - YOUNGEST, 5


@inlined
def group_of(background: np.uint8, reason: np.uint8) -> int:
    """Return the reason, or the group of those born in Norway."""
    return NORWEGIAN_BORN_GROUP if background == NORWEGIAN_BORN else int(reason)


@kernel
def leave(
    words: NDArray[np.uint32],
    keep: NDArray[np.uint64],
    year: int,
    place: NDArray[np.uint8],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
    leaving: NDArray[np.int64],
) -> int:
    """List those who do not keep their status, those who turn 75 among them; return how many.

    keep: cuts by group, sex, age reached (the last: one above the oldest), stay and status,
        as one row: an index of five parts takes twice the time.
    """
    count = 0
    for j in range(words.size):
        age, stay = int(year - birth_year[j]), int(year - first_arrival_year[j])
        if place[j] != RESIDENT or age < YOUNGEST or stay <= 0:
            continue
        if age > OLDEST + 1:  # come back since
            if status[j] == OUTSIDE:
                continue
            age = OLDEST + 1
        row = (group_of(background[j], reason[j]) * SEXES + int(sex[j])) * AGES
        row = (row + age - YOUNGEST) * LONGEST + min(stay, LONGEST) - 1
        leaving[count] = j
        count += int(words[j] >= keep[np.uint64(row * STATES + int(status[j]))])
    return count


@kernel
def draw(
    leaving: NDArray[np.int64],
    words: NDArray[np.uint32],
    upto: NDArray[np.uint64],
    order: NDArray[np.uint8],
    year: int,
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
    changed: NDArray[np.int64],
) -> int:
    """Give those who do not keep their status a new one; list whose differs from the old.

    upto: cuts between the statuses, taken in `order`, by group, sex, age reached and stay.
    """
    count = 0
    for k in range(leaving.size):
        i = leaving[k]
        age = year - birth_year[i]
        new = np.uint8(OUTSIDE)
        if age <= OLDEST:
            stay = min(year - first_arrival_year[i], LONGEST)
            cuts = upto[group_of(background[i], reason[i]), sex[i], age - YOUNGEST, stay - 1]
            at = 0
            for cut in cuts:
                at += int(words[k] >= cut)
            new = order[at]
        changed[count] = i
        count += int(new != status[i])
        status[i] = new
    return count
