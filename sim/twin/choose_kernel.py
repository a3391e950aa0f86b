"""Who stays, moves or leaves: the shares of expected persons, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

EDUCATIONS, STATES, FAMILIES, ROLES = 6, 30, 44, 5
REASONS, REGIONS, KINDS, AGES, CLASSES, SIZES = 6, 3, 7, 121, 17, 256
IMMIGRANT_KINDS = 18
LEVELS = 4
LONG_AGO, DEGREE, YOUNG, OLD = 0, 4, 20, 35


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
    traits: of moving and of leaving, by group and state; the others end with the outcome.
    """

    age: NDArray[np.float64]
    duration: NDArray[np.float64]
    traits: NDArray[np.float64]
    total: NDArray[np.float64]
    immigrants: NDArray[np.float64]
    shift: NDArray[np.float64]
    offset: NDArray[np.float64]


@inlined
def _total(persons: NDArray[np.float64]) -> float:
    """Return the sum over states; three sums side by side, since one waits for itself."""
    one, two, three = 0.0, 0.0, 0.0
    for k in range(0, STATES, 3):
        one += persons[k]
        two += persons[k + 1]
        three += persons[k + 2]
    return one + two + three


@kernel
def weigh(
    rows: Rows,
    weights: Weights,
    covered: bool,
    year: int,
    sizes: NDArray[np.int64],
    same: NDArray[np.int64],
    kind_of: NDArray[np.uint8],
    reason_of: NDArray[np.int64],
    region_of: NDArray[np.int64],
    found: NDArray[np.float64],
) -> None:
    """Write the weights of moving and of leaving but for traits and places, by row and level.

    The factors are those that sim.transitions.mobility_kernel multiplies for one person.
    """
    type_of, place, kinds, sexes, births = rows.type, rows.place, rows.kind, rows.sex, rows.birth
    arrivals, ages, durations = rows.arrival, weights.age, weights.duration
    totals, immigrants, shifts = weights.total, weights.immigrants, weights.shift
    offsets = weights.offset
    for r in range(type_of.size):
        t, family = type_of[r], place[r] % FAMILIES
        b = 1 if kinds[t] >= IMMIGRANT_KINDS and not covered else 0
        age = min(max(year - 1 - births[t], 0), AGES - 1)
        stay = CLASSES - 1
        if arrivals[t] != LONG_AGO:
            stay = min(max(year - 1 - arrivals[t], 0), CLASSES - 1)
        young = 1 if YOUNG <= age <= OLD else 0
        reason, size = reason_of[kinds[t]], sizes[family]
        shift = reason * REGIONS + region_of[kinds[t]]
        offset = (reason * KINDS + kind_of[size * SIZES + same[family]]) * 2 + young
        for outcome in range(2):
            usual = shifts[b, shift, outcome] * offsets[b, offset, outcome]
            for level in range(LEVELS):
                group = level * 2 + sexes[t]
                found[r, level, outcome] = (
                    ages[b, group * AGES + age, outcome]
                    * durations[b, group * CLASSES + stay, outcome]
                    * totals[b, group * SIZES + size, outcome]
                    * immigrants[b, group * SIZES + same[family], outcome] * usual
                )  # fmt: skip


@inlined
def _go(
    traits: NDArray[np.float64],
    of: int,
    move: float,
    leave: float,
    mass: NDArray[np.float64],
    r: int,
    part: float,
    moves: NDArray[np.float64],
    leaves: NDArray[np.float64],
) -> None:
    """Write the expected movers and leavers of a part of a row, by state.

    np.divide, and indices that are never below 0, let the compiler take four states at once.
    """
    for k in range(STATES):
        m, e = move * traits[0, 0, of, k], leave * traits[0, 1, of, k]
        share = np.divide(mass[r, k] * part, 1.0 + m + e)
        moves[k] = share * m
        leaves[k] = share * e


@inlined
def _go_if_born(
    traits: NDArray[np.float64],
    of: int,
    move: float,
    chance: NDArray[np.float64],
    mass: NDArray[np.float64],
    r: int,
    part: float,
    moves: NDArray[np.float64],
    leaves: NDArray[np.float64],
) -> None:
    """Do the same for Norwegian-born persons: some leave, and some of the others move."""
    for k in range(STATES):
        gone = mass[r, k] * part * chance[k]
        m = move * traits[1, 0, of, k]
        moves[k] = np.divide((mass[r, k] * part - gone) * m, 1.0 + m)
        leaves[k] = gone


@inlined
def _of_born(
    leaves_of_born: NDArray[np.float64], origin: int, reached: int, chance: NDArray[np.float64]
) -> None:
    """Write the chance that Norwegian-born persons leave, by state."""
    age = min(max(reached, 0), leaves_of_born.shape[2] - 1)
    for k in range(STATES):
        chance[k] = leaves_of_born[origin, 1 if k % EDUCATIONS >= DEGREE else 0, age]


@inlined
def _with_degree(leavers: NDArray[np.float64]) -> float:
    """Return how many leavers have a degree."""
    many = 0.0
    for first in range(0, STATES, EDUCATIONS):
        many += leavers[first + 4] + leavers[first + 5]
    return many


@kernel
def choose(
    rows: Rows,
    weight: NDArray[np.float64],
    traits: NDArray[np.float64],
    leaves_of_born: NDArray[np.float64],
    covered: bool,
    year: int,
    sizes: NDArray[np.int64],
    reason_of: NDArray[np.int64],
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

    weight: as `weigh` found it. covered: whether the models of immigrants describe the
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
    moves, leaves, chance = np.empty(STATES), np.empty(STATES), np.empty(STATES)
    all_moves, all_leaves = np.empty(STATES), np.empty(STATES)
    for r in range(type_of.size):
        t = type_of[r]
        level = place[r] // (FAMILIES * ROLES)
        kind, group, reason = kinds[t], group_of[t], reason_of[kinds[t]]
        born = kind >= IMMIGRANT_KINDS and not covered
        if born:
            _of_born(leaves_of_born, kind - IMMIGRANT_KINDS, year - births[t], chance)
        all_moves[:] = 0.0
        all_leaves[:] = 0.0
        for seen in range(LEVELS):
            part = levels[group, seen] if not fine else 1.0 if seen == level % LEVELS else 0.0
            if part > 0.0:
                at, of = (reason, level) if fine else (group, seen)
                move = weight[r, seen, 0] * factor[at, of, 0] * ratio[t, 0]
                leave = weight[r, seen, 1] * factor[at, of, 1] * ratio[t, 1]
                of = (seen * 2 + sexes[t]) * REASONS + reason
                if born:
                    _go_if_born(traits, of, move, chance, mass, r, part, moves, leaves)
                else:
                    _go(traits, of, move, leave, mass, r, part, moves, leaves)
                by_level[group, seen, 0] += _total(moves)
                by_level[group, seen, 1] += _total(leaves)
                for k in range(STATES):
                    all_moves[k] += moves[k]
                    all_leaves[k] += leaves[k]
        alone = 1 if sizes[place[r] % FAMILIES] == 1 else 0
        moving[r] = _total(all_moves)
        leaving[r, 1] = _with_degree(all_leaves)
        leaving[r, 0] = max(_total(all_leaves) - leaving[r, 1], 0.0)
        for k in range(STATES):
            mass[r, k] -= all_leaves[k]
            profile[kind, sexes[t], alone, k] += all_leaves[k]
        for k in range(STATES if keep else 0):
            moved[r, k] = all_moves[k]
