"""Do words of one period foretell those of the other?

    python -m calibration.reason_holdout

The offsets are fitted to what is told of one period alone (of claims about all ten years
neither), without linear models and flows, and the orders told of the other period are
looked at: the share of pairs that stand as the report has them, by trait.
"""

import sys
from collections.abc import Iterator

import numpy as np

from calibration.reason_fit import improved
from calibration.reason_rates import Rates, history
from calibration.reason_readings import Claim, claims, share
from sim.transitions.reason_offsets import PERIODS, TRAITS, WHAT, no_offsets


def pairs_right(rates: Rates, told: tuple[Claim, ...], period: int) -> Iterator[bool]:
    """Yield of every pair of some claims whether the first has the higher rate in a period."""
    for claim in told:
        rate = rates.rate[claim.by][period, claim.what, claim.reason]
        persons = rates.persons[claim.by][period, claim.reason]
        for one, other in claim.pairs:
            above, below = (share(claim.by, group, persons) @ rate for group in (one, other))
            yield bool(above > below)


def only(told: tuple[Claim, ...], period: int) -> tuple[Claim, ...]:
    """Return the claims that are about one period alone."""
    return tuple(claim for claim in told if claim.periods == (period,))


def main() -> int:
    """Fit to each period, and print how the other's orders stand."""
    told = claims()
    plain = history(no_offsets())
    for fitted, other in ((1, 0), (0, 1)):
        offsets, rates = no_offsets(), plain
        for _ in range(2):
            offsets = improved(offsets, rates, only(told, fitted), of_counties=False)
            rates = history(offsets)
        print(f"fitted to {PERIODS[fitted]}-, orders of {PERIODS[other]}- that stand, percent")
        for by in TRAITS:
            for what, word in enumerate(WHAT):
                asked = tuple(c for c in only(told, other) if (c.by, c.what) == (by, what))
                before, after = (list(pairs_right(r, asked, other)) for r in (plain, rates))
                if before:
                    print(f"{word} {by}: {100 * np.mean(before):.0f} without offsets, "
                          f"{100 * np.mean(after):.0f} with, of {len(before)} pairs")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
