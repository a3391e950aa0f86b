"""Expected persons put into rows, and from rows to rows, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

LINE, FAMILIES, ROLES, IMMIGRANT_KINDS = 32, 44, 5, 18
PARTS = 6


@kernel
def by_source(
    source: NDArray[np.int64],
    share: NDArray[np.float64],
    going: NDArray[np.float64],
    order: NDArray[np.int64],
) -> None:
    """Write what share of each row goes, and the flows in the order of the rows they come from."""
    first = np.zeros(going.size + 1, dtype=np.int64)
    for j in range(source.size):
        going[source[j]] += share[j]
        first[source[j] + 1] += 1
    for r in range(going.size):
        first[r + 1] += first[r]
    for j in range(source.size):
        order[first[source[j]]] = j
        first[source[j]] += 1


@kernel
def shift_mass(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    share: NDArray[np.float64],
    alive: NDArray[np.float64],
    mass: NDArray[np.float64],
    gained: NDArray[np.float64],
) -> None:
    """Let rows get from others, all at once; the shares are of what the source held before.

    Of a row of which more than all would go, each flow is less in proportion. alive: the share
    of each row that is left to stay or go. gained: room for what rows get.
    """
    n, lines = mass.shape[0], 0
    going, line = np.zeros(n), np.full(n, -1)
    order = np.empty(source.size, dtype=np.int64)
    by_source(source, share, going, order)
    for j in order:
        s, t = source[j], target[j]
        part = share[j] / max(going[s], 1.0) * alive[s]
        if going[t] == 0.0 and alive[t] == 1.0:  # nothing is asked of what it held before
            for k in range(LINE):
                mass[t, k] += mass[s, k] * part
        elif line[t] < 0:
            line[t] = lines
            for k in range(LINE):
                gained[lines, k] = mass[s, k] * part
            lines += 1
        else:
            for k in range(LINE):
                gained[line[t], k] += mass[s, k] * part
    for r in range(n):
        kept = (1.0 - min(going[r], 1.0)) * alive[r]
        if line[r] >= 0:
            for k in range(LINE):
                mass[r, k] = mass[r, k] * kept + gained[line[r], k]
        elif kept < 1.0:
            for k in range(LINE):
                mass[r, k] *= kept


@kernel
def open_rows(
    keys: NDArray[np.int64],
    width: int,
    types: NDArray[np.int32],
    places: NDArray[np.int16],
    mass: NDArray[np.float64],
) -> None:
    """Write the types and places of new rows, which hold nobody."""
    for r in range(keys.size):
        types[r] = keys[r] // width
        places[r] = keys[r] % width
        for k in range(LINE):
            mass[r, k] = 0.0


@kernel
def describe(
    types: NDArray[np.int32],
    places: NDArray[np.int16],
    parts: NDArray[np.int64],
    of_family: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write what is known of rows, in the order of `COLUMNS`.

    parts: of types, by type. of_family: members and immigrants, by class.
    """
    for r in range(types.size):
        t, place = types[r], places[r]
        family = place % FAMILIES
        for k in range(PARTS):
            found[k, r] = parts[k, t]
        found[PARTS, r] = t
        found[PARTS + 1, r] = place // (FAMILIES * ROLES)
        found[PARTS + 2, r] = place // FAMILIES % ROLES
        found[PARTS + 3, r] = family
        found[PARTS + 4, r] = of_family[0, family]
        found[PARTS + 5, r] = of_family[1, family]
        found[PARTS + 6, r] = 1 if parts[0, t] < IMMIGRANT_KINDS else 0


