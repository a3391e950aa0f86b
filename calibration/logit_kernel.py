"""Sums over patterns of persons that a multinomial logit needs, block by block.

Persons with equal terms are one pattern. A pattern has a constant, a few numbers (age, family
size) and at most one active dummy for each factor. Patterns with the same dummies lie beside
each other: they are summed over the numbers alone, and only at the end of such a run do the
dummies get their part. Any order of patterns gives the same sums; that one is the fastest.
Blocks are of fixed size and added in order: the sums are the same bits for any number of
threads.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

Floats = NDArray[Any]
Ints = NDArray[Any]


@inlined
def terms_of(
    i: int,
    numbers: Floats,
    active: Ints,
    places: Ints,
    columns: Ints,
    values: Floats,
) -> int:
    """Fill the columns and values of one pattern's terms, in order of columns; return how many.

    places: column of the constant, then of each number; dummies come after them.
    """
    columns[0], values[0] = places[0], 1.0
    k = 1
    for q in range(numbers.shape[1]):
        columns[k], values[k] = places[q + 1], numbers[i, q]
        k += 1
    for f in range(active.shape[1]):
        if active[i, f] >= 0:
            columns[k], values[k] = active[i, f], 1.0
            k += 1
    return k


@inlined
def shares_of(log_odds: Floats, p: Floats) -> float:
    """Fill the probabilities of the moves; return the log of that of staying."""
    top = 0.0
    for j in range(p.size):
        top = max(top, log_odds[j])
    total = 1.0 if top == 0.0 else np.exp(-top)  # nearly all are likeliest to stay
    for j in range(p.size):
        p[j] = np.exp(log_odds[j] - top)
        total += p[j]
    for j in range(p.size):
        p[j] /= total
    return float(-top - np.log(total))


@inlined
def same_dummies(active: Ints, i: int, k: int) -> bool:
    """Tell whether two patterns differ in numbers alone."""
    different = 0
    for f in range(active.shape[1]):
        different += active[i, f] != active[k, f]
    return different == 0


@inlined
def start_run(i: int, active: Ints, constant: int, beta: Floats, base: Floats) -> None:
    """Fill the log odds of constant and dummies, common to a run of patterns."""
    for j in range(base.size):
        base[j] = beta[constant, j]
        for f in range(active.shape[1]):
            if active[i, f] >= 0:
                base[j] += beta[active[i, f], j]


@inlined
def log_odds_of(
    i: int, numbers: Floats, places: Ints, beta: Floats, base: Floats, log_odds: Floats
) -> None:
    """Fill the log odds of one pattern against staying."""
    for j in range(base.size):
        log_odds[j] = base[j]
        for q in range(numbers.shape[1]):
            log_odds[j] += numbers[i, q] * beta[places[q + 1], j]


@inlined
def add_numbers(i: int, numbers: Floats, spread: Floats, products: Floats, moments: Floats) -> None:
    """Add spread[a, b] x (products of constant and numbers) to the moments of the run."""
    t = 0
    for u in range(numbers.shape[1] + 1):
        left = 1.0 if u == 0 else numbers[i, u - 1]
        for v in range(u, numbers.shape[1] + 1):
            products[t] = left if v == 0 else left * numbers[i, v - 1]
            t += 1
    pair = 0
    for a in range(spread.shape[0]):
        for b in range(a, spread.shape[0]):
            for t in range(products.size):
                moments[pair, t] += spread[a, b] * products[t]
            pair += 1


@inlined
def end_run(i: int, active: Ints, places: Ints, moments: Floats, out: Floats) -> None:
    """Add a run's moments to out[term, term, pair of moves], upper triangle, and empty them.

    moments: (pairs of moves, products of constant and numbers), the constant's first.
    """
    k = places.size
    for pair in range(moments.shape[0]):
        t = 0
        for u in range(k):
            for v in range(u, k):
                out[places[u], places[v], pair] += moments[pair, t]
                t += 1
        for f in range(active.shape[1]):
            row = active[i, f]
            if row >= 0:
                for u in range(k):
                    out[places[u], row, pair] += moments[pair, u]
                for g in range(f, active.shape[1]):
                    if active[i, g] >= 0:
                        out[row, active[i, g], pair] += moments[pair, 0]
        moments[pair, :] = 0.0


@inlined
def end_slopes(i: int, active: Ints, places: Ints, slopes: Floats, gradient: Floats) -> None:
    """Add a run's slopes, (moves, constant and numbers), to the gradient, and empty them."""
    for a in range(slopes.shape[0]):
        for u in range(places.size):
            gradient[places[u], a] += slopes[a, u]
        for f in range(active.shape[1]):
            if active[i, f] >= 0:
                gradient[active[i, f], a] += slopes[a, 0]
        slopes[a, :] = 0.0


