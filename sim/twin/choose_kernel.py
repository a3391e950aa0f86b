"""Who stays, moves or leaves: the shares of expected persons, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

EDUCATIONS, STATES, LINE, FAMILIES, ROLES = 6, 30, 32, 44, 5
REASONS, REGIONS, KINDS, AGES, CLASSES, SIZES = 6, 3, 7, 121, 17, 256
IMMIGRANT_KINDS = 18
LEVELS = 4
DEGREE, YOUNG, OLD = 4, 20, 35
COUNTY_YOUNG, COUNTY_OLD = 20, 35  # ages at which people move to other counties more often


class Rows(NamedTuple):
    """What a row is: parts of its type, and its place."""

    type: NDArray[np.int32]
    place: NDArray[np.int16]
    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    birth: NDArray[np.int64]
    arrival: NDArray[np.int64]


class Weights(NamedTuple):
    """The factors of exp(V), as sim.transitions.mobility has them for a year.

    Each first those of the models of immigrants, then those by which the Norwegian-born move.
    traits: by group, of moving and of leaving, by state; the others end with the outcome.
    """

    age: NDArray[np.float64]
    duration: NDArray[np.float64]
    traits: NDArray[np.float64]
    total: NDArray[np.float64]
    immigrants: NDArray[np.float64]
    shift: NDArray[np.float64]
    offset: NDArray[np.float64]


@inlined
def _weigh(
    weights: tuple[NDArray[np.float64], ...],
    b: int,
    sex: int,
    at: tuple[int, int, int, int],
    usual: tuple[int, int],
    weight: NDArray[np.float64],
) -> None:
    """Write the weights of moving and of leaving but for traits and places, by level.

    The factors are those that sim.transitions.mobility_kernel multiplies for one person. b: 1 for
    the Norwegian-born, where models of immigrants do not describe them. at: age, class of stay,
    members of the family and immigrants among them. usual: what shifts and offsets are told by.
    """
    ages, durations, totals, immigrants, shifts, offsets = weights
    age, stay, size, same = at
    for outcome in range(2):
        factor = shifts[b, usual[0], outcome] * offsets[b, usual[1], outcome]
        for level in range(LEVELS):
            group = level * 2 + sex
            weight[level, outcome] = (
                ages[b, group * AGES + age, outcome]
                * durations[b, group * CLASSES + stay, outcome]
                * totals[b, group * SIZES + size, outcome]
                * immigrants[b, group * SIZES + same, outcome] * factor
            )  # fmt: skip


@inlined
def _go(
    traits: NDArray[np.float64],
    of: NDArray[np.int64],
    odds: NDArray[np.float64],
    held: NDArray[np.float64],
    moves: NDArray[np.float64],
    leaves: NDArray[np.float64],
    gone: NDArray[np.float64],
) -> None:
    """Write the expected movers and leavers of a row by level and state, and who is gone.

    odds: by level, those of moving and of leaving but for traits, and the share that lives there.
    All levels take one division: it is by the product of what each would be divided by.
    """
    of0, of1, of2, of3 = of
    m0, m1, m2, m3 = odds[:, 0]
    e0, e1, e2, e3 = odds[:, 1]
    part0, part1, part2, part3 = odds[:, 2]
    for k in range(LINE):
        a0, b0 = m0 * traits[of0, 0, k], e0 * traits[of0, 1, k]
        a1, b1 = m1 * traits[of1, 0, k], e1 * traits[of1, 1, k]
        a2, b2 = m2 * traits[of2, 0, k], e2 * traits[of2, 1, k]
        a3, b3 = m3 * traits[of3, 0, k], e3 * traits[of3, 1, k]
        all0, all1, all2, all3 = 1.0 + a0 + b0, 1.0 + a1 + b1, 1.0 + a2 + b2, 1.0 + a3 + b3
        first, last = all0 * all1, all2 * all3
        each = np.divide(held[k], first * last)
        s0, s1 = part0 * each * last * all1, part1 * each * last * all0
        s2, s3 = part2 * each * first * all3, part3 * each * first * all2
        moves[0, k], moves[1, k], moves[2, k], moves[3, k] = s0 * a0, s1 * a1, s2 * a2, s3 * a3
        b0, b1, b2, b3 = s0 * b0, s1 * b1, s2 * b2, s3 * b3
        leaves[0, k], leaves[1, k], leaves[2, k], leaves[3, k] = b0, b1, b2, b3
        gone[k] = (b0 + b1) + (b2 + b3)


@inlined
def _go_if_born(
    traits: NDArray[np.float64],
    of: NDArray[np.int64],
    odds: NDArray[np.float64],
    held: NDArray[np.float64],
    chance: NDArray[np.float64],
    moves: NDArray[np.float64],
    leaves: NDArray[np.float64],
    gone: NDArray[np.float64],
) -> None:
    """Do the same for Norwegian-born persons: some leave, and some of the others move."""
    for k in range(LINE):
        gone[k] = held[k] * chance[k]
    for level in range(LEVELS):
        odd, part, traits_of = odds[level, 0], odds[level, 2], of[level]
        for k in range(LINE):
            m = odd * traits[traits_of, 0, k]
            moves[level, k] = np.divide((held[k] - gone[k]) * part * m, 1.0 + m)
            leaves[level, k] = gone[k] * part


@inlined
def _of_born(
    leaves_of_born: NDArray[np.float64], origin: int, reached: int, chance: NDArray[np.float64]
) -> None:
    """Write the chance that Norwegian-born persons leave, by state."""
    age = min(max(reached, 0), leaves_of_born.shape[2] - 1)
    for k in range(STATES):
        chance[k] = leaves_of_born[origin, 1 if k % EDUCATIONS >= DEGREE else 0, age]


@inlined
def _fold(persons: NDArray[np.float64]) -> None:
    """Add up all but four of the numbers of each level: halves, since a sum waits for itself."""
    for level in range(LEVELS):
        for k in range(16):
            persons[level, k] += persons[level, k + 16]
        for k in range(8):
            persons[level, k] += persons[level, k + 8]
        for k in range(4):
            persons[level, k] += persons[level, k + 4]


@inlined
def _count(
    moves: NDArray[np.float64], leaves: NDArray[np.float64], by_level: NDArray[np.float64]
) -> tuple[float, float]:
    """Count movers and leavers by level; return how many both are."""
    moving, left = 0.0, 0.0
    _fold(moves)
    _fold(leaves)
    for level in range(LEVELS):
        m, e = moves[level], leaves[level]
        goes, leave = (m[0] + m[1]) + (m[2] + m[3]), (e[0] + e[1]) + (e[2] + e[3])
        by_level[level, 0] += goes
        by_level[level, 1] += leave
        moving += goes
        left += leave
    return moving, left


@inlined
def _with_degree(leavers: NDArray[np.float64]) -> float:
    """Return how many leavers have a degree."""
    many = 0.0
    for first in range(0, STATES, EDUCATIONS):
        many += leavers[first + 4] + leavers[first + 5]
    return many


@inlined
def _odds(
    at: tuple[int, int, int, int],
    fine: bool,
    weight: NDArray[np.float64],
    levels: NDArray[np.float64],
    factor: NDArray[np.float64],
    ratio: NDArray[np.float64],
    odds: NDArray[np.float64],
) -> None:
    """Write what `_go` asks of a row. at: its group, reason, type and place."""
    group, reason, t, place = at
    for level in range(LEVELS):
        if fine:
            move, leave = factor[reason, place, 0], factor[reason, place, 1]
            odds[level, 2] = 1.0 if place % LEVELS == level else 0.0
        else:
            move, leave = factor[group, level, 0], factor[group, level, 1]
            odds[level, 2] = levels[group, level]
        odds[level, 0] = weight[level, 0] * move * ratio[t, 0]
        odds[level, 1] = weight[level, 1] * leave * ratio[t, 1]


@kernel
def choose(
    rows: Rows,
    weights: Weights,
    leaves_of_born: NDArray[np.float64],
    covered: bool,
    year: int,
    sizes: NDArray[np.int64],
    same: NDArray[np.int64],
    kind_of: NDArray[np.uint8],
    reason_of: NDArray[np.int64],
    region_of: NDArray[np.int64],
    group_of: NDArray[np.int64],
    levels: NDArray[np.float64],
    factor: NDArray[np.float64],
    ratio: NDArray[np.float64],
    mass: NDArray[np.float64],
    moved: NDArray[np.float64],
    moving: NDArray[np.float64],
    leaving: NDArray[np.float64],
    by_level: NDArray[np.float64],
    profile: NDArray[np.float64],
) -> None:
    """Let the expected share of every state of every row move and leave; leavers are taken off.

    covered: whether the models of immigrants describe the
        Norwegian-born too; otherwise `leaves_of_born` says who of them leaves (origin, degree,
        age reached), and some of the others move.
    group_of: group of each type. levels: shares of the levels of centrality by group, if rows
        are not of one place each.
    factor: of the place, by reason and place, or its mean by group and level. ratio: by type.
    moving, leaving: movers by row, leavers by row and degree. moved: movers by state, if it
        has rows. by_level: movers and leavers by group and level. profile: leavers by kind,
        sex, being alone and state.
    """
    type_of, place, kinds, sexes, births = rows.type, rows.place, rows.kind, rows.sex, rows.birth
    fine, keep = levels.shape[0] == 0, moved.shape[0] > 0
    arrivals, traits_of, traits_of_born = rows.arrival, weights.traits[0], weights.traits[1]
    factors = (weights.age, weights.duration, weights.total, weights.immigrants, weights.shift,
               weights.offset)  # fmt: skip
    held, gone, chance = np.zeros((3, LINE))
    (moves, leaves), odds = np.zeros((2, LEVELS, LINE)), np.empty((LEVELS, 3))
    of, weight = np.empty(LEVELS, dtype=np.int64), np.empty((LEVELS, 2))
    for r in range(type_of.size):
        t, family = type_of[r], place[r] % FAMILIES
        kind, group, sex = kinds[t], group_of[t], sexes[t]
        reason, born = reason_of[kind], kind >= IMMIGRANT_KINDS and not covered
        age = min(max(year - 1 - births[t], 0), AGES - 1)
        stay = min(max(year - 1 - arrivals[t], 0), CLASSES - 1)  # the year 0 is long ago
        offset = (reason * KINDS + kind_of[sizes[family] * SIZES + same[family]]) * 2
        offset += 1 if YOUNG <= age <= OLD else 0
        _weigh(factors, 1 if born else 0, sex, (age, stay, sizes[family], same[family]),
               (reason * REGIONS + region_of[kind], offset), weight)  # fmt: skip
        for level in range(LEVELS):
            of[level] = (level * 2 + sex) * REASONS + reason
        _odds((group, reason, t, place[r] // (FAMILIES * ROLES)), fine, weight, levels, factor,
              ratio, odds)  # fmt: skip
        for k in range(LINE):
            held[k] = mass[r, k]
        if born:
            _of_born(leaves_of_born, kind - IMMIGRANT_KINDS, year - births[t], chance)
            _go_if_born(traits_of_born, of, odds, held, chance, moves, leaves, gone)
        else:
            _go(traits_of, of, odds, held, moves, leaves, gone)
        alone = 1 if sizes[family] == 1 else 0
        for k in range(LINE):
            mass[r, k] = held[k] - gone[k]
            profile[kind, sex, alone, k] += gone[k]
        for k in range(LINE if keep else 0):
            moved[r, k] = moves[0, k] + moves[1, k] + moves[2, k] + moves[3, k]
        moving[r], left = _count(moves, leaves, by_level[group])
        leaving[r, 1] = _with_degree(gone)
        leaving[r, 0] = max(left - leaving[r, 1], 0.0)


@kernel
def away(
    kinds: NDArray[np.int64],
    births: NDArray[np.int64],
    families: NDArray[np.int64],
    backgrounds: NDArray[np.int64],
    year: int,
    reason_of: NDArray[np.int64],
    kind_of_family: NDArray[np.int64],
    chances: NDArray[np.float64],
    covered: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Write the chance of moving to another county at the same level by row.

    chances: by reason, kind of family (by class) and being young. covered: by background.
    """
    for r in range(kinds.size):
        young = 1 if COUNTY_YOUNG <= year - 1 - births[r] <= COUNTY_OLD else 0
        chance = chances[reason_of[kinds[r]], kind_of_family[families[r]], young]
        found[r] = chance * covered[backgrounds[r]]
