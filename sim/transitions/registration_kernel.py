"""Who is registered as emigrated in a year, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

ABROAD = 1


@kernel
def registered(
    place: NDArray[np.uint8],
    registered_year: NDArray[np.int16],
    year: int,
    found: NDArray[np.int64],
) -> int:
    """List the persons abroad whose departure is registered in the year."""
    count = 0
    for i in range(place.size):
        if registered_year[i] == year and place[i] == ABROAD:
            found[count] = i
            count += 1
    return count
