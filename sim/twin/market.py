"""How many find each other when few men and women, or units and hosts, look for somebody."""

from math import erf

import numpy as np

from sim.twin import market_kernel as kernel
from sim.twin.kinds import Floats

FEW = 10.0  # expected numbers up to which the Poisson distribution is summed


def expected_smaller(one: Floats, other: Floats) -> Floats:
    """Return the mean of the smaller of two independent Poisson numbers with these means.

    Of many the difference is taken as normal.
    """
    one, other = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    low, found = np.minimum(one, other), np.zeros(one.shape)
    kernel.smaller_of_few(one.ravel(), other.ravel(), FEW, found.ravel())
    many = low > FEW
    mean, spread = (one - other)[many], np.sqrt((one + other)[many])
    apart = spread * np.sqrt(2 / np.pi) * np.exp(-0.5 * (mean / spread) ** 2)
    # Python's error function: the import of SciPy's takes as long as decades of it.
    apart += mean * np.array([erf(x) for x in (mean / (spread * np.sqrt(2))).tolist()])
    found[many] = ((one + other)[many] - apart) / 2
    return np.minimum(found, low)
