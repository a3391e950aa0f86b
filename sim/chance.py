"""Random numbers that belong to persons, not to places in an array.

Every draw is a function of (seed, replicate, process, year, person, alternative). The
address is laid out without overlap, so two different draws never share their bits:

    key      seed (32 bits), replicate (32 bits)
    counter  person (64 bits), year (16) and block of four alternatives (16), process (32)

Whatever else a scenario changes, a person keeps their luck in a process and year.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import chance_kernel as kernel
from sim.problems import Problem, refuse

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
WORDS = 4  # words in a block, that is alternatives served by one scramble
BLOCKS = 2**16  # of a process and year, so that there are 262,144 alternatives
LARGEST_SEED = 2**32 - 1


@cache
def process_number(process: str) -> int:
    """Return the 32-bit number that stands for a process in the counter."""
    return int.from_bytes(blake2b(process.encode(), digest_size=4).digest(), "little")


@dataclass(frozen=True)
class Chance:
    """The luck of one replicate of one seed.

    Two runs with one seed and replicate share common random numbers: a person's life
    differs only where a scenario makes it differ.
    """

    seed: int
    replicate: int = 0

    def __post_init__(self) -> None:
        numbers = (("seed", self.seed), ("replicate", self.replicate))
        refuse(
            "chance",
            [
                Problem(name, f"is {number!r}", f"whole numbers, 0 to {LARGEST_SEED}")
                for name, number in numbers
                if type(number) is not int or not 0 <= number <= LARGEST_SEED
            ],
        )

    def address(self, process: str, year: int, block: int = 0) -> Words:
        """Return key and upper counter: (key_0, key_1, count_2, count_3) of a block."""
        assert 0 <= block < BLOCKS, f"{process}: block {block} would run into the next year"
        return (
            np.uint64(self.seed),
            np.uint64(self.replicate),
            np.uint64((year & 0xFFFF) << 16 | block),
            np.uint64(process_number(process)),
        )

    def block(
        self,
        process: str,
        year: int,
        person: NDArray[np.int64],
        out: NDArray[np.uint32],
        block: int = 0,
    ) -> None:
        """Write the four words of each person into `out` (4, n); word k is alternative k."""
        address = self.address(process, year, block)
        kernel.fill_block(*address, person, out[0], out[1], out[2], out[3])

    def word(
        self,
        process: str,
        year: int,
        person: NDArray[np.int64],
        alternative: int,
        out: NDArray[np.uint32],
    ) -> None:
        """Write the word of one alternative of each person into `out` (n,)."""
        block, which = divmod(alternative, WORDS)
        kernel.fill_word(*self.address(process, year, block), which, person, out)

    def swift_word(
        self, process: str, year: int, person: NDArray[np.int64], out: NDArray[np.uint32]
    ) -> None:
        """Write one word of each person into `out` (n,), by a cheaper generator.

        The year and process fix a random start on SplitMix64's one cycle of 2**64, and
        persons are places after it: fit for one draw a person and year, and no more.
        """
        self.swift(process, year)(person, out)

    def swift(
        self, process: str, year: int
    ) -> Callable[[NDArray[np.int64], NDArray[np.uint32]], None]:
        """Return what writes swift words, for many calls in a process and year."""
        return partial(kernel.fill_swift, self._start(process, year))

    def toss(
        self,
        process: str,
        year: int,
        chance: float,
        person: NDArray[np.int64],
        other: NDArray[np.int64],
        born: NDArray[np.int16],
        born_by: int,
    ) -> Callable[[slice], NDArray[np.int64]]:
        """Return what tells the other number of those whose coin is heads, else their identifier.

        The coin is their swift word, heads with a chance above 0; who is born after a year
        keeps their own number. It is told of a stretch of these persons.
        """
        heads = np.uint64(max(int(cuts(np.array([chance]))[0]), 1) - 1)
        start = self._start(process, year)

        def tossed(some: slice) -> NDArray[np.int64]:
            own = person[some]
            number = np.empty(own.size, dtype=np.int64)
            kernel.toss(start, heads, own, other[some], born[some], born_by, number)
            return number

        return tossed

    def _start(self, process: str, year: int) -> np.uint64:
        first, second, _, _ = kernel.philox_once(*self.address(process, year))
        return first << np.uint64(32) | second

    def uniform(
        self, process: str, year: int, person: NDArray[np.int64], alternative: int = 0
    ) -> NDArray[np.float64]:
        """Return each person's luck, strictly between 0 and 1, for one alternative."""
        words = np.empty(person.size, dtype=np.uint32)
        self.word(process, year, person, alternative, words)
        return between_0_and_1(words)

    def words(
        self, process: str, year: int, person: NDArray[np.int64], alternatives: int
    ) -> NDArray[np.uint32]:
        """Return (alternatives, n) words: one of each alternative for each person."""
        blocks = -(-alternatives // WORDS)
        drawn = np.empty((blocks * WORDS, person.size), dtype=np.uint32)
        for b in range(blocks):
            self.block(process, year, person, drawn[b * WORDS : (b + 1) * WORDS], b)
        return drawn[:alternatives]

    def exponential(
        self, process: str, year: int, person: NDArray[np.int64], alternatives: int
    ) -> NDArray[np.float64]:
        """Return (n, alternatives) unit exponentials E, the explicit errors of a choice.

        Choosing the smallest E[k] / w[k] chooses k with probability w[k] / sum(w): with
        w = exp(V) and -log E a Gumbel error this is the choice of the highest utility.
        Each alternative has its own error, so making one less attractive never makes
        a person switch to it or between the others.
        """
        words = self.words(process, year, person, alternatives)
        errors: NDArray[np.float64] = -np.log(between_0_and_1(words)).T
        return errors


def between_0_and_1(words: NDArray[Any]) -> NDArray[np.float64]:
    """Turn 32-bit words into the midpoints of 2**32 equal parts of (0, 1)."""
    midpoints: NDArray[np.float64] = (words + 0.5) * 2.0**-32
    return midpoints


def cuts(chances: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return how many of the 2**32 words make each event happen: none at 0, all at 1."""
    return np.rint(chances * 2.0**32).astype(np.uint64)
