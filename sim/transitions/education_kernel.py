"""Who reaches a higher level of education, and whose education is registered, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

RESIDENT = 0
SCHOOL_GROUP = 6  # after the six reasons: those who went to school in Norway
YOUNGEST, OLDEST = 16, 74  # ages reached at which education may change
LATEST_SCHOOL = 15  # oldest age at arrival of those who go to school in Norway
LONGEST = 17  # years of stay; the last row of a table is open
EMPLOYED_STUDENT, STUDENT = 2, 3
NONE, HIGHEST = 0, 5
SEXES, AGES, LEVELS = 2, OLDEST + 1 - YOUNGEST, 6


@inlined
def schooled_here(birth_year: np.int16, first_arrival_year: np.int16) -> int:
    """Return 1 for those born in Norway, or who came young enough to go to school, else 0.

    Those born in Norway have their year of birth as year of first arrival.
    """
    return int(first_arrival_year - birth_year <= LATEST_SCHOOL)


@kernel
def rise(
    words: NDArray[np.uint32],
    next_level: NDArray[np.uint64],
    registering: NDArray[np.uint64],
    highest: NDArray[np.uint64],
    year: int,
    rising: NDArray[np.int64],
    place: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
) -> int:
    """List those whose level rises or is registered, and return how many they are.

    next_level: cuts of reaching the next level or a higher one, by schooled here or not, sex,
        age reached, in education or not, level now, as one row: an index of five parts took twice
        the time. registering: cuts by years of stay. highest: the highest of all cuts by age
        reached, from the year before the youngest to the one after the oldest, in education or
        not, and level now. Whom it does not let rise is passed over first, without a branch.
    """
    now, zero, last = np.int32(year - YOUNGEST + 1), np.int32(0), np.int32(AGES + 1)
    at = np.empty(words.size, dtype=np.int32)
    for j in range(words.size):
        inside = (status[j] == STUDENT) | (status[j] == EMPLOYED_STUDENT)
        reached = min(max(now - np.int32(birth_year[j]), zero), last)
        by_age = reached * np.int32(2) + np.int32(inside)
        at[j] = by_age * np.int32(LEVELS) + np.int32(education[j])
    low = 0
    for j in range(words.size):
        rising[low] = j
        low += (words[j] < highest[np.uint64(at[j])]) & (place[j] == RESIDENT)
    count = 0
    for k in range(low):
        j = rising[k]
        age, stay = int(year - birth_year[j]), int(year - first_arrival_year[j])
        if stay < 0:
            continue
        here = schooled_here(birth_year[j], first_arrival_year[j])
        studies = int((status[j] == STUDENT) | (status[j] == EMPLOYED_STUDENT))
        row = (here * SEXES + int(sex[j])) * AGES + age - YOUNGEST
        cut = next_level[np.uint64((row * 2 + studies) * LEVELS + int(education[j]))]
        if stay == 0:
            cut = np.uint64(0)
        if education[j] == NONE:
            cut = registering[np.uint64(min(stay, LONGEST))]
        if words[j] < cut:
            rising[count] = j
            count += 1
    return count


@kernel
def reach(
    rising: NDArray[np.int64],
    words: NDArray[np.uint32],
    levels: NDArray[np.uint32],
    moving: NDArray[np.uint64],
    foreign: NDArray[np.uint64],
    year: int,
    reason: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
) -> None:
    """Give those listed their new level: the highest whose cut is above their word.

    words: with which they were listed; levels: others of them, for registered levels.
    moving: as next_level, with five indices and a last one for the level reached. foreign: cuts
        of at least each level by group (the last: schooled here), sex, age reached.
    """
    for k in range(rising.size):
        i = rising[k]
        row = year - birth_year[i] - YOUNGEST
        old = education[i]
        here = schooled_here(birth_year[i], first_arrival_year[i])
        studies = int((status[i] == STUDENT) | (status[i] == EMPLOYED_STUDENT))
        word, cuts = words[k], moving[here, sex[i], row, studies, old]
        if old == NONE:
            group = SCHOOL_GROUP if here else int(reason[i])
            word, cuts = levels[k], foreign[group, sex[i], row]
        new = old + 1
        for level in range(old + 2, HIGHEST + 1):
            if word < cuts[level]:
                new = level
        education[i] = np.uint8(new)
