"""What a draw costs: the generators in use beside those that were not chosen.

    python benchmarks/bench_chance.py

prints nanoseconds a person, medians of interleaved repetitions on one core. The kernels of
`sim.chance_kernel` are timed as they are; the alternatives live here alone, in the same
style, and answer their published test vectors before they are timed.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim import chance_kernel as chosen

PERSONS = 546_000
U64, U32 = np.uint64, np.uint64(0xFFFFFFFF)
HALF = U64(32)
PARITY = U64(0x1BD11BDA)  # of Threefry with words of 32 bits
KEY_0, KEY_1, YEAR, PROCESS = U64(2013), U64(0), U64(2013 << 16), U64(0x12345678)
SQUARES_KEY = U64(0xC58EFD154CE32F6D)
WEYL_0, WEYL_1 = U64(0x9E3779B9), U64(0xBB67AE85)
GOLDEN = chosen.GOLDEN

alternative = njit(nogil=True)
inlined = njit(inline="always", nogil=True)


@inlined
def philox_seven(k0, k1, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """Philox4x32-7: the fewest rounds that its authors found to pass BigCrush."""
    for _ in range(7):
        p0, p1 = chosen.MULTIPLY_0 * c0, chosen.MULTIPLY_1 * c2
        c0, c1, c2, c3 = p1 >> HALF ^ c1 ^ k0, p1 & U32, p0 >> HALF ^ c3 ^ k1, p0 & U32
        k0, k1 = k0 + WEYL_0 & U32, k1 + WEYL_1 & U32
    return c0, c1, c2, c3


@alternative
def fill_philox_seven(k0, k1, c2, c3, person, w0, w1, w2, w3):  # type: ignore[no-untyped-def]
    """Write four words a person with seven rounds."""
    for i in range(person.size):
        who = U64(person[i])
        w0[i], w1[i], w2[i], w3[i] = philox_seven(k0, k1, who & U32, who >> HALF, c2, c3)


@inlined
def quarter(x0, x1, by):  # type: ignore[no-untyped-def]
    """Do one round of Threefry2x32."""
    x0 = x0 + x1 & U32
    return x0, (x1 << by | x1 >> (HALF - by)) & U32 ^ x0


@inlined
def threefry(k0, k1, x0, x1):  # type: ignore[no-untyped-def]
    """Threefry2x32-20: additions, rotations and exclusive or, no multiplication."""
    k2 = PARITY ^ k0 ^ k1
    x0, x1 = x0 + k0 & U32, x1 + k1 & U32
    for s in range(5):
        if s % 2 == 0:
            x0, x1 = quarter(x0, x1, U64(13))
            x0, x1 = quarter(x0, x1, U64(15))
            x0, x1 = quarter(x0, x1, U64(26))
            x0, x1 = quarter(x0, x1, U64(6))
        else:
            x0, x1 = quarter(x0, x1, U64(17))
            x0, x1 = quarter(x0, x1, U64(29))
            x0, x1 = quarter(x0, x1, U64(16))
            x0, x1 = quarter(x0, x1, U64(24))
        k0, k1, k2 = k1, k2, k0
        x0, x1 = x0 + k0 & U32, x1 + k1 + U64(s + 1) & U32
    return x0, x1


@alternative
def fill_threefry(k0, k1, person, w0, w1):  # type: ignore[no-untyped-def]
    """Write two words a person; key and counter of 64 bits leave no room for the address."""
    for i in range(person.size):
        who = U64(person[i])
        w0[i], w1[i] = threefry(k0, k1, who & U32, who >> HALF)


@inlined
def squares(counter, key):  # type: ignore[no-untyped-def]
    """Squares32 (Widynski, 2020): four squarings of a 64-bit counter times a key."""
    y = x = counter * key
    z = y + key
    x = x * x + y
    x = x >> HALF | x << HALF
    x = x * x + z
    x = x >> HALF | x << HALF
    x = x * x + y
    x = x >> HALF | x << HALF
    return (x * x + z) >> HALF


@alternative
def fill_squares(key, person, word):  # type: ignore[no-untyped-def]
    """Write one word a person."""
    for i in range(person.size):
        word[i] = squares(U64(person[i]), key)


@alternative
def fill_swift_three(key, person, w0, w1, w2):  # type: ignore[no-untyped-def]
    """Write three words of SplitMix64 a person, from three starts."""
    for i in range(person.size):
        place = key + U64(person[i]) * GOLDEN
        w0[i] = chosen.splitmix(place) >> HALF
        w1[i] = chosen.splitmix(place + PROCESS) >> HALF
        w2[i] = chosen.splitmix(place - PROCESS) >> HALF


def check_alternatives() -> None:
    """Compare with Random123's test vectors for philox4x32-7 and threefry2x32-20."""
    zero, ones = U64(0), U32
    found = [
        philox_seven(*[zero] * 6),
        philox_seven(*[ones] * 6),
        threefry(*[zero] * 4),
        threefry(*[ones] * 4),
    ]
    expected = [
        (0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48),
        (0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662),
        (0x6B200159, 0x99BA4EFE),
        (0x1CB996FC, 0xBB002BE7),
    ]
    assert [tuple(map(int, words)) for words in found] == expected, found


