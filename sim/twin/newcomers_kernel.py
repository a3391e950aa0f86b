"""Residents who wait to be joined, by origin, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

ORIGINS = 19


class Waiting(NamedTuple):
    """Those who wait, each line with its group, host's kind, sex and band of age, and persons.

    shares: of origins, by group. for_partner: share of them that wait for a partner.
    """

    group: NDArray[np.int64]
    kind: NDArray[np.int64]
    sex: NDArray[np.int64]
    band: NDArray[np.int64]
    persons: NDArray[np.float64]
    shares: NDArray[np.float64]
    bands: int
    for_partner: float


@kernel
def supply(waiting: Waiting, found: NDArray[np.float64]) -> None:
    """Count who waits on each ring: for partners, then for children."""
    groups, kinds, sexes, bands = waiting.group, waiting.kind, waiting.sex, waiting.band
    persons, shares, half = waiting.persons, waiting.shares, found.size // 2
    for j in range(groups.size):
        for origin in range(ORIGINS):
            waits = persons[j] * shares[groups[j], origin]
            ring = ((kinds[j] * 2 + sexes[j]) * ORIGINS + origin) * waiting.bands + bands[j]
            found[ring] += waits * waiting.for_partner
            found[half + ring] += waits * (1.0 - waiting.for_partner)


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
