"""What differs between two ensembles, with intervals: means, paired differences, reasons.

With shared luck the difference B - A is taken within each replicate, and its interval is
mean ± t(n-1, 0.975) * s / sqrt(n), s the standard deviation of the differences: where the
*expected* difference lies, not that of one further history. Where replicates also draw parameters
or the economy, more of them tell no more of these: then the interval is that of one history, and
its variance is split as runs/intervals.py says. Without shared luck variances add up, with Welch's
degrees of freedom. The percentage is 100 * mean(B - A) / mean(A), its interval that of a ratio: s
is the standard deviation of (B - A) - r * A, with r the ratio.

How many times fewer replicates shared luck needs: the variance of B - A with luck of its own
for each, var(A) + var(B), over that with shared luck, both a replicate.

Emigrations and moves are told as expected on 1 January, too: everybody's chances added up, which
are on average what happens, without the luck of the year itself. The gain of such a difference is
beside counts of runs with luck of their own, since that is what would be compared otherwise.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.crossing import RING, partners_of, settled
from runs.ensemble import ECONOMY, PARAMETERS
from runs.intervals import SOME_DAY, Flags, Floats, Spread, from_sums, quantile
from runs.lockstep import KINDS, STOCK, History
from runs.measures import COUNTS, EXPECTED, EXPOSED, RATES
from runs.tables import percent

MEASURES = (*COUNTS, "stock", *RATES, *EXPECTED)  # along one axis of every array of differences


_EXPECTED = [MEASURES.index(measure) for measure in EXPECTED]
_COUNTED = [MEASURES.index(measure) for measure in EXPECTED.values()]
NOTHING: Floats = np.zeros(0)


class Difference(NamedTuple):
    """A measure in A and in B, B - A with its interval, the same in percent of A, and the gain.

    gain: how many times fewer replicates shared luck needs; nan where nothing varies.
    The shares are percent of the variance of B - A; nan where it is not split.
    """

    a: float
    b: float
    mean: float
    low: float
    high: float
    percent: float
    percent_low: float
    percent_high: float
    gain: float
    replicates: int
    parameters_share: float = math.nan
    economy_share: float = math.nan
    chance_share: float = math.nan


@dataclass(frozen=True)
class Differences:
    """Differences of every measure, year and cell.

    values: (fields of Difference, years + the 1 January after + all years together, MEASURES,
        cells). Flows have no value in the 1 January after, stocks and rates none together.
    """

    values: Floats

    def at(self, year: int, measure: str, cell: int = 0) -> Difference:
        """Return one difference; year counts from the first, -1 is all years together."""
        found = self.values[:, year, MEASURES.index(measure), cell].tolist()
        which = Difference._fields.index("replicates")
        return Difference._make([*found[:which], int(found[which]), *found[which + 1 :]])


class Moments:
    """Mean and spread of arrays that come one at a time; nan are left out, place by place.

    drawn: what replicates draw anew besides luck; those of the last rings are kept to be paired.
    """

    def __init__(self, drawn: tuple[str, ...] = ()) -> None:
        self.number = self.first = self.sums = self.squares = NOTHING
        self.drawn = PARAMETERS in drawn, ECONOMY in drawn
        self._ring: list[Floats] = []
        self._came = 0
        self._apart: list[tuple[Floats, Floats]] = []
        self.settled = SOME_DAY  # where draws of the economy cannot matter

    def add(self, values: Floats) -> None:
        """Count one more array; sums are of distances from the first, so that they are exact."""
        if not self.number.size:
            self.first = np.nan_to_num(values)
            self.number, self.sums, self.squares = (np.zeros(values.shape) for _ in range(3))
            self._apart = [(np.zeros(values.shape), np.zeros(values.shape)) for _ in self.drawn]
        known = ~np.isnan(values)
        distance = np.where(known, values - self.first, 0.0)
        self.number += known
        self.sums += distance
        self.squares += distance**2
        if any(self.drawn):
            self._pair(values)

    def _pair(self, values: Floats) -> None:
        """Compare with those earlier ones that share a draw."""
        place = self._came % (2 * RING)
        for kind, partner in enumerate(partners_of(self._came)):
            if partner is not None and self.drawn[kind]:
                squares = (values - self._ring[partner % (2 * RING)]) ** 2
                sums, many = self._apart[kind]
                sums += np.nan_to_num(squares)
                many += ~np.isnan(squares)
        if place == 0:
            self._ring.clear()
        self._ring.append(values)
        self._came += 1

    @property
    def mean(self) -> Floats:
        """The mean of every place, nan where nothing came."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = self.first + self.sums / self.number
        return np.asarray(found)

    @property
    def variance(self) -> Floats:
        """The variance of every place, nan below two values."""
        return self.spread.variance

    @property
    def spread(self) -> Spread:
        """How the arrays spread at every place."""
        every = np.maximum(self.number * self.squares - self.sums**2, 0.0)
        return from_sums(self.number, every, self._apart, self.drawn, self.settled)


