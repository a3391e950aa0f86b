"""Numbers for keys, in the order in which the keys are first met."""

import numpy as np

from sim.twin import numbers_kernel as kernel
from sim.twin.kinds import Ints

FEWEST = 10  # bits: the smallest table has 1,024 lines
BLOCK = 1 << 16  # keys at a time: the table grows with what is new, not with what is asked


class Numbers:
    """A number for each key (none below 0) that was ever asked for."""

    def __init__(self, keys: Ints | None = None, bits: int = FEWEST) -> None:
        """Number these keys first, of which no two are equal.

        bits: how long the table is to begin with, for those who know how long it will be.
        """
        met = np.empty(1 << FEWEST, dtype=np.int64) if keys is None else keys.astype(np.int64)
        self.count = 0 if keys is None else met.size
        self._met = met  # the keys, and room for more
        self.bits = 0
        self._room(self.count, bits)

    @property
    def keys(self) -> Ints:
        """The keys, in the order of their numbers."""
        return self._met[: self.count]

    def find(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the number of each key, and where each new one stands first."""
        first, found = np.empty((2, keys.size), dtype=np.int64)
        before = self.count
        for start in range(0, keys.size, BLOCK):
            some = keys[start : start + BLOCK]
            self._room(self.count + some.size)
            self.count = kernel.number(some, start, self._table, 64 - self.bits, self.count,
                                       self._met, first[self.count - before :],
                                       found[start : start + BLOCK])  # fmt: skip
        return found, first[: self.count - before]

    def _room(self, most: int, least: int = FEWEST) -> None:
        """Make the table so long that a fifth of it stays empty, and mostly more."""
        if most > self._met.size:
            self._met = np.concatenate([self.keys, np.empty(2 * most - self.count, dtype=np.int64)])
        bits = max(least, (5 * most // 4).bit_length())
        if bits > self.bits:
            self.bits = bits
            self._table = np.full((1 << bits, 2), kernel.FREE, dtype=np.int64)
            if self.count:
                kernel.put(self.keys, self._table, 64 - bits)
