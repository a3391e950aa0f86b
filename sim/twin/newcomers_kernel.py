"""Residents who wait to be joined, by origin, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

ORIGINS, FAMILIES, LARGEST = 19, 44, 8
ROLES_OF_HOSTS = (1, 0)  # in a couple with a partner who comes, alone with children who do


class Waiting(NamedTuple):
    """Those who wait, each line with its group, host's kind, sex and band of age, and persons.

    own: 1 of immigrants, else 0. shares: of origins, by group. for_partner: share of them that
    wait for a partner.
    """

    group: NDArray[np.int64]
    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    band: NDArray[np.int64]
    own: NDArray[np.int64]
    persons: NDArray[np.float64]
    shares: NDArray[np.float64]
    bands: int
    for_partner: float


@kernel
def supply(waiting: Waiting, found: NDArray[np.float64]) -> None:
    """Count who waits on each ring, for partners, then for children: all, and those born here."""
    groups, kinds, sexes, bands = waiting.group, waiting.kind, waiting.sex, waiting.band
    persons, shares, half, owns = waiting.persons, waiting.shares, found.shape[1] // 2, waiting.own
    for j in range(groups.size):
        for origin in range(ORIGINS):
            waits = persons[j] * shares[groups[j], origin]
            ring = ((kinds[j] * 2 + sexes[j]) * ORIGINS + origin) * waiting.bands + bands[j]
            found[0, ring] += waits * waiting.for_partner
            found[0, half + ring] += waits * (1.0 - waiting.for_partner)
            if owns[j] == 0:
                found[1, ring] += waits * waiting.for_partner
                found[1, half + ring] += waits * (1.0 - waiting.for_partner)


@kernel
def taken(waiting: Waiting, share: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    """Write how many of each line are joined, by partners and by children. share: by ring."""
    groups, kinds, sexes, bands = waiting.group, waiting.kind, waiting.sex, waiting.band
    persons, shares, half = waiting.persons, waiting.shares, share.size // 2
    for j in range(groups.size):
        for origin in range(ORIGINS):
            waits = persons[j] * shares[groups[j], origin]
            ring = ((kinds[j] * 2 + sexes[j]) * ORIGINS + origin) * waiting.bands + bands[j]
            found[0, j] += waits * waiting.for_partner * share[ring]
            found[1, j] += waits * (1.0 - waiting.for_partner) * share[half + ring]


@kernel
def by_origin(waiting: Waiting, at: NDArray[np.int64], found: NDArray[np.float64]) -> None:
    """Count who waits: by host's kind, origin and what line they are counted at."""
    groups, kinds, persons, shares = waiting.group, waiting.kind, waiting.persons, waiting.shares
    for j in range(groups.size):
        for origin in range(ORIGINS):
            found[kinds[j], origin, at[j]] += persons[j] * shares[groups[j], origin]


@inlined
def _class_of(size: int, same: int) -> int:
    """Return the class of families of so many members, so many of them immigrants."""
    n = min(max(size, 1), LARGEST)
    return (n - 1) * (n + 2) // 2 + min(max(same, 0), n)


@kernel
def gain(
    rows: NDArray[np.int64],
    first: NDArray[np.int64],
    own: NDArray[np.int64],
    persons: NDArray[np.float64],
    gone: NDArray[np.float64],
    sizes: NDArray[np.float64],
    least: float,
    source: NDArray[np.int64],
    key: NDArray[np.int64],
    shares: NDArray[np.float64],
) -> int:
    """Note which hosts go to families of the sizes that join them; return how many flows.

    first: key of the first row of the usual type of each row. gone: hosts of partners and of
    children. sizes: shares of units that join as partners and as children, by members.
    """
    n = 0
    for j in range(rows.size):
        for how in range(2):
            if gone[how, j] <= 0.0:
                continue
            share = min(gone[how, j] / persons[j], 1.0)
            for more in range(1, sizes.shape[1]):
                part = share * sizes[how, more]
                if part > 0.0 and part * persons[j] > least:
                    source[n], shares[n] = rows[j], part
                    key[n] = first[j] + ROLES_OF_HOSTS[how] * FAMILIES
                    key[n] += _class_of(1 + more, own[j] + more)
                    n += 1
    return n
