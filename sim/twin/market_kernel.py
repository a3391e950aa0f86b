"""The mean of the smaller of two Poisson numbers, on bare arrays."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

MOST = 36  # more than anybody who expects so few will see
LARGE = 1e6  # an endless number is as good as so many


@inlined
def _of_few(one: float, other: float) -> float:
    """Return the sum over k of the chance that both are above k."""
    at_a, at_b, total = np.exp(-one), np.exp(-other), 0.0
    above_a, above_b = 1.0 - at_a, 1.0 - at_b
    for k in range(1, MOST):
        total += above_a * above_b
        at_a, at_b = at_a * one / k, at_b * other / k
        above_a, above_b = max(above_a - at_a, 0.0), max(above_b - at_b, 0.0)
    return total


@inlined
def _of_many(one: float, other: float) -> float:
    """Return half of what both are together, less the mean of how far they are apart."""
    mean, spread = one - other, math.sqrt(one + other)
    apart = spread * math.sqrt(2.0 / math.pi) * math.exp(-0.5 * (mean / spread) ** 2)
    apart += mean * math.erf(mean / (spread * math.sqrt(2.0)))
    return (one + other - apart) / 2.0


@kernel
def smaller(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    few: float,
    found: NDArray[np.float64],
) -> None:
    """Write the mean of the smaller of two numbers with these means, as normal if both are many."""
    for j in range(one.size):
        a, b = min(one[j], LARGE), min(other[j], LARGE)
        low, mean = min(a, b), 0.0
        if low > few:
            mean = _of_many(a, b)
        elif low > 0.0:
            mean = _of_few(a, b)
        found[j] = min(mean, low)
