"""Taking persons out of columns, on bare arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def renumber(
    gone: NDArray[np.bool_],
    now: NDArray[np.int32],
    into: NDArray[np.int32],
    out_of: NDArray[np.int32],
) -> int:
    """Write where everybody stands when some are gone, and return how many places are filled.

    Those at the end take the places of those who are gone, `into` which they come and `out_of`
    which, both in order: few move. now: longer by one than there are persons; -1 for who is
    gone, and in the end for nobody. The lists are longer by one than so many can be gone.
    """
    left = gone.size
    for i in range(gone.size):
        now[i] = np.int32(-1) if gone[i] else np.int32(i)
        left -= int(gone[i])
    now[gone.size] = -1
    holes, moved = 0, 0
    for i in range(left):  # without a branch
        into[holes] = i
        holes += int(gone[i])
    for i in range(left, gone.size):
        out_of[moved] = i
        moved += int(not gone[i])
    for k in range(moved):
        now[out_of[k]] = into[k]
    return moved


@kernel
def fill(
    column: NDArray[Any], into: NDArray[np.int32], out_of: NDArray[np.int32], room: NDArray[Any]
) -> None:
    """Write the values of some places of a column into others of a room, which may be its own."""
    for k in range(into.size):
        room[into[k]] = column[out_of[k]]


@kernel
def relink(link: NDArray[np.int32], now: NDArray[np.int32]) -> None:
    """Let links, -1 for none, point to where those stand now whom they pointed to."""
    for i in range(link.size):
        link[i] = now[link[i]]
