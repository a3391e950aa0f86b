"""The fit: weights under which a pool of candidates prints what the publication printed.

Weights are w = N_g exp(theta f) / sum, so that the sizes of the eight groups hold exactly; f
are one-way and two-way indicators. theta minimises the squared gaps to the 610 standard
errors with usable rounding, the 13 log likelihoods and R2, margins, and a small ridge.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from calibration.information import Floats, Shadow, published_shadows, scaled_r2, sizes
from calibration.pool import GROUPS, Pool

AGE_STARTS = (20, 25, 30, 35, 40, 45, 50, 55, 60, 67)
LARGEST_FAMILY, MOST_OTHERS = 7, 3
SE_FLOOR = 0.008  # no standard error is believed to more than this share of itself
LIKELIHOOD_SCALE = 0.0015  # of log likelihoods (relative) and of R2 (absolute)
RIDGE = 0.02


@dataclass(frozen=True)
class Margin:
    """Published numbers of persons: the cell of each candidate, the numbers, how well believed."""

    name: str
    cell: NDArray[np.int64]
    persons: Floats
    tolerance: float

    def loss(self, weights: Floats) -> tuple[float, Floats]:
        """Return half the squared gaps and their derivative by weight."""
        known = self.persons > 0
        found = np.bincount(self.cell, weights, self.persons.size)
        gap = np.where(known, found / np.where(known, self.persons, 1) - 1, 0) / self.tolerance
        pull = np.where(known, gap / self.tolerance / np.where(known, self.persons, 1), 0)
        return float(gap @ gap) / 2, pull[self.cell]


@dataclass(frozen=True)
class Fit:
    """Weights, and how closely each model is reproduced.

    gaps: by model, log ratio of fitted to printed standard errors (nan: unusable rounding).
    log_likelihood, r2: by model, relative and absolute misfit.
    """

    weights: Floats
    covariances: dict[str, Floats]
    gaps: dict[str, Floats]
    log_likelihood: dict[str, float]
    r2: dict[str, float]
    converged: bool
    steps: int

    def gap_quantile(self, share: float) -> float:
        """Return a quantile of the absolute gaps of all usable standard errors."""
        every = np.abs(np.concatenate(list(self.gaps.values())))
        return float(np.quantile(every[np.isfinite(every)], share))


def fit_register(
    pool: Pool,
    margins: Sequence[Margin] = (),
    *,
    steps: int = 800,
    shadows: Sequence[Shadow] | None = None,
) -> Fit:
    """Fit the weights of a pool to the publication and to margins."""
    shadows = published_shadows(pool) if shadows is None else shadows
    problem = _Problem(pool, shadows, margins)
    start = np.zeros(problem.features.shape[1])
    found = optimize.minimize(
        problem.loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "maxcor": 30, "maxfun": 2 * steps},
    )
    return _judge(problem.weights(found.x), shadows, converged=found.nit < steps, steps=found.nit)


class _Problem:
    """The loss as a function of theta."""

    def __init__(self, pool: Pool, shadows: Sequence[Shadow], margins: Sequence[Margin]) -> None:
        self.shadows, self.margins = shadows, margins
        self.features = features(pool)
        self.transposed = self.features.T.tocsr()
        self.size = sizes()
        self.block = pool.size // GROUPS

    def weights(self, theta: Floats) -> Floats:
        """Return everybody's weight; each group has its published size."""
        score = (self.features @ theta).reshape(GROUPS, self.block)
        share = np.exp(score - score.max(axis=1, keepdims=True))
        share *= (self.size / share.sum(axis=1))[:, None]
        return np.asarray(share.ravel())

    def loss(self, theta: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient."""
        weights = self.weights(theta)
        total, slope = 0.0, np.zeros(weights.size)
        for shadow in self.shadows:
            part, inside = model_loss(shadow, weights)
            total += part
            slope[shadow.rows] += inside
        for margin in self.margins:
            part, everywhere = margin.loss(weights)
            total += part
            slope += everywhere
        w, s = weights.reshape(GROUPS, -1), slope.reshape(GROUPS, -1)
        mean = (w * s).sum(axis=1, keepdims=True) / self.size[:, None]
        gradient = self.transposed @ (w * (s - mean)).ravel() + RIDGE * theta
        return total + RIDGE / 2 * float(theta @ theta), gradient


def model_loss(shadow: Shadow, weights: Floats) -> tuple[float, Floats]:
    """Return one model's loss and its derivative by the weight of each of its candidates.

    Large gaps of standard errors count linearly, so that one odd figure cannot rule.
    """
    covariance = shadow.covariance(weights)
    gap = np.log(np.sqrt(np.diag(covariance)) / shadow.printed)
    scale = np.maximum(shadow.rounding, SE_FLOOR)
    r = np.where(np.isfinite(gap), gap / scale, 0)
    bend = np.sqrt(1 + r * r)
    slope = shadow.slope(covariance, np.where(np.isfinite(gap), r / bend / scale, 0))
    loss = float((bend - 1).sum())
    printed = shadow.model.diagnostics
    likelihood = shadow.log_likelihood(weights) / printed.log_likelihood - 1
    slope += likelihood / LIKELIHOOD_SCALE**2 * shadow.log_p / printed.log_likelihood
    empty, d_empty = shadow.empty_log_likelihood(weights)
    r2 = scaled_r2(printed.log_likelihood, empty, printed.n)
    step = abs(empty) * 1e-6
    d_r2 = (scaled_r2(printed.log_likelihood, empty + step, printed.n) - r2) / step
    misfit = r2 - printed.scaled_r2
    slope += misfit / LIKELIHOOD_SCALE**2 * d_r2 * d_empty
    loss += (likelihood**2 + misfit**2) / 2 / LIKELIHOOD_SCALE**2
    return loss, slope


def features(pool: Pool) -> sparse.csr_matrix:
    """Return the indicators of categories, of categories by group, and of pairs of categories."""
    c = pool.columns
    categories = {
        "age": np.searchsorted(AGE_STARTS, c["age"], side="right"),
        "duration": pool.duration_group(),
        "education": c["education"],
        "status": c["status"],
        "reason": c["reason"],
        "size": np.minimum(c["family_total"], LARGEST_FAMILY),
        "others": np.minimum(c["family_total"] - c["family_immigrants"], MOST_OTHERS),
    }
    return sparse.hstack([*_indicators(categories, pool.group)]).tocsr()


def _indicators(
    categories: dict[str, NDArray[np.int64]], group: NDArray[np.int64]
) -> Iterator[sparse.csr_matrix]:
    for values in categories.values():
        yield _one_hot(values)
        yield _one_hot(values * GROUPS + group)
    for one, other in combinations(categories.values(), 2):
        yield _one_hot(one * 100 + other)


def _one_hot(values: NDArray[np.int64]) -> sparse.csr_matrix:
    columns = np.unique(values, return_inverse=True)[1]
    rows = np.arange(values.size)
    return sparse.csr_matrix((np.ones(values.size), (rows, columns)))


def _judge(weights: Floats, shadows: Sequence[Shadow], *, converged: bool, steps: int) -> Fit:
    covariances, gaps, likelihood, r2 = {}, {}, {}, {}
    for shadow in shadows:
        name, printed = shadow.model.name, shadow.model.diagnostics
        covariances[name] = shadow.covariance(weights)
        gaps[name] = np.log(np.sqrt(np.diag(covariances[name])) / shadow.printed)
        likelihood[name] = shadow.log_likelihood(weights) / printed.log_likelihood - 1
        empty, _ = shadow.empty_log_likelihood(weights)
        r2[name] = scaled_r2(printed.log_likelihood, empty, printed.n) - printed.scaled_r2
    return Fit(weights, covariances, gaps, likelihood, r2, converged, steps)
