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
GROUPS, SEXES, AGES, STATES = 7, 2, OLDEST + 2 - YOUNGEST, 5
CUTS = STATES - 1  # between the statuses
LEAST = 1e-12  # of a share: what is divided by is never 0


@inlined
def group_of(background: np.uint8, reason: np.uint8) -> int:
    """Return the reason, or the group of those born in Norway."""
    return NORWEGIAN_BORN_GROUP if background == NORWEGIAN_BORN else int(reason)


@kernel
def mark(
    words: NDArray[np.uint32],
    keep: NDArray[np.uint64],
    year: int,
    marks: NDArray[np.uint8],
    place: NDArray[np.uint8],
    background: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    status: NDArray[np.uint8],
) -> None:
    """Mark those who do not keep their status, those who turn 75 among them.

    keep: cuts by group, sex, age reached (the last: one above the oldest), stay and status,
        as one row, and in the end one that no word reaches. Where in it everybody is, is
        found first, in two small numbers and so many persons at a time: who is not asked is at
        its end. Above the last age only those are asked who have come back with another
        status than outside.
    """
    whose, since = np.empty(words.size, dtype=np.uint16), np.empty(words.size, dtype=np.uint16)
    now, young = np.int16(year), np.int16(year - YOUNGEST)
    for j in range(words.size):
        age, stay = np.int16(young - birth_year[j]), np.int16(now - first_arrival_year[j])
        asked = (place[j] == RESIDENT) & (age >= 0) & (stay > 0)
        asked &= (age < AGES) | (status[j] != OUTSIDE)
        born = background[j] == NORWEGIAN_BORN
        group = np.int16(NORWEGIAN_BORN_GROUP) if born else np.int16(reason[j])
        row = np.int16((group * SEXES + sex[j]) * AGES + min(age, np.int16(AGES - 1)))
        last = np.int16((min(stay, np.int16(LONGEST)) - 1) * STATES + status[j])
        whose[j] = row if asked else np.int16(GROUPS * SEXES * AGES)
        since[j] = last if asked else np.int16(0)
    for j in range(words.size):
        at = np.uint64(whose[j]) * np.uint64(LONGEST * STATES) + np.uint64(since[j])
        marks[j] = words[j] >= keep[at]


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

    upto: cuts between the statuses, taken in `order`, by group, sex, age reached and stay, as
        one row. There is no branch, since what becomes of whom cannot be foreseen.
    """
    count = 0
    for k in range(leaving.size):
        i, word = np.uint64(leaving[k]), words[k]
        reached = np.int64(year) - birth_year[i]
        age = min(reached, OLDEST) - YOUNGEST
        stay = min(np.int64(year) - first_arrival_year[i], LONGEST)
        born = background[i] == NORWEGIAN_BORN
        row = np.int64(NORWEGIAN_BORN_GROUP) if born else np.int64(reason[i])
        row = (row * SEXES + sex[i]) * (OLDEST + 1 - YOUNGEST) + age
        first = np.uint64((row * LONGEST + stay - 1) * CUTS)
        at = 0
        for c in range(CUTS):
            at += int(word >= upto[first + np.uint64(c)])
        new = order[np.uint64(at)] if reached <= OLDEST else np.uint8(OUTSIDE)
        changed[count] = np.int64(i)
        count += int(new != status[i])
        status[i] = new
    return count


@kernel
def chances(
    before: NDArray[np.float64],
    leaving: NDArray[np.float64],
    now: NDArray[np.float64],
    persistence: NDArray[np.float64],
    retired: int,
    keep: NDArray[np.float64],
    new: NDArray[np.float64],
) -> None:
    """Write the chances of keeping each status and of each new one; see `labour.chances`.

    before, now: shares of two years, by group, sex, age, stay and status. leaving: shares who
    emigrate, by group, stay and status. retired: the first row of `keep` by age of those who are
    outside for good.
    """
    then, left = np.empty(STATES), np.empty(STATES)
    for g, s, a, t in np.ndindex(keep.shape[:4]):
        remaining = 0.0
        for k in range(STATES):
            then[k] = before[g, s, a, t, k] * (1 - leaving[g, t, k])
            remaining += then[k]
        total = 0.0
        for k in range(STATES):
            then[k] /= remaining
            wanted = now[g, s, a + 1, t + 1, k]
            kept = min(persistence[k], wanted / max(then[k], LEAST))
            if k == OUTSIDE and a >= retired:
                kept = 1.0
            left[k] = max(wanted - kept * then[k], 0.0) + LEAST * wanted
            total += left[k]
            keep[g, s, a, t, k] = kept
        for k in range(STATES):
            new[g, s, a, t, k] = left[k] / total
