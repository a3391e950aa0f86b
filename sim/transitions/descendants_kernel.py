"""Which Norwegian-born persons emigrate in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

RESIDENT, STAY, EMIGRATE = 0, 0, 2
DEGREE = 4  # the lowest education that is a degree


@kernel
def mark(
    background: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    place: NDArray[np.uint8],
    outcome: NDArray[np.uint8],
    born: int,
    born_by: np.int16,
    marks: NDArray[np.bool_],
) -> None:
    """Mark the resident Norwegian-born who are old enough and would stay."""
    for i in range(outcome.size):
        marks[i] = (
            (background[i] == born) & (birth_year[i] <= born_by) & (place[i] == RESIDENT)
            & (outcome[i] == STAY)
        )  # fmt: skip


@kernel
def leave(
    words: NDArray[np.uint32],
    cuts: NDArray[np.uint64],
    year: int,
    origin: NDArray[np.uint8],
    education: NDArray[np.uint8],
    birth_year: NDArray[np.int16],
    asked: NDArray[np.int64],
    outcome: NDArray[np.uint8],
) -> None:
    """Let those emigrate whose word is below the cut of their origin, degree and age reached."""
    oldest = cuts.shape[2] - 1
    for j in range(asked.size):
        i = np.uint64(asked[j])
        age = np.uint64(min(year - birth_year[i], oldest))
        degree = np.uint64(education[i] >= DEGREE)
        if words[j] < cuts[np.uint64(origin[i]), degree, age]:
            outcome[i] = EMIGRATE
