"""Sums over patterns of persons that a multinomial logit needs, block by block.

Persons with equal terms are one pattern. A pattern has a constant, a few numbers (age, family
size) and at most one active dummy for each factor, so its terms are a short list instead of
a row of zeros. Blocks are of fixed size and added in order: the sums are the same bits for
any number of threads.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

Floats = NDArray[Any]
Ints = NDArray[Any]
SMALLEST = 1e-300  # probability whose logarithm is taken


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
def shares_of(
    k: int,
    columns: Ints,
    values: Floats,
    beta: Floats,
    p: Floats,
) -> float:
    """Fill the probabilities of the moves of one pattern; return the log of that of staying."""
    moves = beta.shape[1]
    top = 0.0
    for j in range(moves):
        eta = 0.0
        for u in range(k):
            eta += values[u] * beta[columns[u], j]
        p[j] = eta
        top = max(top, eta)
    total = np.exp(-top)
    for j in range(moves):
        p[j] = np.exp(p[j] - top)
        total += p[j]
    for j in range(moves):
        p[j] /= total
    return float(-top - np.log(total))


@inlined
def add_products(
    k: int, columns: Ints, values: Floats, spread: Floats, packed: Floats, out: Floats
) -> None:
    """Add spread x (terms' products) to out[term, term, pair of moves], upper triangle."""
    pair = 0
    for a in range(spread.shape[0]):
        for b in range(a, spread.shape[0]):
            packed[pair] = spread[a, b]
            pair += 1
    for u in range(k):
        row = columns[u]
        for v in range(u, k):
            both = values[u] * values[v]
            column = columns[v]
            for q in range(pair):
                out[row, column, q] += packed[q] * both


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
    moves = beta.shape[1]
    columns = np.empty(1 + numbers.shape[1] + active.shape[1], np.int64)
    values = np.empty(columns.size, np.float64)
    p = np.empty(moves, np.float64)
    spread = np.empty((moves, moves), np.float64)
    packed = np.empty(moves * (moves + 1) // 2, np.float64)
    likelihood = 0.0
    for i in range(first, last):
        k = terms_of(i, numbers, active, places, columns, values)
        stay = shares_of(k, columns, values, beta, p)
        n = counts[i, 0]
        likelihood += n * stay
        for j in range(moves):
            n += counts[i, j + 1]
            if counts[i, j + 1] > 0:
                likelihood += counts[i, j + 1] * np.log(max(p[j], SMALLEST))
        for a in range(moves):
            slope = counts[i, a + 1] - n * p[a]
            for u in range(k):
                gradient[columns[u], a] += slope * values[u]
            for b in range(a, moves):
                spread[a, b] = -n * p[a] * p[b]
            spread[a, a] += n * p[a]
        add_products(k, columns, values, spread, packed, information)
    return likelihood


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
    moves = beta.shape[1]
    columns = np.empty(1 + numbers.shape[1] + active.shape[1], np.int64)
    values = np.empty(columns.size, np.float64)
    p = np.empty(moves, np.float64)
    spread = np.empty((moves, moves), np.float64)
    packed = np.empty(moves * (moves + 1) // 2, np.float64)
    for i in range(first, last):
        k = terms_of(i, numbers, active, places, columns, values)
        shares_of(k, columns, values, beta, p)
        for a in range(moves):
            for b in range(a, moves):
                s = 0.0
                for o in range(moves + 1):
                    ea = (1.0 if o == a + 1 else 0.0) - p[a]
                    eb = (1.0 if o == b + 1 else 0.0) - p[b]
                    s += squares[i, o] * ea * eb
                spread[a, b] = s
        add_products(k, columns, values, spread, packed, out)


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
    """Add the products of clusters' summed scores, (moves * terms) square, upper triangle.

    pattern, outcome, weight: of persons, cluster after cluster; starts: where clusters begin,
    and the end.
    """
    terms, moves = beta.shape
    columns = np.empty(1 + numbers.shape[1] + active.shape[1], np.int64)
    values = np.empty(columns.size, np.float64)
    p = np.empty(moves, np.float64)
    score = np.zeros(terms * moves, np.float64)
    touched = np.empty(terms * moves, np.int64)
    for c in range(starts.size - 1):
        n = 0
        for person in range(starts[c], starts[c + 1]):
            k = terms_of(pattern[person], numbers, active, places, columns, values)
            shares_of(k, columns, values, beta, p)
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
