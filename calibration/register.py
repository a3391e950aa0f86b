"""The fit: the people nearest to the starting population who print what was published.

Nearest in entropy: the numbers v of candidate families minimise

    sum of v log(v / prior) x PULL  +  half the sum of squared gaps, each in units of its tolerance,

over the 610 standard errors with usable rounding, 13 log likelihoods, 13 R2 and every
margin. At the minimum log(v / prior) is a combination of the slopes of the gaps, one
multiplier each, so nothing moves that no figure asks to move. Gauss-Newton: each step
solves for the multipliers, a system as large as the number of figures.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from calibration.equations import Block, in_persons
from calibration.information import Shadow, scaled_r2
from calibration.pool import LEVEL_COUNT, Pool
from calibration.raking import Floats, Ints

PULL = 0.004  # weight of entropy against squared gaps: all figures are met to within tolerance
SE_FLOOR = 0.008  # no standard error is believed to more than this share of itself
LIKELIHOOD_TOLERANCE = 0.001  # of log likelihoods (relative) and of R2 (absolute)
HUGE_GAP = 2.5  # beyond so many tolerances a standard error pulls no harder
LONGEST_STEP = 3.0  # of the log of 99 in 100 numbers
FEWEST_STEPS, CLOSE = 5, 1e-4  # ended when the loss falls by less than this share of itself
SMALLEST_LOG, LARGEST_LOG = -40.0, 8.0
TINY = 1e-6
Watch = Callable[[int, float], None]


@dataclass(frozen=True)
class Fit:
    """Numbers of families, and how closely each model is reproduced.

    gaps: by model, log ratio of fitted to printed standard errors (nan: unusable rounding).
    log_likelihood, r2: by model, relative and absolute misfit.
    """

    number: Floats
    converged: bool
    steps: int
    covariances: dict[str, Floats] = field(default_factory=dict)
    gaps: dict[str, Floats] = field(default_factory=dict)
    log_likelihood: dict[str, float] = field(default_factory=dict)
    r2: dict[str, float] = field(default_factory=dict)

    def gap_quantile(self, share: float) -> float:
        """Return a quantile of the absolute gaps of all usable standard errors."""
        every = np.abs(np.concatenate(list(self.gaps.values())))
        return float(np.quantile(every[np.isfinite(every)], share))


def fit_register(
    pool: Pool,
    shadows: Sequence[Shadow],
    blocks: Sequence[Block],
    *,
    prior: Floats | None = None,
    steps: int = 100,
    watch: Watch | None = None,
) -> Fit:
    """Fit the numbers of candidate families to the publication and to margins.

    prior: where to start from, else the pool's own.
    watch: told of every step and its loss.
    """
    problem = Problem(pool, shadows, blocks, pool.prior if prior is None else prior)
    log_ratio, loss, converged, step = np.zeros(pool.level.size), np.inf, False, 0
    while step < steps and not converged:
        number = problem.number(log_ratio)
        residuals, parts = problem.linearise(number)
        now = problem.loss(residuals, number, log_ratio)
        if watch is not None:
            watch(step, now)
        move = problem.direction(residuals, parts, number, log_ratio)
        slow = step >= FEWEST_STEPS and loss - now < CLOSE * max(now, 1.0)
        ahead = None if slow else problem.search(log_ratio, move, now)
        if ahead is None:  # hardly any gain, or nothing better near by: the end, or a dead end
            converged = problem.is_flat(log_ratio, move, now)
            ahead = None if converged or not slow else problem.search(log_ratio, move, now)
        if ahead is None:
            break
        log_ratio, loss, step = ahead, now, step + 1
    return _judge(pool, shadows, problem.number(log_ratio), converged, step)


@dataclass(frozen=True)
class Part:
    """The slopes of some figures for the families of one level, scaled by tolerance.

    figures: positions of the figures among all residuals.
    """

    level: int
    figures: Ints
    slopes: Floats


class Problem:
    """Loss, residuals and slopes as functions of the numbers of families."""

    def __init__(
        self, pool: Pool, shadows: Sequence[Shadow], blocks: Sequence[Block], prior: Floats
    ) -> None:
        self.pool, self.shadows, self.prior = pool, shadows, prior
        empty = sparse.csr_matrix((0, prior.size))
        self.matrix = sparse.vstack([empty, *(b.matrix for b in blocks)]).tocsr()
        self.target = np.concatenate([np.zeros(0), *(b.target for b in blocks)])
        self.tolerance = np.concatenate([np.zeros(0), *(b.tolerance for b in blocks)])
        self.bounds = pool.bounds()
        self.gather = [_gatherer(pool, shadow) for shadow in shadows]

    def number(self, log_ratio: Floats) -> Floats:
        """Return the numbers of families."""
        return np.asarray(self.prior * np.exp(log_ratio))

    def loss(self, residuals: Floats, number: Floats, log_ratio: Floats) -> float:
        """Return what is minimised."""
        entropy = number @ log_ratio - number.sum() + self.prior.sum()
        return float(residuals @ residuals / 2 + PULL * entropy)

    def residuals(self, number: Floats) -> Floats:
        """Return the gaps of all figures: margins, then model by model."""
        weights = in_persons(self.pool, number)
        models = [_model_residuals(s, weights, s.covariance(weights)) for s in self.shadows]
        return np.concatenate([(self.matrix @ number - self.target) / self.tolerance, *models])

    def linearise(self, number: Floats) -> tuple[Floats, list[Part]]:
        """Return the gaps and their slopes."""
        weights = in_persons(self.pool, number)
        residuals = [(self.matrix @ number - self.target) / self.tolerance]
        parts = list(self._margin_parts())
        position = residuals[0].size
        for shadow, gather in zip(self.shadows, self.gather, strict=True):
            covariance = shadow.covariance(weights)
            found = _model_residuals(shadow, weights, covariance)
            slopes = gather @ _model_slopes(shadow, weights, covariance)
            figures = np.arange(position, position + found.size)
            for level, rows in self._levels():
                if slopes[rows].any():
                    parts.append(Part(level, figures, slopes[rows]))
            residuals.append(found)
            position += found.size
        return np.concatenate(residuals), parts

    def _levels(self) -> Iterator[tuple[int, slice]]:
        for level in range(LEVEL_COUNT):
            yield level, slice(int(self.bounds[level]), int(self.bounds[level + 1]))

    def _margin_parts(self) -> Iterator[Part]:
        scale = sparse.diags_array(1 / self.tolerance)
        for level, rows in self._levels():
            here = (scale @ self.matrix[:, rows]).tocsr()
            used = np.flatnonzero(np.diff(here.indptr))
            yield Part(level, used, here[used].T.toarray())

    def direction(
        self, residuals: Floats, parts: Sequence[Part], number: Floats, log_ratio: Floats
    ) -> Floats:
        """Return the Gauss-Newton change of the logs of the numbers."""
        size = residuals.size
        system, pulled, levels = np.eye(size), residuals.copy(), []
        for level, rows in self._levels():
            here = [part for part in parts if part.level == level]
            if not here or rows.start == rows.stop:
                continue
            slopes = np.concatenate([part.slopes for part in here], axis=1)
            figures = np.concatenate([part.figures for part in here])
            rooted = slopes * np.sqrt(number[rows])[:, None]
            system[np.ix_(figures, figures)] += rooted.T @ rooted / PULL
            pulled[figures] -= slopes.T @ (number[rows] * log_ratio[rows])
            levels.append((rows, figures, slopes))
        multipliers = linalg.solve(system, pulled, assume_a="pos")
        move = -log_ratio
        for rows, figures, slopes in levels:
            move[rows] -= slopes @ multipliers[figures] / PULL
        return move

    def search(self, log_ratio: Floats, move: Floats, loss: float) -> Floats | None:
        """Go along a direction, halving the step until the loss falls; None if it never does."""
        longest = float(np.quantile(np.abs(move), 0.99))
        step = min(1.0, LONGEST_STEP / max(longest, 1e-12))
        while step > 1e-4:
            found = np.clip(log_ratio + step * move, SMALLEST_LOG, LARGEST_LOG)
            number = self.number(found)
            if self.loss(self.residuals(number), number, found) < loss:
                return np.asarray(found)
            step /= 2
        return None

    def is_flat(self, log_ratio: Floats, move: Floats, loss: float) -> bool:
        """Say whether the whole move promises no more than the end of a fit would gain."""
        ahead = log_ratio + TINY * move
        number = self.number(ahead)
        gain = (loss - self.loss(self.residuals(number), number, ahead)) / TINY
        return gain < CLOSE * max(loss, 1.0)


def _gatherer(pool: Pool, shadow: Shadow) -> sparse.csr_matrix:
    """Return the matrix that adds up a model's persons to families."""
    shape = (pool.level.size, shadow.rows.size)
    family = pool["family"][shadow.rows]
    return sparse.csr_matrix((np.ones(family.size), (family, np.arange(family.size))), shape=shape)


