"""Newton's method for the multinomial logit, with the exact Hessian."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg

from calibration.logit_kernel import newton_blocks
from calibration.patterns import Patterns
from calibration.raking import Floats, Ints

BLOCK = 2_048  # patterns of a block; never changed by the number of threads
TASKS = 8  # handed to threads
MOST_STEPS = 60
CLOSE = 1e-11  # of the decrement, relative to the log likelihood
GUESS_FROM, STRIDE = 40_000, 10  # a first guess from each tenth of so many patterns
ROUGHLY = 1.0  # decrement of a guess: further steps are below the noise of its sample


@dataclass(frozen=True)
class Newton:
    """Where Newton's method came to.

    terms: names of the columns; beta: (terms, moves).
    information: (moves * terms) square, moves one after another.
    """

    terms: tuple[str, ...]
    beta: Floats
    log_likelihood: float
    gradient: Floats
    information: Floats
    steps: int
    converged: bool


def maximise(
    patterns: Patterns,
    threads: int = 1,
    start: Floats | None = None,
    summed: "Summed | None" = None,
) -> Newton:
    """Maximise the likelihood from a start, or from a guess on a part of the patterns.

    summed: another way to the sums of the same patterns.
    """
    if start is None and len(patterns) > GUESS_FROM:
        start = guess(patterns.every(STRIDE), threads)
    beta = _constants(patterns) if start is None else start
    return _newton(patterns.terms, summed or partial(sums, patterns), threads, beta, CLOSE)


def guess(part: Patterns, threads: int = 1) -> Floats | None:
    """Come near the maximum, as near as a part of the patterns can tell; None if it cannot."""
    if not (part.events > 0).all():
        return None
    beta = _newton(part.terms, partial(sums, part), threads, _constants(part), None).beta
    return beta if np.isfinite(beta).all() else None


Sums = tuple[float, Floats, Floats]  # log likelihood, gradient, information
Each = Callable[[Callable[[Ints], None], list[Ints]], Iterable[None]]  # map, or that of a pool
Summed = Callable[[Floats, Each], Sums]


def _newton(
    terms: tuple[str, ...], summed: Summed, threads: int, beta: Floats, close: float | None
) -> Newton:
    """Go uphill, by some threads."""
    if threads == 1:
        return _uphill(terms, lambda at: summed(at, map), beta, close)
    with ThreadPoolExecutor(threads) as pool:
        return _uphill(terms, lambda at: summed(at, pool.map), beta, close)


def _uphill(
    terms: tuple[str, ...], summed: Callable[[Floats], Sums], beta: Floats, close: float | None
) -> Newton:
    """Go uphill until the decrement is small: relative to the likelihood, or below ROUGHLY."""
    here = summed(beta)
    for step in range(MOST_STEPS):
        move = _solve(here[2], here[1])
        decrement = float(here[1].T.ravel() @ move.T.ravel())
        if close is None and decrement <= ROUGHLY:
            return _done(terms, beta + move, here, step + 1, converged=True)
        if close is not None and decrement <= close * abs(here[0]):
            beta = beta + move  # the last step is too short for the likelihood to tell
            return _done(terms, beta, summed(beta), step + 1, converged=True)
        beta, ahead = _climb(summed, beta, move, here[0])
        if ahead is None:
            close_enough = decrement <= 1e-9 * abs(here[0])
            return _done(terms, beta, here, step, converged=close_enough)
        here = ahead
    return _done(terms, beta, here, MOST_STEPS, converged=False)


def _done(
    terms: tuple[str, ...], beta: Floats, here: Sums, steps: int, *, converged: bool
) -> Newton:
    return Newton(terms, beta, here[0], here[1], square(here[2]), steps, converged)


def _climb(
    summed: Callable[[Floats], Sums], beta: Floats, move: Floats, likelihood: float
) -> tuple[Floats, Sums | None]:
    """Go along a move, halving it until the likelihood rises."""
    size = 1.0
    while size > 1e-6:
        found = summed(beta + size * move)
        if np.isfinite(found[0]) and found[0] > likelihood:
            return beta + size * move, found
        size /= 2
    return beta, None


def _constants(patterns: Patterns) -> Floats:
    """Return the coefficients of the model of constants alone."""
    total = patterns.events
    beta = np.zeros((len(patterns.terms), total.size - 1))
    beta[patterns.places[0]] = np.log(total[1:] / total[0])
    return beta


def sums(patterns: Patterns, beta: Floats, each: Each) -> Sums:
    """Return log likelihood, gradient (terms, moves) and information by pairs of moves."""
    terms, moves = beta.shape
    blocks = -(-len(patterns) // BLOCK)
    likelihood, gradient = np.zeros(blocks), np.zeros((blocks, terms, moves))
    information = np.zeros((blocks, terms, terms, moves * (moves + 1) // 2))

    def some(mine: Ints) -> None:
        newton_blocks(
            mine, BLOCK, patterns.numbers, patterns.active, patterns.places, patterns.counts,
            beta, likelihood, gradient, information,
        )  # fmt: skip

    list(each(some, np.array_split(np.arange(blocks), min(blocks, TASKS))))
    return float(likelihood.sum()), gradient.sum(axis=0), information.sum(axis=0)


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
