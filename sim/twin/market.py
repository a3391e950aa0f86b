"""How many find each other when few men and women, or units and hosts, look for somebody."""

import numpy as np
from scipy.special import erf

from sim.twin.kinds import Floats

FEW = 10.0  # expected numbers up to which the Poisson distribution is summed
MOST = 36  # more than anybody who expects so few will see


def expected_smaller(one: Floats, other: Floats) -> Floats:
    """Return the mean of the smaller of two independent Poisson numbers with these means.

    Of many the difference is taken as normal.
    """
    one, other = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    low = np.minimum(one, other)
    found = np.zeros(one.shape)
    few = (low > 0) & (low <= FEW)
    found[few] = _summed(one[few], np.minimum(other, 1e6)[few])
    many = low > FEW
    mean, spread = (one - other)[many], np.sqrt((one + other)[many])
    apart = spread * np.sqrt(2 / np.pi) * np.exp(-0.5 * (mean / spread) ** 2)
    apart += mean * erf(mean / (spread * np.sqrt(2)))
    found[many] = ((one + other)[many] - apart) / 2
    return np.minimum(found, low)


def _summed(one: Floats, other: Floats) -> Floats:
    """Return the sum over k of the chance that both are above k."""
    found = np.zeros(one.shape)
    chance = [np.exp(-mean) for mean in (one, other)]
    above = [1 - c for c in chance]
    for k in range(1, MOST):
        found += above[0] * above[1]
        for side, mean in enumerate((one, other)):
            chance[side] = chance[side] * mean / k
            above[side] = np.maximum(above[side] - chance[side], 0.0)
    return found
