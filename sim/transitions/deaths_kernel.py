"""Who dies in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

DEAD = 2
OLD = 70  # a matter of speed: few persons are as old


@kernel
def mark(
    words: NDArray[np.uint32],
    limit: np.uint64,
    born_by: np.int16,
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    marks: NDArray[np.uint8],
) -> None:
    """Mark the living who are old, born by a year, or whose word is below the limit."""
    for j in range(words.size):
        marks[j] = ((words[j] < limit) | (birth_year[j] <= born_by)) & (place[j] != DEAD)


@kernel
def die(
    dying: NDArray[np.int64],
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    sex: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
) -> int:
    """Keep those whose word is below the cut of their sex and the age they reach.

    They come first in `dying`; return how many they are.
    """
    oldest = cuts.shape[1] - 1
    count = 0
    for k in range(dying.size):
        i, word = np.uint64(dying[k]), words[k]
        age = np.uint64(min(max(year - birth_year[i], 0), oldest))
        dying[count] = i
        count += word < cuts[np.uint64(sex[i]), age]
    return count
