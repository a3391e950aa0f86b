"""Numbers for keys, in the order in which the keys are first met."""

import numpy as np

from sim.twin import numbers_kernel as kernel
from sim.twin.kinds import Ints

FEWEST = 10  # bits: the smallest table has 1,024 lines
BLOCK = 1 << 16  # keys at a time: the table grows with what is new, not with what is asked


class Numbers:
    """A number for each key (none below 0) that was ever asked for."""

    def __init__(self, keys: Ints | None = None) -> None:
        """Number these keys first, each of them once."""
        self.count = 0
        self.keys = np.empty(0, dtype=np.int64)
        self._bits = 0
        if keys is not None:
            self.find(keys)

    def find(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the number of each key, and where each new one stands first."""
        first, found = np.empty((2, keys.size), dtype=np.int64)
        before = self.count
        for start in range(0, keys.size, BLOCK):
            block, known = slice(start, start + BLOCK), self.count
            some = keys[block]
            self._room(known + some.size)
            new = first[known - before : known - before + some.size]
            self.count = kernel.number(some, self._known, self._numbers, 64 - self._bits, known,
                                       new, found[block])  # fmt: skip
            new[: self.count - known] += start
            fresh = some[first[known - before : self.count - before] - start]
            self.keys = np.concatenate([self.keys, fresh])
        return found, first[: self.count - before]

    def _room(self, most: int) -> None:
        """Make the table so long that a fifth of it stays empty, and mostly more."""
        bits = max(FEWEST, (5 * most // 4).bit_length())
        if bits > self._bits:
            self._bits = bits
            self._known = np.full(1 << bits, kernel.FREE, dtype=np.int64)
            self._numbers = np.empty(1 << bits, dtype=np.int32)
            held, none = np.empty((2, self.count), dtype=np.int64)
            kernel.number(self.keys, self._known, self._numbers, 64 - bits, 0, held, none)
