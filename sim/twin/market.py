"""How many find each other when few men and women, or units and hosts, look for somebody."""

import numpy as np

from sim.twin import market_kernel as kernel
from sim.twin.kinds import Floats

FEW = 10.0  # expected numbers up to which the Poisson distribution is summed


def expected_smaller(one: Floats, other: Floats) -> Floats:
    """Return the mean of the smaller of two independent Poisson numbers with these means.

    Of many the difference is taken as normal.
    """
    one, other = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    found = np.empty(one.shape)
    kernel.smaller(one.ravel(), other.ravel(), FEW, found.ravel())
    return found
