"""One model over several strata, whose sums are remembered for the models of each.

A model of women and men is, among women, a model without the term for women whose constant
holds it. So the sums of the whole are put together from those of the parts, and when each
part then gets a model of its own, starting there, its first sums are known already.
"""

from collections.abc import Sequence

import numpy as np

from calibration.logit_newton import Each, Sums, pairs_of, square, sums
from calibration.patterns import Patterns
from calibration.raking import Floats

SAME = 1e-14  # coefficients so close are the same


class Stratum:
    """The patterns of one stratum, and the sums taken last."""

    def __init__(self, patterns: Patterns) -> None:
        self.patterns = patterns
        self._beta: Floats | None = None
        self._sums: Sums | None = None

    def sums(self, beta: Floats, each: Each) -> Sums:
        """Return log likelihood, gradient and information, those taken last if they fit."""
        if self._sums is None or self._beta is None or abs(self._beta - beta).max() > SAME:
            self._beta, self._sums = beta, sums(self.patterns, beta, each)
        return self._sums


class Strata:
    """A model over strata; `marks` are the terms of it that are 1 throughout each stratum."""

    def __init__(
        self, terms: Sequence[str], strata: Sequence[Stratum], marks: Sequence[Sequence[str]]
    ) -> None:
        self.strata = strata
        self.ways = []
        for stratum, marked in zip(strata, marks, strict=True):
            own = stratum.patterns.terms
            way = np.array([[float(term == other) for other in terms] for term in own])
            way[own.index("constant")] += [float(term in marked) for term in terms]
            self.ways.append(way)

    def sums(self, beta: Floats, each: Each) -> Sums:
        """Return log likelihood, gradient and information of the whole."""
        terms, moves = beta.shape
        likelihood, gradient = 0.0, np.zeros((terms, moves))
        information = np.zeros((terms, terms, moves * (moves + 1) // 2))
        for stratum, way in zip(self.strata, self.ways, strict=True):
            part = stratum.sums(way @ beta, each)
            likelihood += part[0]
            gradient += way.T @ part[1]
            whole, k = square(part[2]), len(way)
            for pair, (a, b) in enumerate(pairs_of(moves)):
                block = whole[a * k : (a + 1) * k, b * k : (b + 1) * k]
                information[:, :, pair] += way.T @ block @ way
        return likelihood, gradient, information
