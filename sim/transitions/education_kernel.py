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
ROWS = 2 * SEXES * AGES * 2 * LEVELS  # of cuts of rising


@inlined
def schooled_here(birth_year: np.int16, first_arrival_year: np.int16) -> int:
    """Return 1 for those born in Norway, or who came young enough to go to school, else 0.

    Those born in Norway have their year of birth as year of first arrival.
    """
    return int(first_arrival_year - birth_year <= LATEST_SCHOOL)


@kernel
def mark(
    words: NDArray[np.uint32],
    rising: NDArray[np.uint64],
    year: int,
    marks: NDArray[np.uint8],
    place: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
) -> None:
    """Mark those whose level rises or is registered.

    rising: cuts of reaching the next level or a higher one, by schooled here or not, sex, age
        reached, in education or not, level now, as one row; then those of being registered by
        years of stay; in the end one for those not asked, which no word is below. Where in it
        everybody is, is found first, several persons at a time.
    """
    at = np.empty(words.size, dtype=np.uint16)
    now, young = np.int16(year), np.int16(year - YOUNGEST)
    for j in range(words.size):
        age, stay = np.int16(young - birth_year[j]), np.int16(now - first_arrival_year[j])
        here = np.int16(np.int16(first_arrival_year[j] - birth_year[j]) <= LATEST_SCHOOL)
        studies = np.int16((status[j] == STUDENT) | (status[j] == EMPLOYED_STUDENT))
        row = np.int16((here * SEXES + sex[j]) * AGES + age)
        row = np.int16((row * 2 + studies) * LEVELS + education[j])
        unknown = education[j] == NONE
        row = np.int16(ROWS + min(stay, np.int16(LONGEST))) if unknown else row
        asked = (place[j] == RESIDENT) & (age >= 0) & (age < AGES) & (stay >= 0)
        at[j] = row if asked & (unknown | (stay > 0)) else np.int16(ROWS + LONGEST + 1)
    for j in range(words.size):
        marks[j] = words[j] < rising[np.uint64(at[j])]


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
        i = np.uint64(rising[k])
        row, at = np.uint64(year - birth_year[i] - YOUNGEST), np.uint64(sex[i])
        here = schooled_here(birth_year[i], first_arrival_year[i])
        old = education[i]
        new = old + 1
        if old == NONE:
            group = np.uint64(SCHOOL_GROUP if here else int(reason[i]))
            for level in range(2, HIGHEST + 1):
                if levels[k] < foreign[group, at, row, level]:
                    new = level
        else:
            studies = int((status[i] == STUDENT) | (status[i] == EMPLOYED_STUDENT))
            for level in range(old + 2, HIGHEST + 1):
                if words[k] < moving[here, at, row, studies, old, level]:
                    new = level
        education[i] = np.uint8(new)
