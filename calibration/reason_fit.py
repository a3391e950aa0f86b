"""What sets counties, levels, educations and statuses apart inside each reason.

    python -m calibration.reason_fit

The published logits know no county, and let education, status and centrality count the same
for every reason. The report tells what is otherwise: in words, of the figures of single reasons;
in its linear models of single counties (Tables 5.13-5.31); and IMDi publishes how many left
each county in 2013. The offsets are the smallest log odds (a normal prior about zero) with
which all this holds, in 2004-2008 and from 2009 on. Each round lives a history with the offsets
found so far, and alters them by what is still missing. Orders must hold by a margin, since a
history has luck. National totals of a reason are kept.
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from calibration.county_evidence import flows, linear
from calibration.raking import Floats
from calibration.reason_rates import COUNTY, Rates, history, write
from calibration.reason_readings import Claim, claims, share
from calibration.year_history import DATA
from sim.transitions import calibrated
from sim.transitions.reason_offsets import PERIODS, TRAITS, WHAT, Offsets, no_offsets

SPREAD = {"county": (0.5, 0.3), "centrality": (0.4, 0.2), "education": (0.5, 0.3),
          "status": (0.5, 0.3)}  # fmt: skip
# The first is the standard deviation of what both periods share, the second of what they do not.
MARGIN, ERROR = 0.06, 0.04  # of logarithms of rates: by how much an order must hold, how surely
KEPT = 0.002  # relative error of the national rate of a reason
LARGEST = 2.5
ROUNDS, STEPS, DAMPED = 3, 60, 0.5
Part = tuple[Floats, Floats]  # residuals, and their slopes (residuals, unknowns)


class Now(NamedTuple):
    """Rates at some offsets: (period, reason, code), and their slopes with respect to them."""

    rate: Floats
    slope: Floats


class Problem(NamedTuple):
    """One outcome by one trait: rates of the last history, lived with the offsets `at`.

    pliant: the share of a rate that an offset multiplies; more: other evidence on it.
    """

    what: int
    by: str
    rate: Floats
    persons: Floats
    pliant: Floats
    at: Floats
    claims: tuple[Claim, ...]
    more: tuple[Callable[[Floats], Part], ...]

    def now(self, x: Floats) -> Now:
        """Return the rates at other offsets."""
        factor = np.exp(x - self.at)
        odds = 1 + self.rate * (factor - 1) if self.what != COUNTY else 1.0
        moved = self.rate * self.pliant * factor / odds
        slope = moved * (1 - self.rate) / odds if self.what != COUNTY else moved
        return Now(self.rate * (1 - self.pliant) + moved, slope)


def solve(problem: Problem) -> Floats:
    """Return the offsets that agree best with all evidence."""
    x = problem.at.copy()
    for _ in range(STEPS):
        parts = [part for part in _parts(problem, x) if part[0].size]
        residual = np.concatenate([part[0] for part in parts])
        slopes = np.concatenate([part[1] for part in parts])
        step = np.linalg.solve(slopes.T @ slopes, slopes.T @ residual)
        x = np.clip(x - DAMPED * step.reshape(x.shape), -LARGEST, LARGEST)
    return x


def _parts(problem: Problem, x: Floats) -> Iterator[Part]:
    yield _prior(x, *SPREAD[problem.by])
    now = problem.now(x)
    yield _kept(problem, now)
    for claim in problem.claims:
        for period in claim.periods:
            yield _claimed(problem, claim, period, now)
    for more in problem.more:
        yield more(x)


def _prior(x: Floats, shared: float, own: float) -> Part:
    """Return offsets in units of what is expected of them."""
    periods = len(PERIODS)
    covariance = np.full((periods, periods), shared**2) + own**2 * np.eye(periods)
    root = np.linalg.cholesky(np.linalg.inv(covariance)).T
    slopes = np.asarray(np.kron(root, np.eye(x[0].size)), dtype=np.float64)
    return np.asarray(slopes @ x.ravel()), slopes


def _kept(problem: Problem, now: Now) -> Part:
    """Return by how much national rates of reasons change."""
    shape = now.rate.shape
    total = (problem.rate * problem.persons).sum(axis=2)
    residual = ((now.rate * problem.persons).sum(axis=2) / total - 1) / KEPT
    slopes = np.zeros((*shape[:2], *shape))
    for p, r in np.ndindex(shape[:2]):
        slopes[p, r, p, r] = now.slope[p, r] * problem.persons[p, r] / total[p, r] / KEPT
    return residual.ravel(), slopes.reshape(residual.size, -1)


def _claimed(problem: Problem, claim: Claim, period: int, now: Now) -> Part:
    """Return by how much a claim fails; nothing of what holds."""
    found: list[tuple[float, Floats]] = []
    at = period, claim.reason

    def log_rate(group: str) -> tuple[float, Floats]:
        weight = share(claim.by, group, problem.persons[at])
        mean = max(float(weight @ now.rate[at]), 1e-9)
        return float(np.log(mean)), np.asarray(weight * now.slope[at] / mean)

    for one, other in claim.pairs:
        (high, rising), (low, falling) = log_rate(one), log_rate(other)
        if high - low < MARGIN:
            found.append(((high - low - MARGIN) / ERROR, (rising - falling) / ERROR))
    if np.isfinite([claim.low, claim.high]).any():
        for code in claim.tiers[0]:
            value, slope = log_rate(code)
            found += [(miss / ERROR, slope / ERROR) for miss in _missed(claim, value)]
    residual, slopes = np.array([f for f, _ in found]), np.zeros((len(found), *now.rate.shape))
    for k, (_, slope) in enumerate(found):
        slopes[(k, *at)] = slope
    return residual, slopes.reshape(len(found), now.rate.size)


def _missed(claim: Claim, value: float) -> Iterator[float]:
    """Yield by how much a rate misses its bounds; in between, bounds hold by a margin."""
    low, high = np.log(max(claim.low, 1e-9)), np.log(claim.high)
    margin = min(MARGIN, (high - low) / 2)
    if value < low + margin and np.isfinite(claim.low):
        yield value - low - margin
    elif value > high - margin:
        yield value - high + margin


def improved(
    offsets: Offsets, rates: Rates, told: tuple[Claim, ...], *, of_counties: bool = True
) -> Offsets:
    """Return offsets altered by what the rates that were lived with them still miss."""
    found = {by: values.copy() for by, values in offsets.items()}
    for by in TRAITS:
        for what in range(len(WHAT)):
            mine = tuple(c for c in told if c.by == by and c.what == what)
            more = _evidence(offsets, what) if by == "county" and of_counties else ()
            if not mine and not more:
                continue
            pliant = rates.pliant[by] if what == COUNTY else np.ones_like(rates.persons[by])
            problem = Problem(what, by, rates.rate[by][:, what], rates.persons[by], pliant,
                              offsets[by][:, what], mine, more)  # fmt: skip
            found[by][:, what] = solve(problem)
    return found


def _evidence(offsets: Offsets, what: int) -> tuple[Callable[[Floats], Part], ...]:
    """Return what is known of counties beside words."""
    return (linear(offsets, what), flows(offsets, what)) if WHAT[what] != "domestic" else ()


def fit(rounds: int = ROUNDS, begin: Offsets | None = None) -> Offsets:
    """Return the offsets after some rounds; prints how far each has moved them."""
    offsets = begin or no_offsets()
    for _ in range(rounds):
        found = improved(offsets, history(offsets), claims())
        moved = max(float(np.abs(found[by] - offsets[by]).max()) for by in TRAITS)
        print(f"largest change {moved:.3f}")
        offsets = found
    return offsets


def main() -> int:
    """Fit from what is shipped, and write the table."""
    write(fit(begin=calibrated.read().within), DATA / calibrated.WITHIN)
    return 0


if __name__ == "__main__":
    sys.exit(main())
