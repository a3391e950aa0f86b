"""What adults with children do, and the families that they live in, on bare arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

FAMILIES, PAIRED, MIXED, AT_HOME, MALE = 44, 1, 2, 3, 1


class Adults(NamedTuple):
    """Rows of adults: their number as parents, and what they are.

    own: 1 for immigrants, else 0. size, same: members of the family, immigrants among them.
    """

    parents: NDArray[np.int64]
    role: NDArray[np.int64]
    sex: NDArray[np.int64]
    own: NDArray[np.int64]
    size: NDArray[np.int64]
    same: NDArray[np.int64]


@inlined
def _children(role: int, sex: int, own: int, size: int, same: int) -> tuple[int, int]:
    """Return how many children follow an adult, as far as a family tells.

    First those who are immigrants, then those born in Norway. Of couples they follow the mother.
    """
    if role >= AT_HOME or (role == PAIRED and sex == MALE):
        return 0, 0
    immigrants = same - own - (1 if role == PAIRED else 0)
    others = 0 if role == MIXED else size - same - (1 - own)
    return max(immigrants, 0), max(others, 0)


@kernel
def what_they_do(
    adults: Adults,
    before: NDArray[np.float64],
    moving: NDArray[np.float64],
    leaving: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Count adults, movers and leavers once for each child: by side, these three and parents."""
    roles, sexes, owns = adults.role, adults.sex, adults.own
    sizes, same, parents = adults.size, adults.same, adults.parents
    for r in range(parents.size):
        both = _children(roles[r], sexes[r], owns[r], sizes[r], same[r])
        for side in range(2):
            if both[side] > 0:
                found[side, 0, parents[r]] += both[side] * before[r]
                found[side, 1, parents[r]] += both[side] * moving[r]
                found[side, 2, parents[r]] += both[side] * leaving[r]


@kernel
def where_they_live(
    adults: Adults,
    family: NDArray[np.int64],
    persons: NDArray[np.float64],
    found: NDArray[np.float64],
    mixed: NDArray[np.float64],
) -> None:
    """Count children by side, parents and class of family; of mixed families too, by parents."""
    roles, sexes, owns = adults.role, adults.sex, adults.own
    sizes, same, parents = adults.size, adults.same, adults.parents
    for r in range(parents.size):
        both = _children(roles[r], sexes[r], owns[r], sizes[r], same[r])
        for side in range(2):
            if both[side] > 0:
                children = both[side] * persons[r]
                found[side, parents[r], family[r]] += children
                if roles[r] == MIXED:
                    mixed[side, parents[r]] += children