def contestants(persons: int) -> dict[str, tuple[int, Callable[[], Any]]]:
    """Return, by name, the words a person gets and a call that draws for everybody."""
    person = np.arange(persons)
    words: NDArray[np.uint32] = np.empty((4, persons), dtype=np.uint32)
    doubles = np.empty(persons)
    address = (KEY_0, KEY_1, YEAR, PROCESS)
    philox = np.random.Generator(np.random.Philox(1))
    pcg = np.random.Generator(np.random.PCG64(1))
    return {
        "Philox4x32-10": (4, lambda: chosen.fill_block(*address, person, *words)),
        "Philox4x32-10, one kept": (1, lambda: chosen.fill_word(*address, 0, person, words[0])),
        "Philox4x32-7": (4, lambda: fill_philox_seven(*address, person, *words)),
        "Threefry2x32-20": (2, lambda: fill_threefry(KEY_0, KEY_1, person, *words[:2])),
        "Squares32": (1, lambda: fill_squares(SQUARES_KEY, person, words[0])),
        "SplitMix64": (1, lambda: chosen.fill_swift(SQUARES_KEY, person, words[0])),
        "SplitMix64, three starts": (3, lambda: fill_swift_three(SQUARES_KEY, person, *words[:3])),
        "numpy Philox4x64-10, a double": (1, lambda: philox.random(out=doubles)),
        "numpy PCG64, a double": (1, lambda: pcg.random(out=doubles)),
    }


def measure(persons: int, repetitions: int) -> dict[str, tuple[int, float, float]]:
    """Return words, median and quickest nanoseconds a person of each, taking turns."""
    calls = contestants(persons)
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for repetition in range(repetitions + 2):
        for name, (_, call) in calls.items():
            start = time.perf_counter()
            call()
            if repetition >= 2:  # the first compiles, the second warms the caches
                spent[name].append((time.perf_counter() - start) / persons * 1e9)
    return {
        name: (words, float(np.median(spent[name])), min(spent[name]))
        for name, (words, _) in calls.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--repetitions", type=int, default=41)
    asked = parser.parse_args()
    check_alternatives()
    print(f"{asked.persons:,} persons, {asked.repetitions} interleaved repetitions, one core\n")
    print(f"{'generator':<32}{'words':>6}{'ns a person':>14}{'quickest':>10}{'ns a word':>12}")
    for name, (words, median, best) in measure(asked.persons, asked.repetitions).items():
        print(f"{name:<32}{words:>6}{median:>14.2f}{best:>10.2f}{median / words:>12.2f}")


if __name__ == "__main__":
    main()
