"""The mean of the smaller of two Poisson numbers of which one is small, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import kernel

MOST = 36  # more than anybody who expects so few will see
LARGE = 1e6  # an endless number is as good as so many


@kernel
def smaller_of_few(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    few: float,
    found: NDArray[np.float64],
) -> None:
    """Write the sum over k of the chance that both are above k, where the smaller mean is small."""
    for j in range(one.size):
        low = min(one[j], other[j])
        if low <= 0.0 or low > few:
            continue
        a, b = min(one[j], LARGE), min(other[j], LARGE)
        at_a, at_b, total = np.exp(-a), np.exp(-b), 0.0
        above_a, above_b = 1.0 - at_a, 1.0 - at_b
        for k in range(1, MOST):
            total += above_a * above_b
            at_a, at_b = at_a * a / k, at_b * b / k
            above_a, above_b = max(above_a - at_a, 0.0), max(above_b - at_b, 0.0)
        found[j] = total
