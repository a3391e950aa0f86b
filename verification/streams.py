"""The words that the batteries read: draws in the orders in which a run might meet them.

A stream is endless and is cut into chunks of 2**20 words; a chunk is made from its number
alone. Draws come from `sim.chance` as the processes get them, so that what is tested is the
layout of addresses as much as the generator. Neighbouring words of a stream differ in the one
field that names it: if two such draws were related, words near each other would be, and that is
what a battery notices.

The controls are faulty on purpose. A battery that passes them proves nothing.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.chance import WORDS, Chance
from sim.chance_kernel import LOW, MULTIPLY_0, MULTIPLY_1, WEYL_0, WEYL_1

Words = NDArray[np.uint32]
Stream = Callable[[int], Words]  # from the number of a chunk to its words
Draw = Callable[[Chance, str, int, NDArray[np.int64]], Words]

CHUNK = 2**20  # words
NEIGHBOURS = 256  # draws of one person in a row, where a stream is not by person
SEED, YEAR, PROCESS = 2013, 2013, "mobility"


def _persons(chunk: int, number: int) -> NDArray[np.int64]:
    return np.arange(chunk * number, (chunk + 1) * number, dtype=np.int64)


def _philox(chance: Chance, process: str, year: int, person: NDArray[np.int64]) -> Words:
    words = np.empty(person.size, dtype=np.uint32)
    chance.word(process, year, person, 0, words)
    return words


def _block(chance: Chance, process: str, year: int, person: NDArray[np.int64]) -> Words:
    words = np.empty((WORDS, person.size), dtype=np.uint32)
    chance.block(process, year, person, words)
    return words.T.ravel()


def _swift(chance: Chance, process: str, year: int, person: NDArray[np.int64]) -> Words:
    words = np.empty(person.size, dtype=np.uint32)
    chance.swift_word(process, year, person, words)
    return words


def _in_turn(columns: Sequence[Words]) -> Words:
    """Give each person's draws in a row: first person's first, second ..., next person's."""
    return np.stack(columns, axis=1).ravel()


