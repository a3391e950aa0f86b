"""What cells miss of persons in the first year: ratios of the odds of moving and leaving."""

import numpy as np

from sim.twin.kinds import Floats, Ints, sums


def ratio_of_odds(exact: Floats, expected: Floats, persons: Floats) -> Floats:
    """Return by what odds of moving and leaving differ: those wanted to those that were found."""
    wanted, found = (
        each / np.maximum(persons - each.sum(axis=1), 1e-9)[:, None] for each in (exact, expected)
    )
    some, ones = (found > 0) & (wanted > 0), np.ones_like(exact)
    return np.asarray(np.divide(wanted, found, out=ones, where=some))


def lasting(exact: Floats, expected: Floats, persons: Floats, own: Ints) -> Floats:
    """Return the ratio of all the Norwegian-born, and of all immigrants (own: 1), together."""
    totals = [np.stack([sums(own, of, 2) for of in each.T], axis=1) for each in (exact, expected)]
    return ratio_of_odds(totals[0], totals[1], sums(own, persons, 2))
