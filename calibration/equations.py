"""Linear equations for the numbers of candidate families: what margins ask for.

Every margin is a block of equations `matrix @ number = target`, one row a cell. Shares and
rates are equations too: 'of these persons 42 percent live alone' is a sum over them of
(lives alone - 0.42), which should be 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.pool import Pool
from calibration.raking import Floats, Ints

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Block:
    """One margin.

    cells: what each row is called; matrix: (cells, families); target: what each row should
        give; tolerance: how far off a row may well be, one standard deviation.
    source: where the figures come from.
    """

    name: str
    cells: tuple[str, ...]
    matrix: "sparse.csr_matrix"
    target: Floats
    tolerance: Floats
    source: str

    def found(self, number: Floats) -> Floats:
        """Return what so many families of each kind give."""
        return np.asarray(self.matrix @ number)

    def residuals(self, number: Floats) -> Floats:
        """Return the gaps in units of the tolerance."""
        return (self.found(number) - self.target) / self.tolerance


def block(
    name: str,
    cells: Sequence[str],
    pool: Pool,
    label: Ints,
    target: ArrayLike,
    tolerance: ArrayLike,
    source: str,
    value: ArrayLike = 1.0,
) -> Block:
    """Return the block 'value adds up to the target over the persons of each label'.

    label: the row that each person counts towards, -1 for none; value: 1 counts persons.
    """
    wanted = np.broadcast_to(np.asarray(target, dtype=np.float64).ravel(), (len(cells),))
    matrix = _sum_by(pool, label, np.broadcast_to(np.asarray(value), (pool.size,)), len(cells))
    return Block(name, tuple(cells), matrix, wanted, _spread(tolerance, wanted), source)


def _spread(tolerance: ArrayLike, like: Floats) -> Floats:
    given = np.asarray(tolerance, dtype=np.float64).ravel()
    return np.maximum(np.broadcast_to(given, like.shape), 1e-6)


def _sum_by(pool: Pool, label: Ints, value: NDArray[np.generic], size: int) -> "sparse.csr_matrix":
    from scipy import sparse  # where it is needed: who only reads the register does without

    rows = np.flatnonzero(label >= 0)
    cell, family = label[rows], pool["family"][rows]
    shape = (size, pool.level.size)
    return sparse.csr_matrix((value[rows], (cell, family)), shape=shape)


def in_persons(pool: Pool, number: Floats) -> Floats:
    """Return the weight of every candidate person: that of the family."""
    return np.asarray(number[pool["family"]])


def bands(values: Ints, starts: Sequence[int] | Ints) -> Ints:
    """Return the band of each value, given where bands start; -1 below the first."""
    return np.searchsorted(starts, values, side="right").astype(np.int64) - 1
