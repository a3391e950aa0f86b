"""Whose luck everybody has, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def first_residents(
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    first: NDArray[np.int64],
) -> None:
    """Write the smallest identifier of residents of each family of several; large on entry."""
    for i in range(person.size):
        if family_total[i] > 1 and place[i] == 0 and person[i] < first[family[i]]:
            first[family[i]] = person[i]


@kernel
def take_luck(
    coin: NDArray[np.uint32],
    heads: np.uint64,
    person: NDArray[np.int64],
    family: NDArray[np.int32],
    place: NDArray[np.uint8],
    family_total: NDArray[np.uint8],
    first: NDArray[np.int64],
    lucky: NDArray[np.int64],
) -> None:
    """Write the family's number of luck for members whose coin is heads, else their own.

    The family's is no identifier: all bits of its first resident's, turned over.
    """
    for i in range(person.size):
        lucky[i] = person[i]
        if coin[i] < heads and family_total[i] > 1 and place[i] == 0:
            lucky[i] = ~first[family[i]]
