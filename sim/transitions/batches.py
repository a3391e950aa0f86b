"""Who might do something this year: everybody's word is drawn and asked, a batch at a time.

A batch is small enough that its words and list stay in the cache, which is what makes a pass
over millions of persons cheap; what is found does not depend on how people are batched.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.transitions import batches_kernel as kernel
from sim.transitions.process import Positions, Year

BATCH = 131_072  # persons; for each batch Python takes as long as a kernel for 10,000 persons
Words = NDArray[np.uint32]
Mark = Callable[[Words, slice, NDArray[np.uint8]], None]


def screened(
    year: Year, stream: str, mark: Mark, lucky: Callable[[slice], NDArray[np.int64]] | None = None
) -> tuple[Positions, Words]:
    """Return whom `mark` marks, in order, and their words of a stream.

    Words and columns are read in order; what is known of those marked alone is asked afterwards.
    mark: given the words of a batch, where in the population it is and a byte for each of its
        persons, it writes 1 or 0 there.
    lucky: the numbers for which the words of these persons are drawn; their own by default.
    """
    person = year.population["person"]
    words, marks = np.empty(BATCH, dtype=np.uint32), np.empty(BATCH, dtype=np.uint8)
    positions, luck = np.empty(person.size, dtype=np.int64), np.empty(person.size, dtype=np.uint32)
    draw, count = year.chance.swift(stream, year.year), 0
    for first in range(0, person.size, BATCH):
        some = slice(first, min(first + BATCH, person.size))
        drawn, marked = words[: some.stop - first], marks[: some.stop - first]
        draw(lucky(some) if lucky else person[some], drawn)
        mark(drawn, some, marked)
        count += kernel.take(marked, first, drawn, positions[count:], luck[count:])
    return positions[:count], luck[:count]
