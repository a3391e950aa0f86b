"""Who leaves, where to and who comes back, on bare arrays.

An *entry* is a line of those abroad who are near to each other in all that matters.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

ORIGINS, STATES, DEGREES = 19, 30, 2
ALONE_BACK = 2
YOUNG, OLD = 18, 35  # ages at which destinations are others


class Entries(NamedTuple):
    """What entries are, a line each. left: year in which they left."""

    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    birth: NDArray[np.int64]
    background: NDArray[np.int64]
    alone: NDArray[np.int64]
    degree: NDArray[np.int64]
    left: NDArray[np.int64]
    origins: NDArray[np.float64]
    persons: NDArray[np.float64]


@kernel
def leavers(
    group: NDArray[np.int64],
    alone: NDArray[np.int64],
    birth: NDArray[np.int64],
    arrival: NDArray[np.int64],
    leaving: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Count leavers, their years of birth and of arrival: by group, being alone and degree."""
    for r in range(group.size):
        for degree in range(DEGREES):
            at, number = (group[r] * 2 + alone[r]) * 2 + degree, leaving[r, degree]
            found[0, at] += number
            found[1, at] += number * birth[r]
            found[2, at] += number * arrival[r]


@kernel
def head_for(
    entries: Entries, row: NDArray[np.int64], shares: NDArray[np.float64], year: int
) -> None:
    """Write how many of those who left in a year went where; before they are in the first column.

    row: first line of the shares of each entry's background. shares: of destinations by
    background, origin, degree and being young.
    """
    origins, persons, births, degrees = (
        entries.origins, entries.persons, entries.birth, entries.degree
    )  # fmt: skip
    for j in range(row.size):
        every, reached = persons[j, 0], year - births[j]
        persons[j, 0] = 0.0
        young = 1 if YOUNG <= reached <= OLD else 0
        for origin in range(ORIGINS):
            going = every * origins[j, origin]
            if going > 0.0:
                of = row[j] + (origin * DEGREES + degrees[j]) * 2 + young
                for k in range(persons.shape[1]):
                    persons[j, k] += going * shares[of, k]


@kernel
def come_back(
    entries: Entries, year: int, chances: NDArray[np.float64], back: NDArray[np.float64],
    before: NDArray[np.float64],
) -> None:  # fmt: skip
    """Take those who come back off, by destination; write how many they are, and were before.

    chances: by years since leaving, background, degree, origin and destination.
    """
    origins, persons = entries.origins, entries.persons
    backgrounds, degrees, left = entries.background, entries.degree, entries.left
    chance = np.empty(persons.shape[1])
    for j in range(left.size):
        of = chances[year - left[j], backgrounds[j], degrees[j]]
        chance[:] = 0.0
        back[j] = before[j] = 0.0
        if year <= left[j]:
            continue
        for origin in range(ORIGINS):
            share = origins[j, origin]
            if share > 0.0:
                for k in range(chance.size):
                    chance[k] += share * of[origin, k]
        for k in range(chance.size):
            coming = persons[j, k] * chance[k]
            before[j] += persons[j, k]
            back[j] += coming
            persons[j, k] -= coming


@kernel
def spread(
    entries: Entries, first: int, back: NDArray[np.float64], at: NDArray[np.int64],
    profile: NDArray[np.float64], early: NDArray[np.bool_], found: NDArray[np.float64],
) -> None:  # fmt: skip
    """Count who comes back by what they come to, how, and state.

    How: with a family, having left since the start or before; or alone. profile: shares of
    states by year of leaving from the first on, kind, sex, being alone and degree. early: by
    year of leaving, whether that was before the start.
    """
    kinds, sexes, alones = entries.kind, entries.sex, entries.alone
    degrees, left = entries.degree, entries.left
    for j in range(at.size):
        if back[j] > 0.0:
            alone = alones[j]
            states = profile[left[j] - first, kinds[j], sexes[j], alone, degrees[j]]
            how = ALONE_BACK if alone else 1 if early[left[j] - first] else 0
            for k in range(STATES):
                found[at[j], how, k] += back[j] * states[k]


@kernel
def die(entries: Entries, year: int, dying: NDArray[np.float64]) -> None:
    """Let people die abroad. dying: by sex and age reached."""
    births, sexes, persons = entries.birth, entries.sex, entries.persons
    for j in range(births.size):
        age = min(max(year - births[j], 0), dying.shape[1] - 1)
        for k in range(persons.shape[1]):
            persons[j, k] *= 1.0 - dying[sexes[j], age]
