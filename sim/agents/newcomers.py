"""Identifiers of persons who are added to a population while it lives.

A person's luck is keyed on the identifier, so it must not depend on who else is added: an
arrival is known by year and slot, a child by mother and year. A scenario with fewer arrivals
or other births then leaves everybody else's luck alone. Persons given at the start should have
identifiers below 2**61.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Identifiers = NDArray[np.int64]
CHILDREN_FROM, ARRIVALS_FROM = 2**61, 2**62
YEAR_BITS = 40  # slots of a year's arrivals
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)


def arrival_identifiers(year: int, slots: NDArray[Any]) -> Identifiers:
    """Return the identifiers of a year's arrivals, one a slot."""
    assert slots.size == 0 or (slots.min() >= 0 and slots.max() < 2**YEAR_BITS)
    return np.asarray(ARRIVALS_FROM + (year << YEAR_BITS) + slots.astype(np.int64), np.int64)


def child_identifiers(year: int, mothers: Identifiers) -> Identifiers:
    """Return the identifiers of children, one a mother and year.

    A hash of 61 bits: two of a million children share an identifier, and so their luck, with
    a probability of 2e-7.
    """
    with np.errstate(over="ignore"):
        mixed = mothers.astype(np.uint64) + np.uint64(year) * _STEP
        for shift, factor in zip((30, 27), _MIX, strict=True):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
        mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed % np.uint64(CHILDREN_FROM)).astype(np.int64) + CHILDREN_FROM, np.int64)
