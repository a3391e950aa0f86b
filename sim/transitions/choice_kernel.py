"""Choosing among many alternatives with explicit error terms, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


@kernel
def find(
    heap: NDArray[np.float64],
    mark: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write where in an ascending heap each mark lies, between a first and a last place.

    That is the first place whose number is above the mark; there are few to look at.
    """
    for j in range(mark.size):
        at = first[j]
        while at < last[j] and heap[at] <= mark[j]:
            at += 1
        found[j] = at


@kernel
def choose(
    words: NDArray[np.uint32],
    weights: NDArray[np.float64],
    row: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> None:
    """Write each chooser's alternative: the smallest E / weight, with E = -log(u).

    words: (alternatives, choosers); weights: (rows, alternatives), of which chooser j uses
    row[j]. An alternative of weight 0 is never chosen; with no weight at all: -1.
    Since E is at least 1 - u, most alternatives are dismissed without a logarithm. The
    outer loop follows the rows of `words`, so that memory is read in order.
    """
    best = np.full(chosen.size, np.inf)
    chosen[:] = -1
    for k in range(weights.shape[1]):
        for j in range(chosen.size):
            weight = weights[row[j], k]
            u = (words[k, j] + 0.5) * 2.0**-32
            if weight > 0.0 and 1.0 - u < best[j] * weight:
                wait = -np.log(u)
                if wait < best[j] * weight:
                    best[j] = wait / weight
                    chosen[j] = k