def _bent(shadow: Shadow, covariance: Floats) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Return which standard errors are usable, their residuals and d residual / d log.

    Beyond HUGE_GAP the loss grows linearly (Huber), so that one odd figure cannot rule.
    """
    usable = np.isfinite(shadow.printed) & np.isfinite(shadow.rounding)
    scale = np.hypot(shadow.rounding, SE_FLOOR)[usable]
    gap = shadow.gaps(covariance)[usable] / scale
    far = np.abs(gap) > HUGE_GAP
    linear = np.sqrt(np.maximum(2 * HUGE_GAP * np.abs(gap) - HUGE_GAP**2, HUGE_GAP**2))
    bent = np.where(far, np.sign(gap) * linear, gap)
    return usable, bent, np.where(far, HUGE_GAP / linear, 1) / scale


def _model_residuals(shadow: Shadow, weights: Floats, covariance: Floats) -> Floats:
    _, bent, _ = _bent(shadow, covariance)
    printed = shadow.model.diagnostics
    likelihood = shadow.log_likelihood(weights) / printed.log_likelihood - 1
    empty, _ = shadow.empty_log_likelihood(weights)
    misfit = scaled_r2(printed.log_likelihood, empty, printed.n) - printed.scaled_r2
    others = np.array([likelihood, misfit]) / LIKELIHOOD_TOLERANCE
    return np.concatenate([bent, others])


def _model_slopes(shadow: Shadow, weights: Floats, covariance: Floats) -> Floats:
    usable, _, factor = _bent(shadow, covariance)
    printed = shadow.model.diagnostics
    empty, d_empty = shadow.empty_log_likelihood(weights)
    step = abs(empty) * 1e-6
    ahead, behind = (
        scaled_r2(printed.log_likelihood, e, printed.n) for e in (empty + step, empty - step)
    )
    likelihood = shadow.log_p / printed.log_likelihood
    r2 = (ahead - behind) / (2 * step) * d_empty
    others = np.stack([likelihood, r2], axis=1) / LIKELIHOOD_TOLERANCE
    return np.concatenate([shadow.slopes(covariance)[:, usable] * factor, others], axis=1)


def _judge(
    pool: Pool, shadows: Sequence[Shadow], number: Floats, converged: bool, steps: int
) -> Fit:
    fit = Fit(number, converged, steps)
    weights = in_persons(pool, number)
    for shadow in shadows:
        name, printed = shadow.model.name, shadow.model.diagnostics
        fit.covariances[name] = shadow.covariance(weights)
        fit.gaps[name] = shadow.gaps(fit.covariances[name])
        fit.log_likelihood[name] = shadow.log_likelihood(weights) / printed.log_likelihood - 1
        empty, _ = shadow.empty_log_likelihood(weights)
        fit.r2[name] = scaled_r2(printed.log_likelihood, empty, printed.n) - printed.scaled_r2
    return fit