def measured(counts: NDArray[np.number], expected: Floats | None = None) -> Floats:
    """Return every measure of one world: (years + 1 + all years, MEASURES, cells).

    counts: (years and the 1 January after, KINDS, cells). expected: (years, EXPECTED, cells), if
    known.
    """
    years = len(counts) - 1
    found = np.full((years + 2, len(MEASURES), counts.shape[-1]), np.nan)
    flows = counts[:years].astype(np.float64)
    exposed = np.asarray(sum(flows[:, KINDS.index(kind)] for kind in EXPOSED))
    for measure, event in COUNTS.items():
        happened = flows[:, KINDS.index(event)]
        found[:years, MEASURES.index(measure)] = happened
        found[-1, MEASURES.index(measure)] = happened.sum(axis=0)
    found[: years + 1, MEASURES.index("stock")] = counts[:, STOCK]
    for measure, event in RATES.items():
        rate = percent(flows[:, KINDS.index(event)], exposed)
        found[:years, MEASURES.index(measure)] = rate
    if expected is not None:
        found[:years, _EXPECTED] = expected
        found[-1, _EXPECTED] = expected.sum(axis=0)
    return found


def settled_measures(years: tuple[int, int]) -> Flags:
    """Say which of the measures, as `measured` has them, draws of the economy cannot alter.

    A stock is settled a year longer: on 1 January nothing of the year has happened.
    """
    of_year = np.array([*range(years[0], years[1] + 2), years[1]])
    stock = np.array([measure == "stock" for measure in MEASURES])
    return settled(of_year[:, None] - stock)[:, :, None]


def differences(
    a: Moments, b: Moments, paired: Moments | None, *, drawn: bool = False
) -> Differences:
    """Return the differences.

    paired: the moments of B - A within replicates, if luck is shared.
    drawn: whether more than luck is drawn, so that intervals are those of one history.
    """
    mean_a, mean_b, of_a, of_b = a.mean, b.mean, a.spread, b.spread
    both = of_a.variance + of_b.variance
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (mean_b - mean_a) / np.where(mean_a > 0, mean_a, np.nan)
        grown = of_b.variance + (1 + ratio) ** 2 * of_a.variance  # of (B - A) - ratio * A
        if paired is None:
            per_a, per_b = _of_mean(of_a, drawn), _of_mean(of_b, drawn)
            error, relative = per_a + per_b, per_b + (1 + ratio) ** 2 * per_a
            lost = per_a**2 / of_a.freedom + per_b**2 / of_b.freedom
            freedom = np.where(lost > 0, error**2 / lost, a.number + b.number - 2)
            mean, number, gain = mean_b - mean_a, np.minimum(a.number, b.number), both * np.nan
            shares = (of_a.variance * of_a.shares + of_b.variance * of_b.shares) / both
        else:
            mean, number, found = paired.mean, paired.number, paired.spread
            freedom, shares = found.freedom, found.shares
            together = (both - found.variance) / 2  # the covariance of A and B
            relative = np.maximum(grown - 2 * (1 + ratio) * together, 0)
            relative *= found.of_mean + drawn
            error, gain = _of_mean(found, drawn), both / found.variance
        reach = quantile(freedom) * np.sqrt(np.stack([error, relative]))
    span = [mean - reach[0], mean + reach[0]]
    relative_reach = reach[1] / np.where(mean_a > 0, mean_a, np.nan)
    share = [100 * ratio, *(100 * (ratio + sign * relative_reach) for sign in (-1, 1))]
    numbers = [mean_a, mean_b, mean, *span, *share, gain, number, *(100 * shares)]
    return Differences(np.stack(numbers))


