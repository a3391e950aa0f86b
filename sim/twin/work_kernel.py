"""Education and work of expected persons, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

EDUCATIONS, STATUSES, STATES = 6, 5, 30
IMMIGRANT_KINDS = 18
LONG_AGO, LONGEST = 0, 17
YOUNGEST, OLDEST = 16, 74  # ages reached at which education and status change
BORN_GROUP = 6
STUDENT, EMPLOYED_STUDENT, NONE = 3, 2, 0


class Rows(NamedTuple):
    """What a row is: parts of its type."""

    type: NDArray[np.int32]
    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    birth: NDArray[np.int64]
    arrival: NDArray[np.int64]
    schooled: NDArray[np.int64]


@inlined
def _learn(
    persons: NDArray[np.float64],
    first: int,
    by_level: NDArray[np.float64],
    moving: NDArray[np.float64],
    at: tuple[int, int, int, int],
    registered: float,
    foreign: NDArray[np.float64],
    school: int,
    stay: int,
) -> None:
    """Let the education of persons of one status rise, or be registered."""
    here, sex, a, studies = at
    for level in range(EDUCATIONS):
        by_level[level] = persons[first + level]
    for level in range(EDUCATIONS - 1):
        rise = registered
        if level != NONE:
            rise = 0.0 if stay == 0 else moving[here, sex, a, studies, level, level + 1]
        if by_level[level] == 0.0 or rise == 0.0:
            continue
        persons[first + level] -= by_level[level] * rise
        above = 1.0 if level == NONE else rise
        scale = rise if level == NONE else 1.0
        for higher in range(level + 1, EDUCATIONS):
            beyond = 0.0
            if higher + 1 < EDUCATIONS:
                beyond = foreign[school, sex, a, higher + 1]
                if level != NONE:
                    beyond = moving[here, sex, a, studies, level, higher + 1]
            beyond = min(beyond, above)
            persons[first + higher] += by_level[level] * scale * (above - beyond)
            above = beyond


@inlined
def _work(
    persons: NDArray[np.float64],
    keep: NDArray[np.float64],
    new: NDArray[np.float64],
    at: tuple[int, int, int, int],
    gone: NDArray[np.float64],
) -> None:
    """Let persons keep their status or get another, at every level of education."""
    group, sex, a, stay = at
    for level in range(EDUCATIONS):
        gone[level] = 0.0
    for status in range(STATUSES):
        share, first = keep[group, sex, a, stay, status], status * EDUCATIONS
        for level in range(EDUCATIONS):
            gone[level] += persons[first + level] * (1.0 - share)
            persons[first + level] *= share
    for status in range(STATUSES):
        share, first = new[group, sex, a, stay, status], status * EDUCATIONS
        for level in range(EDUCATIONS):
            persons[first + level] += gone[level] * share


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
    persons, by_level = np.empty(STATES), np.empty(EDUCATIONS)
    type_of, kinds, sexes = rows.type, rows.kind, rows.sex
    births, arrivals, schooled = rows.birth, rows.arrival, rows.schooled
    for r in range(type_of.size):
        t = type_of[r]
        stay = LONGEST if arrivals[t] == LONG_AGO else min(year - arrivals[t], LONGEST)
        sex, a = sexes[t], year - births[t] - YOUNGEST
        group = BORN_GROUP if kinds[t] >= IMMIGRANT_KINDS else reason_of[kinds[t]]
        for k in range(STATES):
            persons[k] = mass[r, k]
        if learns and 0 <= a <= OLDEST - YOUNGEST and stay >= 0:
            school = BORN_GROUP if schooled[t] else group
            for status in range(STATUSES):
                studies = 1 if status in (STUDENT, EMPLOYED_STUDENT) else 0
                _learn(persons, status * EDUCATIONS, by_level, moving,
                       (schooled[t], sex, a, studies), registering[stay], foreign, school,
                       stay)  # fmt: skip
        if works and a > OLDEST - YOUNGEST and stay > 0:
            for k in range(EDUCATIONS, STATES):
                persons[k % EDUCATIONS] += persons[k]
                persons[k] = 0.0
        elif works and a >= 0 and stay > 0:
            _work(persons, keep, new, (group, sex, a, stay - 1), by_level)
        for k in range(STATES):
            mass[r, k] = persons[k]
