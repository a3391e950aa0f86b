"""Taking persons out of columns, on bare arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def renumber(gone: NDArray[np.bool_], now: NDArray[np.int32]) -> int:
    """Write where everybody stands when some are gone, and return how many are left.

    now: longer by one than there are persons; -1 for who is gone, and in the end for nobody.
    """
    left = np.int32(0)
    for i in range(gone.size):
        stays = not gone[i]
        now[i] = left if stays else np.int32(-1)
        left += np.int32(stays)
    now[gone.size] = -1
    return int(left)


@kernel
def keep(column: NDArray[Any], gone: NDArray[np.bool_], room: NDArray[Any]) -> None:
    """Write the values of those who are not gone, in order, into a room.

    The room may begin where the column does, since nothing is written ahead of what has been
    read. There is no branch: the next value writes over one that is not wanted.
    """
    left = 0
    for i in range(gone.size):
        room[left] = column[i]
        left += int(not gone[i])


@kernel
def relink(link: NDArray[np.int32], now: NDArray[np.int32]) -> None:
    """Let links, -1 for none, point to where those stand now whom they pointed to."""
    for i in range(link.size):
        link[i] = now[link[i]]
