"""Newton's method for the multinomial logit, with the exact Hessian."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from calibration.logit_kernel import newton_block
from calibration.patterns import Patterns
from calibration.raking import Floats

BLOCK = 16_384  # patterns of a block; never changed by the number of threads
MOST_STEPS = 60
CLOSE = 1e-11  # of the decrement, relative to the log likelihood
GUESS_FROM, STRIDE = 40_000, 10  # a first guess from each tenth of so many patterns


@dataclass(frozen=True)
class Newton:
    """Where Newton's method came to.

    beta: (terms, moves); information: (moves * terms) square, moves one after another.
    """

    beta: Floats
    log_likelihood: float
    gradient: Floats
    information: Floats
    steps: int
    converged: bool


def maximise(patterns: Patterns, threads: int = 1, start: Floats | None = None) -> Newton:
    """Maximise the likelihood from a start, or from a guess on a part of the patterns."""
    beta = _constants(patterns) if start is None else start
    if start is None and len(patterns) > GUESS_FROM:
        beta = maximise(patterns.every(STRIDE), threads, beta).beta
    with ThreadPoolExecutor(threads) as pool:
        here = sums(patterns, beta, pool)
        for step in range(MOST_STEPS):
            move = _solve(here[2], here[1])
            decrement = float(here[1].T.ravel() @ move.T.ravel())
            if decrement <= CLOSE * abs(here[0]):
                beta = beta + move  # the last step is too short for the likelihood to tell
                return _done(beta, sums(patterns, beta, pool), step + 1, converged=True)
            beta, ahead = _climb(patterns, beta, move, here[0], pool)
            if ahead is None:
                return _done(beta, here, step, converged=decrement <= 1e-7 * abs(here[0]))
            here = ahead
    return _done(beta, here, MOST_STEPS, converged=False)


Sums = tuple[float, Floats, Floats]


def _done(beta: Floats, here: Sums, steps: int, *, converged: bool) -> Newton:
    return Newton(beta, here[0], here[1], square(here[2]), steps, converged)


def _climb(
    patterns: Patterns, beta: Floats, move: Floats, likelihood: float, pool: ThreadPoolExecutor
) -> tuple[Floats, Sums | None]:
    """Go along a move, halving it until the likelihood rises."""
    size = 1.0
    while size > 1e-6:
        found = sums(patterns, beta + size * move, pool)
        if np.isfinite(found[0]) and found[0] > likelihood:
            return beta + size * move, found
        size /= 2
    return beta, None


def _constants(patterns: Patterns) -> Floats:
    """Return the coefficients of the model of constants alone."""
    total = patterns.counts.sum(axis=0)
    beta = np.zeros((len(patterns.terms), total.size - 1))
    beta[patterns.places[0]] = np.log(total[1:] / total[0])
    return beta


def sums(patterns: Patterns, beta: Floats, pool: ThreadPoolExecutor) -> Sums:
    """Return log likelihood, gradient (terms, moves) and information by pairs of moves."""
    terms, moves = beta.shape
    pairs = moves * (moves + 1) // 2

    def block(first: int) -> Sums:
        gradient, information = np.zeros((terms, moves)), np.zeros((terms, terms, pairs))
        last = min(first + BLOCK, len(patterns))
        likelihood = newton_block(
            first, last, patterns.numbers, patterns.active, patterns.places, patterns.counts,
            beta, gradient, information,
        )  # fmt: skip
        return likelihood, gradient, information

    parts = list(pool.map(block, range(0, len(patterns), BLOCK)))
    likelihood = float(sum(part[0] for part in parts))
    gradient = np.sum([part[1] for part in parts], axis=0)
    return likelihood, gradient, np.sum([part[2] for part in parts], axis=0)


def pairs_of(moves: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of moves in the order of the kernels."""
    for a in range(moves):
        for b in range(a, moves):
            yield a, b


def square(blocks: Floats) -> Floats:
    """Return the symmetric matrix of upper triangles (term, term, pair of moves)."""
    terms, pairs = blocks.shape[1:]
    moves = int((np.sqrt(8 * pairs + 1) - 1) / 2)
    whole = np.empty((moves * terms, moves * terms))
    for block, (a, b) in zip(np.moveaxis(blocks, 2, 0), pairs_of(moves), strict=True):
        full = np.triu(block) + np.triu(block, 1).T
        whole[a * terms : (a + 1) * terms, b * terms : (b + 1) * terms] = full
        whole[b * terms : (b + 1) * terms, a * terms : (a + 1) * terms] = full.T
    return whole


def _solve(information: Floats, gradient: Floats) -> Floats:
    """Return the Newton move; scaled, and a little damped if the matrix is singular."""
    matrix = square(information)
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-30))
    scaled = matrix * scale[:, None] * scale
    pull = gradient.T.ravel() * scale
    for damp in (0.0, 1e-10, 1e-7, 1e-4):
        try:
            factor = linalg.cho_factor(scaled + damp * np.eye(len(scaled)))
        except linalg.LinAlgError:
            continue
        move = linalg.cho_solve(factor, pull) * scale
        return np.asarray(move.reshape(gradient.T.shape).T)
    return np.zeros_like(gradient)