@kernel
def newton_block(
    first: int,
    last: int,
    numbers: Floats,
    active: Ints,
    places: Ints,
    counts: Floats,
    beta: Floats,
    gradient: Floats,
    information: Floats,
) -> float:
    """Add a block's gradient and information; return its log likelihood.

    counts: (patterns, outcomes) weighted persons, staying first.
    """
    moves, k = beta.shape[1], places.size
    base, log_odds, p = np.empty(moves), np.empty(moves), np.empty(moves)
    spread = np.empty((moves, moves))
    slopes, products = np.zeros((moves, k)), np.empty(k * (k + 1) // 2)
    moments = np.zeros((moves * (moves + 1) // 2, products.size))
    likelihood = 0.0
    for i in range(first, last):
        if i == first or not same_dummies(active, i, i - 1):
            if i > first:
                end_run(i - 1, active, places, moments, information)
                end_slopes(i - 1, active, places, slopes, gradient)
            start_run(i, active, places[0], beta, base)
        log_odds_of(i, numbers, places, beta, base, log_odds)
        stay = shares_of(log_odds, p)
        n = counts[i, 0]
        likelihood += n * stay
        for j in range(moves):
            n += counts[i, j + 1]
            likelihood += counts[i, j + 1] * (stay + log_odds[j])
        for a in range(moves):
            slope = counts[i, a + 1] - n * p[a]
            slopes[a, 0] += slope
            for q in range(k - 1):
                slopes[a, q + 1] += slope * numbers[i, q]
            for b in range(a, moves):
                spread[a, b] = -n * p[a] * p[b]
            spread[a, a] += n * p[a]
        add_numbers(i, numbers, spread, products, moments)
    if last > first:
        end_run(last - 1, active, places, moments, information)
        end_slopes(last - 1, active, places, slopes, gradient)
    return likelihood


@kernel
def newton_blocks(
    blocks: Ints,
    size: int,
    numbers: Floats,
    active: Ints,
    places: Ints,
    counts: Floats,
    beta: Floats,
    likelihood: Floats,
    gradient: Floats,
    information: Floats,
) -> None:
    """Fill the sums of some blocks of `size` patterns, each in its own place."""
    for b in blocks:
        first, last = b * size, min((b + 1) * size, counts.shape[0])
        likelihood[b] = newton_block(
            first, last, numbers, active, places, counts, beta, gradient[b], information[b]
        )


@kernel
def score_block(
    first: int,
    last: int,
    numbers: Floats,
    active: Ints,
    places: Ints,
    squares: Floats,
    beta: Floats,
    out: Floats,
) -> None:
    """Add a block's products of scores, each person's with itself.

    squares: (patterns, outcomes) sums of squared weights.
    """
    moves, k = beta.shape[1], places.size
    base, log_odds, p = np.empty(moves), np.empty(moves), np.empty(moves)
    spread, products = np.empty((moves, moves)), np.empty(k * (k + 1) // 2)
    moments = np.zeros((moves * (moves + 1) // 2, products.size))
    for i in range(first, last):
        if i == first or not same_dummies(active, i, i - 1):
            if i > first:
                end_run(i - 1, active, places, moments, out)
            start_run(i, active, places[0], beta, base)
        log_odds_of(i, numbers, places, beta, base, log_odds)
        shares_of(log_odds, p)
        for a in range(moves):
            for b in range(a, moves):
                spread[a, b] = 0.0
                for o in range(moves + 1):
                    ea = (1.0 if o == a + 1 else 0.0) - p[a]
                    eb = (1.0 if o == b + 1 else 0.0) - p[b]
                    spread[a, b] += squares[i, o] * ea * eb
        add_numbers(i, numbers, spread, products, moments)
    if last > first:
        end_run(last - 1, active, places, moments, out)


@kernel
def cluster_scores(
    pattern: Ints,
    outcome: Ints,
    weight: Floats,
    starts: Ints,
    numbers: Floats,
    active: Ints,
    places: Ints,
    beta: Floats,
    out: Floats,
) -> None:
    """Add the products of clusters' summed scores, (moves * terms) square.

    pattern, outcome, weight: of persons, cluster after cluster; starts: where clusters begin,
    and the end.
    """
    terms, moves = beta.shape
    columns = np.empty(1 + numbers.shape[1] + active.shape[1], np.int64)
    values = np.empty(columns.size, np.float64)
    base, log_odds, p = np.empty(moves), np.empty(moves), np.empty(moves)
    score = np.zeros(terms * moves, np.float64)
    touched = np.empty(terms * moves, np.int64)
    for c in range(starts.size - 1):
        n = 0
        for person in range(starts[c], starts[c + 1]):
            k = terms_of(pattern[person], numbers, active, places, columns, values)
            start_run(pattern[person], active, places[0], beta, base)
            log_odds_of(pattern[person], numbers, places, beta, base, log_odds)
            shares_of(log_odds, p)
            for j in range(moves):
                slope = weight[person] * ((1.0 if outcome[person] == j + 1 else 0.0) - p[j])
                for u in range(k):
                    at = j * terms + columns[u]
                    if score[at] == 0.0:
                        touched[n] = at
                        n += 1
                    score[at] += slope * values[u]
                    if score[at] == 0.0:
                        score[at] = 1e-300  # keep it marked as touched
        for u in range(n):
            for v in range(n):
                out[touched[u], touched[v]] += score[touched[u]] * score[touched[v]]
        for u in range(n):
            score[touched[u]] = 0.0
