"""Choosing among many alternatives with explicit error terms, on bare arrays."""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

STRETCH = 1_024  # choosers
A_WORD, HALF_A_WORD = np.float32(2.0**-32), np.float32(2.0**-33)
NEAR, SMALL = np.float32(1.001), np.float32(1e-3)  # what rounding cannot reach
STEP = np.uint64(1)
ONE, HALF, NEVER = np.float32(1.0), np.float32(0.5), np.float32(np.inf)
# Of float32: the bits of the root of 1/2, where the mantissa ends, and a polynomial (that of the
# Cephes library, Moshier 1984) for log(1 + x), less x and -x**2 / 2, over x**3.
ROOT_OF_HALF, MANTISSA, LOG_2 = np.int32(0x3F3504F3), np.int32(23), np.float32(np.log(2.0))
A, B, C = np.float32(7.0376836292e-2), np.float32(-1.1514610310e-1), np.float32(1.1676998740e-1)
D, E, F = np.float32(-1.2420140846e-1), np.float32(1.4249322787e-1), np.float32(-1.6668057665e-1)
G, H, I = np.float32(2.0000714765e-1), np.float32(-2.4999993993e-1), np.float32(3.3333331174e-1)  # noqa: E741


@kernel
def whereabouts(
    movers: NDArray[np.int64],
    level_of: NDArray[np.uint8],
    county_of: NDArray[np.uint8],
    persons: NDArray[np.int64],
    reasons: NDArray[np.int64],
    levels: NDArray[np.int64],
    counties: NDArray[np.int64],
    person: NDArray[np.int64],
    reason: NDArray[np.uint8],
    municipality: NDArray[np.int16],
) -> None:
    """Write the identifiers of movers, their reasons, and the levels and counties they live at."""
    for j in range(movers.size):
        i = np.uint64(movers[j])
        here = np.uint64(np.uint16(municipality[i]))
        persons[j], reasons[j] = person[i], reason[i]
        levels[j], counties[j] = level_of[here], county_of[here]


@kernel
def find(
    heap: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    reason: NDArray[np.int64],
    level: NDArray[np.int64],
    county: NDArray[np.int64],
    luck: NDArray[np.float64],
    found: NDArray[np.int64],
) -> None:
    """Write where on a heap of weights each chooser's luck lies, in the stretch of its cell.

    The heap ascends, all places of one reason after those of another. first, last: where a
    reason's stretch of places begins and ends by level and county. It is the first place whose
    number is above the mark; there are few to look at.
    """
    size = last.max() + 1
    for j in range(found.size):
        there, here = np.uint64(level[j]), np.uint64(county[j])
        begin = np.uint64(reason[j] * size)
        at, end = begin + np.uint64(first[there, here]), begin + np.uint64(last[there, here])
        below = heap[at - STEP] if at > 0 else 0.0
        mark = below + luck[j] * (heap[end] - below)
        while at < end and heap[at] <= mark:
            at += STEP
        found[j] = at - begin


@inlined
def chosen_exactly(
    words: NDArray[np.uint32], weights: NDArray[np.float64], row: np.int64, chooser: np.uint64
) -> int:
    """Return the alternative with the smallest E / weight, -1 if nothing weighs anything."""
    best, chosen = np.inf, -1
    for k in range(weights.shape[1]):
        weight = weights[row, k]
        if weight > 0.0:
            wait = -np.log((words[k, chooser] + 0.5) * 2.0**-32)
            if wait < best * weight:
                best, chosen = wait / weight, k
    return chosen


@inlined
def errors(
    word: NDArray[np.uint32],
    luck: NDArray[np.float32],
    bits: NDArray[np.int32],
    power: NDArray[np.float32],
) -> None:
    """Write -log(u) of these words into `luck`, of which `bits` are the same memory.

    Right to within 1e-7, and 1e-6 of itself. A logarithm of the library is not made several at
    a time; this one is, since it neither branches nor divides: that of the mantissa between
    the roots of 1/2 and of 2 is a polynomial.
    """
    for j in range(word.size):
        luck[j] = np.float32(word[j]) * A_WORD + HALF_A_WORD
    for j in range(word.size):
        exponent = (bits[j] - ROOT_OF_HALF) >> MANTISSA
        power[j] = np.float32(exponent)
        bits[j] -= exponent << MANTISSA
    for j in range(word.size):
        x = luck[j] - ONE
        p = ((((A * x + B) * x + C) * x + D) * x + E) * x + F
        p = (((p * x + G) * x + H) * x + I) * x * (x * x)
        luck[j] = -(p - HALF * (x * x) + x + power[j] * LOG_2)


@kernel
def rough_errors(words: NDArray[np.uint32], luck: NDArray[np.float32]) -> None:
    """Write -log(u) of all words, roughly: (alternatives, choosers); see `errors`."""
    power = np.empty(STRETCH, dtype=np.float32)
    for k in range(words.shape[0]):
        for begin in range(0, words.shape[1], STRETCH):
            some = luck[k, begin : begin + STRETCH]
            errors(words[k, begin : begin + STRETCH], some, some.view(np.int32), power)


@kernel
def choose(
    words: NDArray[np.uint32],
    weights: NDArray[np.float64],
    row: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> None:
    """Write each chooser's alternative: the smallest E / weight, with E = -log(u).

    words: (alternatives, choosers); weights: (rows, alternatives), of which chooser j uses
    row[j]. An alternative of weight 0 is never chosen; with no weight at all: -1.
    All E are found roughly first, several at a time; where the two smallest E / weight are so
    near, or E is so small, that this might not tell, the choice is made exactly: 2 ns
    for each alternative of a chooser instead of 6.
    """
    many = weights.shape[1]
    inverse = np.empty(weights.size, dtype=np.float32)
    for at in range(weights.size):
        weight = weights[at // many, at % many]
        inverse[at] = np.float32(1.0 / weight) if weight > 0.0 else NEVER
    # Not rows of one array: LLVM must see that they do not overlap.
    first, second = np.empty(STRETCH, dtype=np.float32), np.empty(STRETCH, dtype=np.float32)
    least, wait = np.empty(STRETCH, dtype=np.float32), np.empty(STRETCH, dtype=np.float32)
    luck, power = np.empty(STRETCH, dtype=np.float32), np.empty(STRETCH, dtype=np.float32)
    base, pick = np.empty(STRETCH, dtype=np.int32), np.empty(STRETCH, dtype=np.int32)
    bits = luck.view(np.int32)
    for begin in range(0, chosen.size, STRETCH):
        some = min(STRETCH, chosen.size - begin)
        first[:], second[:], least[:], pick[:] = NEVER, NEVER, ONE, -1
        for j in range(some):
            base[j] = row[np.uint64(begin + j)] * many
        for k in range(many):
            errors(words[k, begin : begin + some], luck, bits, power)
            for j in range(some):
                wait[j] = luck[j] * inverse[np.uint64(base[j] + k)]
            for j in range(some):
                sooner = wait[j] < first[j]
                later = first[j] if sooner else wait[j]
                first[j] = wait[j] if sooner else first[j]
                second[j] = later if later < second[j] else second[j]  # noqa: FURB136
                pick[j] = np.int32(k) if sooner else pick[j]
            for j in range(some):
                least[j] = luck[j] if luck[j] < least[j] else least[j]  # noqa: FURB136
        for j in range(some):
            i = np.uint64(begin + j)
            clear = (first[j] * NEAR < second[j]) & (least[j] > SMALL) & (pick[j] >= 0)
            chosen[i] = pick[j] if clear else chosen_exactly(words, weights, row[i], i)
