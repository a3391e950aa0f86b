"""The arithmetic of chance on bare arrays.

Philox4x32-10 (Salmon et al., SC11, 2011) serves every draw but one; the optional threshold
draws use the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).

A Philox draw is a bijective scramble of its own address (a 128-bit counter under a 64-bit key),
not the next number of a sequence, so neither the order of persons nor the number of
threads can matter, and no two addresses of one key share a block.

The 32-bit words are held in 64-bit integers: a product of two words then fits without
overflow, and LLVM vectorises the loop. Measured on one core with AVX-512, medians over 546,000
persons: 1.7 ns for a person's four words and 1.4 ns for one of them, against 0.3 ns for one and
0.8 ns for three words of SplitMix64 (benchmarks/bench_chance.py; docs/chance.md weighs them).
"""

import numpy as np
from numpy.typing import NDArray

from sim.jit import inlined, kernel

MULTIPLY_0, MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
ROUNDS = 10


@inlined
def philox(
    key_0: np.uint64,
    key_1: np.uint64,
    count_0: np.uint64,
    count_1: np.uint64,
    count_2: np.uint64,
    count_3: np.uint64,
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four words at one address; every argument is a 32-bit word."""
    for _ in range(ROUNDS):
        product_0 = MULTIPLY_0 * count_0
        product_1 = MULTIPLY_1 * count_2
        count_0 = (product_1 >> HALF) ^ count_1 ^ key_0
        count_1 = product_1 & LOW
        count_2 = (product_0 >> HALF) ^ count_3 ^ key_1
        count_3 = product_0 & LOW
        key_0 = (key_0 + WEYL_0) & LOW
        key_1 = (key_1 + WEYL_1) & LOW
    return count_0, count_1, count_2, count_3


@kernel
def philox_once(
    key_0: np.uint64, key_1: np.uint64, count_2: np.uint64, count_3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four words that belong to no person: those of the address's end."""
    return philox(key_0, key_1, LOW, LOW, count_2, count_3)


@kernel
def fill_block(
    key_0: np.uint64,
    key_1: np.uint64,
    count_2: np.uint64,
    count_3: np.uint64,
    person: NDArray[np.int64],
    word_0: NDArray[np.uint32],
    word_1: NDArray[np.uint32],
    word_2: NDArray[np.uint32],
    word_3: NDArray[np.uint32],
) -> None:
    """Write the four words of each person into four arrays of equal length."""
    for i in range(person.size):
        identity = np.uint64(person[i])
        word_0[i], word_1[i], word_2[i], word_3[i] = philox(
            key_0, key_1, identity & LOW, identity >> HALF, count_2, count_3
        )


@kernel
def fill_word(
    key_0: np.uint64,
    key_1: np.uint64,
    count_2: np.uint64,
    count_3: np.uint64,
    which: int,
    person: NDArray[np.int64],
    word: NDArray[np.uint32],
) -> None:
    """Write one of the four words (`which` = 0..3) of each person."""
    for i in range(person.size):
        identity = np.uint64(person[i])
        word_0, word_1, word_2, word_3 = philox(
            key_0, key_1, identity & LOW, identity >> HALF, count_2, count_3
        )
        if which == 0:
            word[i] = word_0
        elif which == 1:
            word[i] = word_1
        elif which == 2:
            word[i] = word_2
        else:
            word[i] = word_3


GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_0, MIX_1 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_0, SHIFT_1, SHIFT_2 = np.uint64(30), np.uint64(27), np.uint64(31)


@inlined
def splitmix(state: np.uint64) -> np.uint64:
    """Return the output of SplitMix64 at a state."""
    state = (state ^ (state >> SHIFT_0)) * MIX_0
    state = (state ^ (state >> SHIFT_1)) * MIX_1
    return state ^ (state >> SHIFT_2)


@kernel
def fill_swift(key: np.uint64, person: NDArray[np.int64], word: NDArray[np.uint32]) -> None:
    """Write the upper half of SplitMix64's output at key + person * GOLDEN."""
    for i in range(person.size):
        word[i] = splitmix(key + np.uint64(person[i]) * GOLDEN) >> HALF


@kernel
def toss(
    key: np.uint64,
    heads: np.uint64,
    person: NDArray[np.int64],
    other: NDArray[np.int64],
    born: NDArray[np.int16],
    born_by: int,
    number: NDArray[np.int64],
) -> None:
    """Write the other number of those who toss heads and are born by a year, else their own.

    heads: the largest upper half of SplitMix64's output (see `fill_swift`) that is. Both
    numbers are looked up in any case, so that LLVM vectorises.
    """
    largest = heads << HALF | LOW
    for i in range(person.size):
        own, shared = person[i], other[i]
        coin = splitmix(key + np.uint64(own) * GOLDEN)
        number[i] = shared if (coin <= largest) & (born[i] <= born_by) else own
