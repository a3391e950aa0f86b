"""Choosing among many alternatives with explicit error terms, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel


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
    Since E is at least 1 - u, most alternatives are dismissed without a logarithm.
    """
    for j in range(chosen.size):
        chosen[j] = -1
        best = np.inf
        for k in range(weights.shape[1]):
            weight = weights[row[j], k]
            if weight > 0.0:
                u = (words[k, j] + 0.5) * 2.0**-32
                if 1.0 - u < best * weight:
                    wait = -np.log(u)
                    if wait < best * weight:
                        best = wait / weight
                        chosen[j] = k
