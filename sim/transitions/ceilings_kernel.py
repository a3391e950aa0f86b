"""Upper bounds of everybody's weights of moving and of emigrating, on bare arrays.

A factor of a weight is its logarithm here: in base 2, in steps of 1 / STEPS, rounded up and
counted from FLOOR on, below which bounds need not be sharp. That of emigrating stands in the lower
half of a 32-bit number and that of moving in the upper one, so that one addition serves both.

A stretch of persons goes through four short loops, of which only the third, a look-up, is not
done several persons at a time: 3.2 ns a person, against 6.4 in one loop and 12 with the factors
themselves.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

STRETCH = 1_024  # persons; what is noted of them stays in the fastest cache
FACTORS, STEPS, FLOOR = 5, 128, -12  # FLOOR: powers of 2
LARGEST = 65_535 // (FACTORS * STEPS) + FLOOR  # powers of 2 of a factor; a sum fits its half
OLDEST, LONGEST, SIZES = np.int16(75), np.int16(16), np.int16(16)  # the last stand for all beyond
AGES, CLASSES = np.int16(76), np.int16(17)
REASONS, STATUSES, EDUCATIONS = np.int16(6), np.int16(5), np.int16(6)
ORIGINS, PLACES = np.int16(19), np.int16(428)
# The code of 2**k is 8 * k + 232 (see mobility_kernel): eight to an octave, 16 steps to a code.
TO_CODE, LEAST = np.int32(4), np.int32(FACTORS * -FLOOR * 8 - 232)
HALF, LOWER = np.uint32(16), np.uint32(0xFFFF)
NONE, ONE, MOST = np.int32(0), np.int32(1), np.int32(255)


class Factors(NamedTuple):
    """Coded factors by what they depend on, each as one row.

    age: by group (centrality * 2 + sex), age and duration. traits: by group, reason, status and
    education. family: by group, reason, size and immigrants in it. origin: by reason and
    origin. place: by reason and municipality. group_of: centrality * 2 by municipality.
    covered: by background, whether the model describes it.
    """

    age: NDArray[np.uint32]
    traits: NDArray[np.uint32]
    family: NDArray[np.uint32]
    origin: NDArray[np.uint32]
    place: NDArray[np.uint32]
    group_of: NDArray[np.uint8]
    covered: NDArray[np.uint8]


@kernel
def ceilings(
    factors: Factors,
    year: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    first_arrival_year: NDArray[np.int16],
    reason: NDArray[np.uint8],
    status: NDArray[np.uint8],
    education: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    family_immigrants: NDArray[np.uint8],
    municipality: NDArray[np.int16],
    place: NDArray[np.uint8],
    background: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    move: NDArray[np.uint8],
    emigrate: NDArray[np.uint8],
) -> None:
    """Write the codes of both bounds of everybody, 0 for those who are not asked."""
    covered = np.uint32(0)  # a bit for each background: one look-up less
    for b in range(factors.covered.size):
        covered |= np.uint32(factors.covered[b] != 0) << np.uint32(b)
    now, zero, largest = np.int16(year - 1), np.int16(0), np.uint8(SIZES - 1)
    group = np.empty(STRETCH, dtype=np.int16)
    at = np.empty((FACTORS, STRETCH), dtype=np.uint16)
    both = np.empty(STRETCH, dtype=np.uint32)
    for first in range(0, move.size, STRETCH):
        some = min(STRETCH, move.size - first)
        for j in range(some):
            i = np.uint64(first + j)
            group[j] = factors.group_of[np.uint16(municipality[i])]
        for j in range(some):
            i = np.uint64(first + j)
            mine, why = np.int16(group[j] + np.int16(sex[i])), np.int16(reason[i])
            age = min(max(np.int16(now - birth_year[i]), zero), OLDEST)
            stay = min(max(np.int16(now - first_arrival_year[i]), zero), LONGEST)
            at[0, j] = (mine * AGES + age) * CLASSES + stay
            whose = np.int16(mine * REASONS + why)
            kept = whose * STATUSES + np.int16(status[i])
            at[1, j] = kept * EDUCATIONS + np.int16(education[i])
            size = np.int16(min(family_total[i], largest))
            at[2, j] = (whose * SIZES + size) * SIZES + np.int16(min(family_immigrants[i], largest))
            at[3, j] = why * ORIGINS + np.int16(origin[i])
            at[4, j] = why * PLACES + municipality[i]
        for j in range(some):
            both[j] = (
                factors.age[np.uint64(at[0, j])]
                + factors.traits[np.uint64(at[1, j])]
                + factors.family[np.uint64(at[2, j])]
                + factors.origin[np.uint64(at[3, j])]
                + factors.place[np.uint64(at[4, j])]
            )
        for j in range(some):
            i = np.uint64(first + j)
            here = (place[i] == 0) & ((covered >> np.uint32(background[i])) & np.uint32(1) != 0)
            moves = (np.int32(both[j] >> HALF) >> TO_CODE) - LEAST
            leaves = (np.int32(both[j] & LOWER) >> TO_CODE) - LEAST
            move[i] = np.uint8(min(max(moves, ONE), MOST) if here else NONE)
            emigrate[i] = np.uint8(min(max(leaves, ONE), MOST) if here else NONE)


@kernel
def combine(
    move: NDArray[np.uint8], emigrate: NDArray[np.uint8], of_both: NDArray[np.uint8]
) -> None:
    """Turn the bounds of moving into those of not staying, by both codes as one row."""
    for i in range(move.size):
        move[i] = of_both[np.uint16(move[i]) * np.uint16(256) + np.uint16(emigrate[i])]
