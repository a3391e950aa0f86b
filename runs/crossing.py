"""Which replicates share a draw, so that their spread can be split by where it comes from.

Each replicate has luck of its own. What else is uncertain is drawn for twenty at a time:
the first ten have ten draws of the parameters and ten of the economy, each its own; the next ten
use both again, but paired anew, as ten persons in a ring who join hands with the next one:

    replicate   0  1  2 ... 9   10 11 12 ... 19
    parameters  0  1  2 ... 9    0  1  2 ...  9
    economy     0  1  2 ... 9    1  2  3 ...  0

So what a replicate draws depends on its number alone, ten replicates or fewer are independent of
each other, and of twenty ten pairs differ in all but the parameters and ten in all but the
economy. One replicate alone draws nothing: it uses the estimates themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.economy import last_known

Ints = NDArray[np.int64]

DRAWS = "draw", "economy_draw"  # columns of tables: the draw of the parameters, of the economy
RING = 10  # draws of each kind; a ring of twice as many replicates uses each twice
NOBODY: Ints = np.zeros((2, 0), dtype=np.int64)


def draws_of(number: int) -> tuple[int, int]:
    """Return which draw of the parameters, and which of the economy, a replicate has."""
    ring, place = divmod(number, 2 * RING)
    again, first = divmod(place, RING)
    return RING * ring + first, RING * ring + (first + again) % RING


def partners_of(number: int) -> tuple[int | None, int | None]:
    """Return which earlier replicate has the same parameters, and which the same economy."""
    ring, place = divmod(number, 2 * RING)
    if place < RING:
        return None, None
    parameters, economy = draws_of(number)
    return parameters + RING * ring, economy + RING * ring


@dataclass(frozen=True)
class Sharing:
    """Who shares a draw with whom.

    drawn: whether parameters, and whether the economy, are drawn at all.
    parameters, economy: (2, pairs), the positions of two histories that share that draw alone.
    """

    drawn: tuple[bool, bool] = (False, False)
    parameters: Ints = field(default_factory=lambda: NOBODY)
    economy: Ints = field(default_factory=lambda: NOBODY)

    @property
    def kinds(self) -> tuple[Ints, Ints]:
        """The pairs of both kinds."""
        return self.parameters, self.economy


ALONE = Sharing()  # luck is all that histories differ by, and each has its own


def sharing_of(parameters: Sequence[int] | Ints, economy: Sequence[int] | Ints) -> Sharing:
    """Return who shares a draw, from the draws that each history has; all alike: none is drawn."""
    draws = np.asarray(parameters, dtype=np.int64), np.asarray(economy, dtype=np.int64)
    drawn = tuple(bool((of != of[:1]).any()) for of in draws)
    pairs = [_pairs(of) if is_drawn else NOBODY for of, is_drawn in zip(draws, drawn, strict=True)]
    return Sharing((drawn[0], drawn[1]), *pairs)


def _pairs(draws: Ints) -> Ints:
    """Return the positions of each history and of the next one with the same draw."""
    order = np.argsort(draws, kind="stable")
    same = np.diff(draws[order]) == 0
    return np.stack([order[:-1][same], order[1:][same]])


def settled(years: Sequence[int] | Ints) -> NDArray[np.bool_]:
    """Say in which years draws of the economy are all alike, since it has been observed."""
    return np.asarray(years) <= min(last_known())