def by_person(draw: Draw, words: int = 1) -> Stream:
    """One person after another, in one year and process."""
    return lambda chunk: draw(Chance(SEED), PROCESS, YEAR, _persons(chunk, CHUNK // words))


def by_sparse_person(draw: Draw) -> Stream:
    """Persons whose identifiers differ in their upper half only."""
    return lambda chunk: draw(Chance(SEED), PROCESS, YEAR, _persons(chunk, CHUNK) << 32)


def by_person_then_year(draw: Draw) -> Stream:
    """Everybody in one year, then everybody in the next: the order of a run."""
    return lambda chunk: draw(Chance(SEED), PROCESS, chunk, _persons(0, CHUNK))


def _by(draw: Draw, where: Callable[[int], tuple[Chance, str, int]]) -> Stream:
    places = [where(k) for k in range(NEIGHBOURS)]

    def chunk_of(chunk: int) -> Words:
        person = _persons(chunk, CHUNK // NEIGHBOURS)
        return _in_turn([draw(*place, person) for place in places])

    return chunk_of


def by_year(draw: Draw) -> Stream:
    """A person's consecutive years."""
    return _by(draw, lambda k: (Chance(SEED), PROCESS, 1900 + k))


def by_process(draw: Draw) -> Stream:
    """A person's year in many processes."""
    return _by(draw, lambda k: (Chance(SEED), f"process {k}", YEAR))


def by_seed(draw: Draw) -> Stream:
    """A person's year under consecutive seeds."""
    return _by(draw, lambda k: (Chance(k), PROCESS, YEAR))


def by_replicate(draw: Draw) -> Stream:
    """A person's year in consecutive replicates."""
    return _by(draw, lambda k: (Chance(SEED, k), PROCESS, YEAR))


def by_alternative(chunk: int) -> Words:
    """A person's alternatives, block after block."""
    person = _persons(chunk, CHUNK // NEIGHBOURS)
    words = np.empty((NEIGHBOURS, person.size), dtype=np.uint32)
    for b in range(NEIGHBOURS // WORDS):
        Chance(SEED).block(PROCESS, YEAR, person, words[b * WORDS : (b + 1) * WORDS], b)
    return words.T.ravel()


def linear_congruential(chunk: int) -> Words:
    """x -> 69069 x + 1 modulo 2**32, once common in statistical packages."""
    multiplier, modulus = 69069, 2**32
    powers = np.cumprod(np.full(CHUNK, multiplier), dtype=np.uint32)
    sums = np.cumsum(np.concatenate([np.ones(1, np.uint32), powers[:-1]]), dtype=np.uint32)
    jump = pow(multiplier, chunk * CHUNK, modulus * (multiplier - 1))
    start = (SEED * jump + (jump - 1) // (multiplier - 1)) % modulus
    return powers * np.uint32(start) + sums


def forgets_the_year(chunk: int) -> Words:
    """SplitMix64 as in a run, but with the year left out of the address."""
    word = _swift(Chance(SEED), PROCESS, YEAR, _persons(chunk, CHUNK // NEIGHBOURS))
    return np.repeat(word, NEIGHBOURS)


def adds_replicate_to_seed(chunk: int) -> Words:
    """Philox with seed + replicate for its key: seed 1, replicate 2 is seed 2, replicate 1."""
    side = int(NEIGHBOURS**0.5)
    return _by(_philox, lambda k: (Chance(k // side + k % side), PROCESS, YEAR))(chunk)


def hashes_by_adding(chunk: int) -> Words:
    """The words of a Weyl sequence: person * golden ratio, unscrambled."""
    return (_persons(chunk, CHUNK).astype(np.uint64) * WEYL_0 & LOW).astype(np.uint32)


def few_rounds(rounds: int) -> Stream:
    """Philox4x32 with fewer than ten rounds, by person."""

    def chunk_of(chunk: int) -> Words:
        count = [_persons(chunk, CHUNK // WORDS).astype(np.uint64)]
        count += [np.full_like(count[0], fill) for fill in (0, YEAR << 16, 1)]
        keys = [np.uint64(SEED), np.uint64(0)]
        for _ in range(rounds):
            product_0, product_1 = MULTIPLY_0 * count[0], MULTIPLY_1 * count[2]
            count = [
                product_1 >> np.uint64(32) ^ count[1] ^ keys[0],
                product_1 & LOW,
                product_0 >> np.uint64(32) ^ count[3] ^ keys[1],
                product_0 & LOW,
            ]
            keys = [keys[0] + WEYL_0 & LOW, keys[1] + WEYL_1 & LOW]
        return np.stack(count, axis=1).astype(np.uint32).ravel()

    return chunk_of


STREAMS: dict[str, Stream] = {
    "philox-person": by_person(_block, WORDS),
    "philox-person-one-word": by_person(_philox),
    "philox-sparse-person": by_sparse_person(_philox),
    "philox-alternative": by_alternative,
    "philox-year": by_year(_philox),
    "philox-process": by_process(_philox),
    "philox-seed": by_seed(_philox),
    "philox-replicate": by_replicate(_philox),
    "swift-person": by_person(_swift),
    "swift-person-then-year": by_person_then_year(_swift),
    "swift-sparse-person": by_sparse_person(_swift),
    "swift-year": by_year(_swift),
    "swift-process": by_process(_swift),
    "swift-seed": by_seed(_swift),
    "swift-replicate": by_replicate(_swift),
}
CONTROLS: dict[str, Stream] = {
    "control-linear-congruential": linear_congruential,
    "control-forgets-the-year": forgets_the_year,
    "control-adds-replicate-to-seed": adds_replicate_to_seed,
    "control-hashes-by-adding": hashes_by_adding,
    "control-philox-2-rounds": few_rounds(2),
    "control-philox-3-rounds": few_rounds(3),
}
