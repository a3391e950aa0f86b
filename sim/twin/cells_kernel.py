"""Expected persons put into rows, and from rows to rows, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

STATES = 30


@kernel
def shift_mass(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    share: NDArray[np.float64],
    mass: NDArray[np.float64],
    gained: NDArray[np.float64],
) -> None:
    """Let rows get from others, all at once; the shares are of what the source held before.

    Of a row of which more than all would go, each flow is less in proportion.
    gained: room for what rows get, zero before and after.
    """
    going = np.zeros(mass.shape[0])
    gains = np.zeros(mass.shape[0], dtype=np.bool_)
    for j in range(source.size):
        going[source[j]] += share[j]
    for j in range(source.size):
        s, t = source[j], target[j]
        part = share[j] / max(going[s], 1.0)
        gains[t] = True
        for k in range(STATES):
            gained[t, k] += mass[s, k] * part
    for r in range(mass.shape[0]):
        if going[r] > 0.0:
            kept = 1.0 - min(going[r], 1.0)
            for k in range(STATES):
                mass[r, k] *= kept
        if gains[r]:
            for k in range(STATES):
                mass[r, k] += gained[r, k]
                gained[r, k] = 0.0


@kernel
def close_up(kept: NDArray[np.int64], before: int, mass: NDArray[np.float64]) -> None:
    """Move the rows kept, in order, to the front; of all others before nothing stays."""
    for r in range(kept.size):
        for k in range(STATES):
            mass[r, k] = mass[kept[r], k]
    mass[kept.size : before] = 0.0


@kernel
def persons_of(mass: NDArray[np.float64], persons: NDArray[np.float64]) -> None:
    """Write how many persons each row holds."""
    for r in range(mass.shape[0]):
        one, two, three = 0.0, 0.0, 0.0  # side by side, since a sum waits for itself
        for k in range(0, STATES, 3):
            one += mass[r, k]
            two += mass[r, k + 1]
            three += mass[r, k + 2]
        persons[r] = one + two + three


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