@kernel
def persons_of(mass: NDArray[np.float64], persons: NDArray[np.float64]) -> None:
    """Write how many persons each row holds. Halves are added, since a sum waits for itself."""
    parts = np.empty(LINE // 2)
    for r in range(mass.shape[0]):
        for k in range(16):
            parts[k] = mass[r, k] + mass[r, k + 16]
        for k in range(8):
            parts[k] += parts[k + 8]
        for k in range(4):
            parts[k] += parts[k + 4]
        persons[r] = (parts[0] + parts[1]) + (parts[2] + parts[3])


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
        for k in range(persons.shape[1]):
            mass[target[j], k] += persons[j, k] * share[j]


@kernel
def put_some_in(
    target: NDArray[np.int64],
    persons: NDArray[np.float64],
    of: NDArray[np.int64],
    share: NDArray[np.float64],
    mass: NDArray[np.float64],
) -> None:
    """Add to each row a share of the persons by state of one of the lines."""
    for j in range(target.size):
        for k in range(persons.shape[1]):
            mass[target[j], k] += persons[of[j], k] * share[j]


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
def join(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    persons: NDArray[np.float64],
    last: NDArray[np.int64],
) -> None:
    """Let rows join others, all at once, in persons alone.

    last: where everybody of each row is by then.
    """
    into = np.arange(persons.size)
    held = np.empty(source.size)
    for j in range(source.size):
        s = source[j]
        held[j], persons[s], into[s] = persons[s], 0.0, target[j]
    for j in range(source.size):
        persons[target[j]] += held[j]
    for r in range(last.size):
        last[r] = into[last[r]]


@kernel
def gather(
    target: NDArray[np.int64], mass: NDArray[np.float64], found: NDArray[np.float64]
) -> None:
    """Write the sums of the rows that have the same target; those with none (-1) are left out."""
    written = np.zeros(found.shape[0], dtype=np.bool_)
    for r in range(target.size):
        t = target[r]
        if t < 0:
            continue
        if written[t]:
            for k in range(LINE):
                found[t, k] += mass[r, k]
        else:
            written[t] = True
            for k in range(LINE):
                found[t, k] = mass[r, k]


@kernel
def shares(
    persons: NDArray[np.float64], usual: NDArray[np.float64], found: NDArray[np.float64]
) -> None:
    """Write the shares of each line; of an empty one the usual ones."""
    for r in range(persons.shape[0]):
        total = 0.0
        for k in range(persons.shape[1]):
            total += persons[r, k]
        for k in range(persons.shape[1]):
            found[r, k] = np.divide(persons[r, k], total) if total > 0.0 else usual[k]


@kernel
def scale(persons: NDArray[np.float64], wanted: NDArray[np.float64], more: float) -> None:
    """Make each line hold as many as wanted and a little more, with the shares that it has."""
    for r in range(persons.shape[0]):
        total = 0.0
        for k in range(persons.shape[1]):
            total += persons[r, k]
        factor = (wanted[r] + more) / (total if total > 0.0 else 1.0)
        for k in range(persons.shape[1]):
            persons[r, k] *= factor


@kernel
def send(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    persons: NDArray[np.float64],
    held: NDArray[np.float64],
) -> None:
    """Add persons to lines, with the shares of those that they come from; these keep theirs."""
    for j in range(source.size):
        s, t, total = source[j], target[j], 0.0
        for k in range(held.shape[1]):
            total += held[s, k]
        part = persons[j] / total if total > 0.0 else 0.0
        for k in range(held.shape[1]):
            held[t, k] += held[s, k] * part


@kernel
def die(
    births: NDArray[np.int64],
    sexes: NDArray[np.int64],
    kinds: NDArray[np.int64],
    year: int,
    chance: NDArray[np.float64],
    persons: NDArray[np.float64],
    alive: NDArray[np.float64],
    dead: NDArray[np.float64],
) -> None:
    """Write which share of each row lives on, and count the dead by kind.

    chance: of dying by sex and age reached.
    """
    for r in range(persons.size):
        dying = chance[sexes[r], min(max(year - births[r], 0), chance.shape[1] - 1)]
        alive[r] = 1.0 - dying
        dead[kinds[r]] += persons[r] * dying
