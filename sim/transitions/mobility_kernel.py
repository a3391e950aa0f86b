"""The arithmetic of one year's moves on bare arrays.

Most persons stay, and most of them can be known to stay without their covariates. Each
person carries two ceilings: eight-bit upper bounds of the weights exp(V) of moving and of
emigrating (staying weighs 1), good for several years ahead (see ceilings_kernel). A year is then
three passes:

1. screen: compare each person's luck with the ceilings; a few per cent might go;
2. collect: list these candidates with their luck;
3. decide: weigh the candidates exactly, in 64-bit floating point.

The outcome is that of step 3 for everybody, whatever the ceilings, as long as they are
no lower than the weights (and 0 for those who are not asked: persons abroad or dead, and
backgrounds that the model does not cover). A test compares all persons with the rule
written for one.

Measured on one core, medians of 21 runs over 546,000 persons, in ns a person-year: weighing
everybody from five tables 5.9 (from three, with a vectorised index pass, 3.3), ceilings
0.9 with a yearly share of 0.35 for renewing them every tenth year.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

# Ages 0-120, durations 0-16+ and family sizes 0-255; then the numbers of codes.
AGES, CLASSES, SIZES = np.uint64(121), np.uint64(17), np.uint64(256)
REASONS, STATUSES, EDUCATIONS = np.uint64(6), np.uint64(5), np.uint64(6)
REGIONS, KINDS = np.uint64(3), np.uint64(7)  # country groups, and kinds of families
PLACES = np.uint64(428)  # municipalities
YOUNG, OLD, BOTH = np.uint64(20), np.uint64(35), np.uint64(2)  # ages of offsets of their own
OLDEST, LONGEST, AN_INT = 120, 16, np.int32(1)
# A ceiling is a float32 cut to eight steps an octave, from 2**-29 (code 1) to 8 (code 255).
SHIFT, OFFSET = np.int32(20), np.int32(785)
SLACK = 1.0001  # more than all float32 rounding on the way to a comparison
TINY, ONE = np.float32(2.0**-24), np.float32(1.0)
BYTE = np.uint32(8)
NEAR, SMALL = 1.001, 1e-3  # what the rounding of rough logarithms cannot reach


class Persons(NamedTuple):
    """The columns that decide how a person weighs moving and emigrating."""

    sex: NDArray[np.uint8]
    birth_year: NDArray[np.int16]
    first_arrival_year: NDArray[np.int16]
    reason: NDArray[np.uint8]
    status: NDArray[np.uint8]
    education: NDArray[np.uint8]
    family_total: NDArray[np.uint8]
    family_immigrants: NDArray[np.uint8]
    municipality: NDArray[np.int16]
    place: NDArray[np.uint8]
    background: NDArray[np.uint8]
    origin: NDArray[np.uint8]


class Tables(NamedTuple):
    """exp(V) as a product of eight factors, for moving (last index 0) and emigrating (1).

    Each of the first five tables has one row for every combination of a group (centrality * 2
    + sex) and a value: age, single year of duration, traits (reason, status and education
    together) or family size. `shift` is by reason and country group, `offset` by reason, kind
    of family and being 20-35, `place` by reason and municipality. `group_of` gives
    centrality * 2 by municipality, `region_of` the country group by origin, `kind_of` the kind
    of family by its size and the immigrants in it, and `covered` is 1 for the backgrounds that
    the model describes.
    """

    age: NDArray[np.floating]
    duration: NDArray[np.floating]
    traits: NDArray[np.floating]
    total: NDArray[np.floating]
    immigrants: NDArray[np.floating]
    shift: NDArray[np.floating]
    offset: NDArray[np.floating]
    place: NDArray[np.floating]
    group_of: NDArray[np.uint8]
    region_of: NDArray[np.uint8]
    kind_of: NDArray[np.uint8]
    covered: NDArray[np.uint8]


@inlined
def is_asked(persons: Persons, tables: Tables, i: np.uint64) -> bool:
    """Say whether person i is resident and of a background that the model covers."""
    return bool((persons.place[i] == 0) & (tables.covered[persons.background[i]] != 0))


@inlined
def weigh(
    persons: Persons, tables: Tables, year: int, i: np.uint64
) -> tuple[np.floating, np.floating]:
    """Return exp(V) of moving and of emigrating of person i, wherever they are.

    Positions are unsigned, and all of one width, so that numba neither looks for negative
    ones nor widens them.
    """
    group = np.uint64(tables.group_of[np.uint16(persons.municipality[i])])
    group += np.uint64(persons.sex[i])
    age = np.uint64(min(max(year - 1 - persons.birth_year[i], 0), OLDEST))
    stay = np.uint64(min(max(year - 1 - persons.first_arrival_year[i], 0), LONGEST))
    traits = group * REASONS + np.uint64(persons.reason[i])
    traits = traits * STATUSES + np.uint64(persons.status[i])
    traits = traits * EDUCATIONS + np.uint64(persons.education[i])
    young = np.uint64((age >= YOUNG) & (age <= OLD))
    age += group * AGES
    stay += group * CLASSES
    reason = np.uint64(persons.reason[i])
    shift = reason * REGIONS + np.uint64(tables.region_of[persons.origin[i]])
    size, same = np.uint64(persons.family_total[i]), np.uint64(persons.family_immigrants[i])
    offset = (reason * KINDS + np.uint64(tables.kind_of[size * SIZES + same])) * BOTH + young
    total, immigrants = group * SIZES + size, group * SIZES + same
    place = reason * PLACES + np.uint64(np.uint16(persons.municipality[i]))
    move = tables.age[age, 0] * tables.duration[stay, 0] * tables.traits[traits, 0]
    emigrate = tables.age[age, 1] * tables.duration[stay, 1] * tables.traits[traits, 1]
    move *= tables.total[total, 0] * tables.immigrants[immigrants, 0]
    emigrate *= tables.total[total, 1] * tables.immigrants[immigrants, 1]
    move *= tables.shift[shift, 0] * tables.offset[offset, 0]
    emigrate *= tables.shift[shift, 1] * tables.offset[offset, 1]
    move *= tables.place[place, 0]
    emigrate *= tables.place[place, 1]
    return move, emigrate


@kernel
def weigh_some(
    persons: Persons,
    tables: Tables,
    year: int,
    which: NDArray[np.int64],
    move: NDArray[np.float64],
    emigrate: NDArray[np.float64],
) -> None:
    """Write both weights of the persons at the positions `which`, 0 of those not asked."""
    for j in range(which.size):
        i = np.uint64(which[j])
        one, two = weigh(persons, tables, year, i)
        asked = is_asked(persons, tables, i)  # by choice, not times 0: 0 * inf has no value
        move[j], emigrate[j] = (one, two) if asked else (0.0, 0.0)


@kernel
def screen_explicit(
    words: NDArray[np.uint32],
    move_code: NDArray[np.uint8],
    emigrate_code: NDArray[np.uint8],
    shortest: NDArray[np.float32],
    ratio: NDArray[np.float32],
    bits: NDArray[np.int32],
    flag: NDArray[np.uint8],
) -> None:
    """Flag the persons who might not stay, given three words of luck: one an alternative.

    Staying wins if E_stay < E_k / w_k for both k, where E = -log(u). 1 / E_stay is at least
    `shortest` at its leading byte and E_k at least 1 - u_k, so that k can win only if w_k
    exceeds the product of the two. No logarithm is needed, and the comparison of codes with
    the product's bits (`bits` is `ratio` seen as integers) is done several persons at a time.
    """
    for i in range(move_code.size):  # by itself: a look-up keeps LLVM from vectorising a loop
        ratio[0, i] = shortest[words[0, i] >> np.uint32(24)]
    for i in range(move_code.size):
        least = ratio[0, i]
        ratio[0, i] = least * (ONE - np.float32(np.int32(words[1, i] >> BYTE) + AN_INT) * TINY)
        ratio[1, i] = least * (ONE - np.float32(np.int32(words[2, i] >> BYTE) + AN_INT) * TINY)
    for i in range(move_code.size):
        move, emigrate = np.int32(move_code[i]), np.int32(emigrate_code[i])
        moves = ((bits[0, i] >> SHIFT) - OFFSET < move) & (move > 0) | (move == 255)
        leaves = ((bits[1, i] >> SHIFT) - OFFSET < emigrate) & (emigrate > 0) | (emigrate == 255)
        flag[i] = moves | leaves


@kernel
def screen_threshold(
    words: NDArray[np.uint32],
    code: NDArray[np.uint8],
    luck: NDArray[np.float32],
    bits: NDArray[np.int32],
    flag: NDArray[np.uint8],
) -> None:
    """Flag the persons who might not stay, given one word of luck for the whole choice.

    code: ceiling of the probability of not staying. `bits` is `luck` seen as integers.
    """
    for i in range(code.size):
        luck[0, i] = np.float32(np.int32(words[0, i] >> BYTE)) * TINY
    for i in range(code.size):
        most = np.int32(code[i])  # 0: not asked, and not to be weighed even with luck 0
        flag[i] = ((bits[0, i] >> SHIFT) - OFFSET < most) & (most > 0)


@inlined
def differ(one: np.floating, other: np.floating) -> bool:
    """Say whether two numbers differ by more than what rounding can reach."""
    return bool((one > other * NEAR) | (other > one * NEAR))


@kernel
def decide_explicit(
    persons: Persons,
    tables: Tables,
    year: int,
    candidate: NDArray[np.int64],
    luck: NDArray[np.uint32],
    rough: NDArray[np.float32],
    outcome: NDArray[np.uint8],
) -> int:
    """Write the outcome of each candidate: the smallest of E_stay, E_move/w, E_emigrate/w.

    Those who go come first among the candidates in the end; return how many.

    rough: E = -log(u) of the three words, right to within 1e-7. Only where an E is small, or
    two of them over w nearly the same, are the logarithms taken. There is no other branch, since
    most candidates go and which way they go cannot be foreseen.
    """
    going = 0
    for j in range(candidate.size):
        i = np.uint64(candidate[j])
        move, emigrate = weigh(persons, tables, year, i)
        stay, go, leave = np.float64(rough[0, j]), np.float64(rough[1, j]), np.float64(rough[2, j])
        clear = (stay > SMALL) & (go > SMALL) & (leave > SMALL)
        clear &= differ(go, stay * move) & differ(leave, stay * emigrate)
        if not (clear & differ(leave * move, go * emigrate)):
            stay = -np.log((luck[0, j] + 0.5) * 2.0**-32)
            go = -np.log((luck[1, j] + 0.5) * 2.0**-32)
            leave = -np.log((luck[2, j] + 0.5) * 2.0**-32)
        moves, leaves = go < stay * move, leave < stay * emigrate
        sooner = leave * move < go * emigrate
        goes = 2 * (leaves & (sooner | (not moves))) + (moves & ((not leaves) | (not sooner)))
        outcome[i], candidate[going] = goes, i
        going += goes != 0
    return going


@kernel
def decide_threshold(
    persons: Persons,
    tables: Tables,
    year: int,
    candidate: NDArray[np.int64],
    luck: NDArray[np.uint32],
    outcome: NDArray[np.uint8],
) -> int:
    """Write the outcome of each candidate from one draw, in the order move, emigrate, stay.

    Those who go come first among the candidates in the end; return how many.
    There is no branch, since most candidates go and which way they go cannot be foreseen.
    """
    going = 0
    for j in range(candidate.size):
        i = np.uint64(candidate[j])
        move, emigrate = weigh(persons, tables, year, i)
        mark = (luck[0, j] + 0.5) * 2.0**-32 * (1.0 + move + emigrate)
        goes = 2 * (mark < move + emigrate) - (mark < move)
        outcome[i], candidate[going] = goes, i
        going += goes != 0
    return going
