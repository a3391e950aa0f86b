"""Expected flows over cells, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

EDUCATIONS, STATUSES, STATES, FAMILIES, ROLES = 6, 5, 30, 44, 5
REASONS, REGIONS, KINDS, AGES, CLASSES, SIZES = 6, 3, 7, 121, 17, 256
IMMIGRANT_KINDS = 18
LEVELS = 4
LONG_AGO, LONGEST, DEGREE, YOUNG, OLD = 0, 17, 4, 20, 35
YOUNGEST, OLDEST, LATEST = 16, 74, 75  # ages reached at which education and status change
BORN_GROUP = 6
STUDENT, EMPLOYED_STUDENT, OUTSIDE, NONE = 3, 2, 0, 0


class Rows(NamedTuple):
    """What a row is: parts of its type, and its place."""

    type: NDArray[np.int32]
    place: NDArray[np.int16]
    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    birth: NDArray[np.int64]
    arrival: NDArray[np.int64]
    schooled: NDArray[np.int64]


class Weights(NamedTuple):
    """The factors of exp(V), as sim.transitions.mobility has them for a year.

    traits: first of moving, then of leaving.
    """

    age: NDArray[np.float64]
    duration: NDArray[np.float64]
    traits: NDArray[np.float64]
    total: NDArray[np.float64]
    immigrants: NDArray[np.float64]
    shift: NDArray[np.float64]
    offset: NDArray[np.float64]


@kernel
def find_rows(
    types: NDArray[np.int64],
    place: NDArray[np.int64],
    row_of: NDArray[np.int32],
    count: int,
    row_type: NDArray[np.int32],
    row_place: NDArray[np.int16],
    found: NDArray[np.int64],
) -> int:
    """Write the row of each type and place; number new ones on. Return how many rows there are."""
    for j in range(types.size):
        at = row_of[types[j], place[j]]
        if at < 0:
            at = count
            row_of[types[j], place[j]] = at
            row_type[at] = types[j]
            row_place[at] = place[j]
            count += 1
        found[j] = at
    return count


@inlined
def _weigh(
    rows: Rows,
    w: Weights,
    year: int,
    r: int,
    level: int,
    sizes: NDArray[np.int64],
    same: NDArray[np.int64],
    kind_of: NDArray[np.uint8],
    reason_of: NDArray[np.int64],
    region_of: NDArray[np.int64],
) -> tuple[float, float, int]:
    """Return the weights of moving and of leaving but for traits, and where these begin.

    The factors are those that sim.transitions.mobility_kernel multiplies for one person.
    """
    t = rows.type[r]
    family = rows.place[r] % FAMILIES
    group = level * 2 + rows.sex[t]
    age = min(max(year - 1 - rows.birth[t], 0), AGES - 1)
    stay = CLASSES - 1
    if rows.arrival[t] != LONG_AGO:
        stay = min(max(year - 1 - rows.arrival[t], 0), CLASSES - 1)
    size, immigrants = sizes[family], same[family]
    young = 1 if YOUNG <= age <= OLD else 0
    reason = reason_of[rows.kind[t]]
    shift = reason * REGIONS + region_of[rows.kind[t]]
    offset = (reason * KINDS + kind_of[size * SIZES + immigrants]) * 2 + young
    a, d = group * AGES + age, group * CLASSES + stay
    total, i = group * SIZES + size, group * SIZES + immigrants
    move = w.age[a, 0] * w.duration[d, 0] * w.total[total, 0] * w.immigrants[i, 0]
    leave = w.age[a, 1] * w.duration[d, 1] * w.total[total, 1] * w.immigrants[i, 1]
    move *= w.shift[shift, 0] * w.offset[offset, 0]
    leave *= w.shift[shift, 1] * w.offset[offset, 1]
    return move, leave, (group * REASONS + reason) * STATES


@inlined
def _total(persons: NDArray[np.float64]) -> float:
    """Return the sum over states; three sums side by side, since one waits for itself."""
    one, two, three = 0.0, 0.0, 0.0
    for k in range(0, STATES, 3):
        one += persons[k]
        two += persons[k + 1]
        three += persons[k + 2]
    return one + two + three


@inlined
def _go(
    traits: tuple[NDArray[np.float64], NDArray[np.float64]],
    move: float,
    leave: float,
    part: float,
    persons: NDArray[np.float64],
    here: NDArray[np.float64],
) -> None:
    """Write the expected movers and leavers of a part of the persons, by state."""
    for k in range(STATES):
        m, e = move * traits[0][k], leave * traits[1][k]
        share = persons[k] * part / (1.0 + m + e)
        here[0, k] = share * m
        here[1, k] = share * e


@inlined
def _go_if_born(
    traits: tuple[NDArray[np.float64], NDArray[np.float64]],
    move: float,
    chances: NDArray[np.float64],
    part: float,
    persons: NDArray[np.float64],
    here: NDArray[np.float64],
) -> None:
    """Do the same for Norwegian-born persons: some leave, and some of the others move."""
    for k in range(STATES):
        gone = persons[k] * part * chances[1 if k % EDUCATIONS >= DEGREE else 0]
        m = move * traits[0][k]
        here[0, k] = (persons[k] * part - gone) * m / (1.0 + m)
        here[1, k] = gone


@kernel
def choose(
    rows: Rows,
    weights: Weights,
    moves_of_born: Weights,
    leaves_of_born: NDArray[np.float64],
    covered: bool,
    year: int,
    sizes: NDArray[np.int64],
    same: NDArray[np.int64],
    kind_of: NDArray[np.uint8],
    reason_of: NDArray[np.int64],
    region_of: NDArray[np.int64],
    levels: NDArray[np.float64],
    factor: NDArray[np.float64],
    mass: NDArray[np.float64],
    moved: NDArray[np.float64],
    moving: NDArray[np.float64],
    leaving: NDArray[np.float64],
    by_level: NDArray[np.float64],
    profile: NDArray[np.float64],
) -> None:
    """Let the expected share of every state of every row move and leave; leavers are taken off.

    covered: whether the models of immigrants describe the Norwegian-born too; otherwise
        `leaves_of_born` says who of them leaves (origin, degree, age reached), and
        `moves_of_born` who of the others moves.
    levels: shares of the levels of centrality by type, if rows are not of one place each.
    factor: of the place, by reason and place, or its mean by type and level.
    moving, leaving: movers by row, leavers by row and degree. moved: movers by state, if it
        has rows. by_level: movers and leavers by type and level. profile: leavers by kind, sex,
        being alone, degree and state.
    """
    fine = levels.shape[0] == 0
    each, here = np.empty((2, STATES)), np.empty((2, STATES))
    for r in range(rows.type.size):
        t = rows.type[r]
        level = rows.place[r] // (FAMILIES * ROLES)
        kind = rows.kind[t]
        born = kind >= IMMIGRANT_KINDS and not covered
        each[:] = 0.0
        for seen in range(LEVELS):
            part = levels[t, seen] if not fine else 1.0 if seen == level % LEVELS else 0.0
            if part > 0.0:
                w = moves_of_born if born else weights
                move, leave, first = _weigh(rows, w, year, r, seen, sizes, same, kind_of,
                                            reason_of, region_of)  # fmt: skip
                at, of = (reason_of[kind], level) if fine else (t, seen)
                move, leave = move * factor[at, of, 0], leave * factor[at, of, 1]
                traits = w.traits[0, first : first + STATES], w.traits[1, first : first + STATES]
                if born:
                    reached = min(max(year - rows.birth[t], 0), leaves_of_born.shape[2] - 1)
                    chances = leaves_of_born[kind - IMMIGRANT_KINDS, :, reached]
                    _go_if_born(traits, move, chances, part, mass[r], here)
                else:
                    _go(traits, move, leave, part, mass[r], here)
                for outcome in range(2):
                    by_level[t, seen, outcome] += _total(here[outcome])
                    for k in range(STATES):
                        each[outcome, k] += here[outcome, k]
        alone = 1 if sizes[rows.place[r] % FAMILIES] == 1 else 0
        moving[r] = leaving[r, 0] = leaving[r, 1] = 0.0
        for k in range(STATES):
            if mass[r, k] > 0.0:
                degree = 1 if k % EDUCATIONS >= DEGREE else 0
                mass[r, k] -= each[1, k]
                moving[r] += each[0, k]
                leaving[r, degree] += each[1, k]
                profile[kind, rows.sex[t], alone, degree, k] += each[1, k]
                if moved.shape[0] > 0:
                    moved[r, k] = each[0, k]


@kernel
def shift_mass(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    share: NDArray[np.float64],
    mass: NDArray[np.float64],
    gained: NDArray[np.float64],
) -> None:
    """Let rows get from others, all at once; the shares are of what the source held before.

    gained: room for what rows get, zero before and after.
    """
    touched = np.zeros(mass.shape[0], dtype=np.bool_)
    rows, n = np.empty(2 * source.size, dtype=np.int64), 0
    for j in range(source.size):
        s, t, part = source[j], target[j], share[j]
        for r in (s, t):
            if not touched[r]:
                touched[r] = True
                rows[n] = r
                n += 1
        for k in range(STATES):
            flow = mass[s, k] * part
            gained[t, k] += flow
            gained[s, k] -= flow
    for r in rows[:n]:
        for k in range(STATES):
            mass[r, k] += gained[r, k]
            gained[r, k] = 0.0


@kernel
def persons_of(mass: NDArray[np.float64], persons: NDArray[np.float64]) -> None:
    """Write how many persons each row holds."""
    for r in range(mass.shape[0]):
        persons[r] = _total(mass[r])


@kernel
def heaviest(
    group: NDArray[np.int64], persons: NDArray[np.float64], best: NDArray[np.int64]
) -> None:
    """Write which row of each group holds most persons; -1 of a group without rows."""
    best[:] = -1
    for r in range(group.size):
        known = best[group[r]]
        if known < 0 or persons[r] > persons[known]:
            best[group[r]] = r


@kernel
def put_in(
    target: NDArray[np.int64],
    persons: NDArray[np.float64],
    share: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> None:
    """Add to each row a share of these persons by state."""
    for j in range(target.size):
        for k in range(mass.shape[1]):
            mass[target[j], k] += persons[j, k] * share[j]


@kernel
def count_in(
    target: NDArray[np.int64],
    column: NDArray[np.int64],
    persons: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> None:
    """Add persons to rows, each in one column."""
    for j in range(target.size):
        mass[target[j], column[j]] += persons[j]


@kernel
def pour(source: NDArray[np.int64], target: NDArray[np.int64], mass: NDArray[np.float64]) -> None:
    """Pour what rows hold into others."""
    for j in range(source.size):
        s, t = source[j], target[j]
        for k in range(mass.shape[1]):
            mass[t, k] += mass[s, k]
            mass[s, k] = 0.0


@inlined
def _learn(
    persons: NDArray[np.float64],
    first: int,
    by_level: NDArray[np.float64],
    moving: NDArray[np.float64],
    registered: float,
    foreign: NDArray[np.float64],
    stay: int,
) -> None:
    """Let the education of persons of one status rise, or be registered."""
    for level in range(EDUCATIONS):
        by_level[level] = persons[first + level]
    for level in range(EDUCATIONS - 1):
        rise = registered if level == NONE else 0.0 if stay == 0 else moving[level, level + 1]
        if by_level[level] == 0.0 or rise == 0.0:
            continue
        persons[first + level] -= by_level[level] * rise
        above = 1.0 if level == NONE else rise
        scale = rise if level == NONE else 1.0
        for higher in range(level + 1, EDUCATIONS):
            beyond = 0.0
            if higher + 1 < EDUCATIONS:
                beyond = foreign[higher + 1] if level == NONE else moving[level, higher + 1]
            beyond = min(beyond, above)
            persons[first + higher] += by_level[level] * scale * (above - beyond)
            above = beyond


@inlined
def _work(
    persons: NDArray[np.float64],
    after: NDArray[np.float64],
    keep: NDArray[np.float64],
    new: NDArray[np.float64],
) -> None:
    """Let persons keep their status or get another, at every level of education."""
    for level in range(EDUCATIONS):
        gone = 0.0
        for status in range(STATUSES):
            k = status * EDUCATIONS + level
            after[k] = persons[k] * keep[status]
            gone += persons[k] - after[k]
        for status in range(STATUSES):
            k = status * EDUCATIONS + level
            persons[k] = after[k] + gone * new[status]


@kernel
def learn_and_work(
    rows: Rows,
    year: int,
    learns: bool,
    works: bool,
    reason_of: NDArray[np.int64],
    moving: NDArray[np.float64],
    registering: NDArray[np.float64],
    foreign: NDArray[np.float64],
    keep: NDArray[np.float64],
    new: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> None:
    """Let education rise or be registered, then status change, in every row.

    moving: chance of at least a level by schooled here, sex, age reached, in education, level
        now, level then. registering: by years of stay. foreign: chance of at least a level by
        group, sex, age reached. keep: chance of keeping a status by group, sex, age reached,
        stay, status; new: chance of each new one.
    """
    after = np.empty(STATES)
    by_level = np.empty(EDUCATIONS)
    for r in range(rows.type.size):
        t = rows.type[r]
        stay = LONGEST if rows.arrival[t] == LONG_AGO else min(year - rows.arrival[t], LONGEST)
        sex, a = rows.sex[t], year - rows.birth[t] - YOUNGEST
        group = BORN_GROUP if rows.kind[t] >= IMMIGRANT_KINDS else reason_of[rows.kind[t]]
        if learns and 0 <= a <= OLDEST - YOUNGEST and stay >= 0:
            here = rows.schooled[t]
            school = BORN_GROUP if here else group
            for status in range(STATUSES):
                studies = 1 if status in (STUDENT, EMPLOYED_STUDENT) else 0
                _learn(mass[r], status * EDUCATIONS, by_level, moving[here, sex, a, studies],
                       registering[stay], foreign[school, sex, a], stay)  # fmt: skip
        if works and a > OLDEST - YOUNGEST and stay > 0:
            for k in range(EDUCATIONS, STATES):
                mass[r, k % EDUCATIONS] += mass[r, k]
                mass[r, k] = 0.0
        elif works and a >= 0 and stay > 0:
            _work(mass[r], after, keep[group, sex, a, stay - 1], new[group, sex, a, stay - 1])