def _of_mean(of: Spread, drawn: bool) -> Floats:
    """Return the variance of a mean or, if more than luck is drawn, of a further history."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(of.variance * (of.of_mean + drawn))


@dataclass(frozen=True)
class Reasons:
    """Who differs and why, means over replicates.

    who: (years, events, mechanisms, directions, cells), persons.
    net: (years, events, mechanisms, cells), only in B less only in A; low and high bound it, and
        shares (3, ...) are percent of its variance, from parameters, economy and chance.
    outcomes: (years, outcome in A, outcome in B), immigrants.
    changed: whether anybody did anything else in any replicate.
    """

    who: Floats
    net: Floats
    low: Floats
    high: Floats
    outcomes: Floats
    changed: bool
    shares: Floats


@dataclass(frozen=True)
class Comparison:
    """What was found; reasons are None where persons could not be compared.

    years: the first and the last that both have lived.
    drawn: what replicates draw anew besides luck; then intervals are those of one history.
    """

    years: tuple[int, int]
    replicates: int
    paired: bool
    differences: Differences
    reasons: Reasons | None = None
    drawn: tuple[str, ...] = ()

    @property
    def of_what(self) -> str:
        """What the intervals are of."""
        return "the difference of one history" if self.drawn else "the expected difference"

    @property
    def every_year(self) -> range:
        """The years lived."""
        return range(self.years[0], self.years[1] + 1)


class Tally:
    """Adds up replicates as they come, in memory that does not grow.

    drawn: what they draw anew besides luck.
    """

    def __init__(self, drawn: tuple[str, ...] = ()) -> None:
        self.drawn = drawn
        self.a, self.b, self.paired, self.who, self.net, self.outcomes = (
            Moments(drawn) for _ in range(6)
        )
        self.changed = False

    def add(self, history: History) -> None:
        """Count one replicate."""
        a, b = map(measured, history.counts, history.expected)
        self.a.add(a)
        self.b.add(b)
        self.paired.add(b - a)
        self.who.add(history.who.astype(np.float64))
        self.net.add((history.who[:, :, :, 1] - history.who[:, :, :, 0]).astype(np.float64))
        self.outcomes.add(history.outcomes.astype(np.float64))
        same = np.trace(history.outcomes, axis1=1, axis2=2)
        different = bool((history.outcomes.sum(axis=(1, 2)) != same).any())
        self.changed |= different or bool((history.counts[0] != history.counts[1]).any())

    def comparison(self, years: tuple[int, int], replicates: int) -> Comparison:
        """Return what was found so far."""
        for moments in (self.a, self.b, self.paired):
            moments.settled = settled_measures(years)
        self.net.settled = settled(range(years[0], years[1] + 1))[:, None, None, None]
        net = self.net.mean
        of = self.net.spread
        reach = quantile(of.freedom) * np.sqrt(_of_mean(of, bool(self.drawn)))
        reasons = Reasons(
            self.who.mean, net, net - reach, net + reach, self.outcomes.mean, self.changed,
            100 * of.shares,
        )  # fmt: skip
        found = differences(self.a, self.b, self.paired, drawn=bool(self.drawn))
        self._beside_counts(found)
        return Comparison(years, replicates, True, found, reasons, self.drawn)

    def _beside_counts(self, found: Differences) -> None:
        """Let the gain of what is expected be that over counts with luck of their own."""
        counted = (self.a.variance + self.b.variance)[:, _COUNTED]
        with np.errstate(invalid="ignore", divide="ignore"):
            gain = counted / self.paired.variance[:, _EXPECTED]
        found.values[Difference._fields.index("gain"), :, _EXPECTED] = np.moveaxis(gain, 1, 0)


def from_counts(
    a: Iterable[NDArray[np.number]],
    b: Iterable[NDArray[np.number]],
    years: tuple[int, int],
    *,
    paired: bool,
    drawn: tuple[str, ...] = (),
) -> Comparison:
    """Compare counts of finished runs, a replicate each, without looking at persons."""
    every = [[measured(counts) for counts in world] for world in (a, b)]
    sums = Moments(drawn), Moments(drawn), Moments(drawn)
    for world, held in zip(sums, every, strict=False):
        for values in held:
            world.add(values)
    for one, other in zip(*every, strict=False):
        sums[2].add(other - one)
    for moments in sums:
        moments.settled = settled_measures(years)
    found = differences(*sums[:2], sums[2] if paired else None, drawn=bool(drawn))
    return Comparison(years, min(map(len, every)), paired, found, drawn=drawn)
