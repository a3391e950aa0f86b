"""What the report tells in words of single reasons, as claims about rates.

A claim is an order of codes in tiers (nothing is told inside a tier), or bounds. It counts in
each of the two periods that holds at least half of its years. Several codes joined by a plus
are one group; `all` is everybody of the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from calibration import margins as m
from calibration.raking import Floats
from sim.codes import REASON
from sim.transitions.reason_offsets import PERIODS, TRAITS, WHAT

LAST = 2013
ENOUGH = 0.5  # of a claim's years
EVERYBODY = "all"


@dataclass(frozen=True)
class Claim:
    """One claim: of whom, in which periods, and the tiers from high to low or the bounds."""

    what: int
    reason: int
    by: str
    periods: tuple[int, ...]
    tiers: tuple[tuple[str, ...], ...]
    low: float
    high: float

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the groups of codes of which the first is higher."""
        for above, below in combinations(self.tiers, 2):
            yield from ((one, other) for one in above for other in below)


def claims() -> tuple[Claim, ...]:
    """Return all claims, each once."""
    return tuple(dict.fromkeys(_claim(row) for row in m.table("reason_readings")))


def _claim(row: dict[str, str]) -> Claim:
    first, last = int(row["first_year"]), int(row["last_year"])
    tiers = tuple(tuple(tier.split()) for tier in row["codes"].split("|"))
    low, high = (float(row[k]) / 100 if row[k] else np.inf * sign
                 for k, sign in (("low", -1), ("high", 1)))  # fmt: skip
    return Claim(WHAT.index(row["what"]), REASON.index(row["reason"]), row["by"],
                 periods_of(first, last), tiers, low, high)  # fmt: skip


def periods_of(first: int, last: int) -> tuple[int, ...]:
    """Return the periods that hold at least half of some years."""
    ends = (*PERIODS[1:], LAST + 1)
    inside = [max(0, min(last + 1, end) - max(first, begin))
              for begin, end in zip(PERIODS, ends, strict=True)]  # fmt: skip
    return tuple(p for p, years in enumerate(inside) if years >= ENOUGH * (last + 1 - first))


def share(by: str, group: str, persons: Floats) -> Floats:
    """Return how much each code weighs in a group, given the persons of every code."""
    codes = TRAITS[by]
    chosen = codes if group == EVERYBODY else group.split("+")
    some = np.array([persons[k] if code in chosen else 0.0 for k, code in enumerate(codes)])
    return np.asarray(some / max(some.sum(), 1e-9))
