"""Chance: published answers, twins in unbounded integers, addresses, and even, unrelated luck."""

from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim import chance_kernel as kernel
from sim.chance import LARGEST_SEED, WORDS, Chance, between_0_and_1, process_number
from sim.jit import COMPILED
from sim.problems import InputError
from tests.odds import assert_mean, assert_share, assert_shares, assert_uncorrelated, assert_uniform

N = 200_000 if COMPILED else 2_000
PERSONS = np.arange(N)
unhurried = settings(deadline=None, max_examples=300 if COMPILED else 60)

WORD = st.integers(0, 2**32 - 1)
SMALL = st.integers(0, 2)  # makes fields collide if they can
FIELDS = {
    "seed": WORD,
    "replicate": WORD,
    "process": st.text(),
    "year": st.integers(0, 2**16 - 1),
    "person": st.integers(0, 2**63 - 1),
    "alternative": st.integers(0, WORDS * 2**16 - 1),
}
BASE = {"seed": 7, "replicate": 3, "process": "mobility", "year": 2013, "alternative": 0}
OTHERS = [
    {"seed": 8},
    {"replicate": 4},
    {"process": "mobilit"},
    {"year": 2014},
    {"alternative": 1},
    {"alternative": 4},
    {"seed": 3, "replicate": 7},
]


def address_twin(seed, replicate, process, year, person, alternative):
    """Return key, counter and place within the block, as the docstring of sim.chance says."""
    number = int.from_bytes(blake2b(process.encode(), digest_size=4).digest(), "little")
    upper = year * 2**16 + alternative // 4
    return (seed, replicate), (person % 2**32, person // 2**32, upper, number), alternative % 4


def philox_twin(key, counter):
    """Philox4x32-10 once more, from the paper, in Python's unbounded integers."""
    (k0, k1), (c0, c1, c2, c3) = key, counter
    for _ in range(10):
        high_0, low_0 = divmod(0xD2511F53 * c0, 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def splitmix_twin(state):
    """SplitMix64's output function once more, in Python's unbounded integers."""
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
    return state ^ state >> 31


def chance_of(seed, replicate, **_):
    return Chance(seed, replicate)


def word_of(person, *, seed, replicate, process, year, alternative):
    words = np.empty(np.size(person), dtype=np.uint32)
    persons = np.atleast_1d(np.asarray(person, dtype=np.int64))
    Chance(seed, replicate).word(process, year, persons, alternative, words)
    return words


def swift_word_of(person, *, seed, replicate, process, year, alternative=0):
    assert alternative == 0
    words = np.empty(np.size(person), dtype=np.uint32)
    persons = np.atleast_1d(np.asarray(person, dtype=np.int64))
    Chance(seed, replicate).swift_word(process, year, persons, words)
    return words


def block_of(person):
    words = np.empty((WORDS, person.size), dtype=np.uint32)
    Chance(7, 3).block("mobility", 2013, person, words)
    return words.T


GENERATORS = {"philox": word_of, "swift": swift_word_of}
DRAWS = {  # luck by person, the first axis
    "uniform": lambda person: Chance(7, 3).uniform("mobility", 2013, person, 5),
    "exponential": lambda person: Chance(7, 3).exponential("mobility", 2013, person, 6),
    "block": block_of,
    "word": lambda person: word_of(person, **BASE),
    "swift_word": lambda person: swift_word_of(person, **BASE),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


# Known answers, and the twins


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        (
            "00000000 00000000",
            "00000000 00000000 00000000 00000000",
            "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        ),
        (
            "ffffffff ffffffff",
            "ffffffff ffffffff ffffffff ffffffff",
            "408f276d 41c83b0e a20bc7c6 6d5451fd",
        ),
        (
            "a4093822 299f31d0",
            "243f6a88 85a308d3 13198a2e 03707344",
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_gives_the_published_answers(key, counter, expected):
    """Random123 (Salmon et al.), file kat_vectors, lines of philox4x32 with 10 rounds."""
    key, counter, expected = ([int(w, 16) for w in s.split()] for s in (key, counter, expected))

    assert list(kernel.philox(*map(np.uint64, key + counter))) == expected
    assert philox_twin(key, counter) == tuple(expected)


def test_splitmix_gives_the_published_answers():
    """The first five numbers from seed 1234567 of splitmix64.c, the reference in C."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    states = [(1234567 + k * 0x9E3779B97F4A7C15) % 2**64 for k in range(1, 6)]
    upper = np.empty(5, dtype=np.uint32)
    kernel.fill_swift(np.uint64(1234567), np.arange(1, 6), upper)

    assert [splitmix_twin(state) for state in states] == expected
    assert [int(kernel.splitmix(np.uint64(state))) for state in states] == expected
    assert upper.tolist() == [number >> 32 for number in expected]


@unhurried
@given(**FIELDS)
def test_a_word_is_philox_of_its_address(person, **fields):
    key, counter, which = address_twin(person=person, **fields)

    assert word_of(person, **fields)[0] == philox_twin(key, counter)[which]


@unhurried
@given(**{**FIELDS, "alternative": st.just(0)})
def test_a_swift_word_is_a_place_on_the_cycle_of_splitmix(person, **fields):
    key, counter, _ = address_twin(person=2**64 - 1, **fields)
    first, second, *_ = philox_twin(key, counter)
    state = (first * 2**32 + second + person * 0x9E3779B97F4A7C15) % 2**64

    assert swift_word_of(person, **fields)[0] == splitmix_twin(state) >> 32


# Addresses


@unhurried
@given(data=st.data(), ranges=st.sampled_from([FIELDS, dict.fromkeys(FIELDS, SMALL)]))
def test_two_draws_never_share_an_address(data, ranges):
    ranges = ranges | {"process": st.sampled_from(["mobility", "births", "deaths"])}
    one = {name: data.draw(values) for name, values in ranges.items()}
    altered = data.draw(st.sets(st.sampled_from(sorted(ranges)), min_size=1))
    other = one | {name: data.draw(ranges[name]) for name in altered}
    assume(one != other)

    assert address(**one) != address(**other)


def address(person, alternative, process, year, **key):
    block, which = divmod(alternative, WORDS)
    return *Chance(**key).address(process, year, block), person, which


@unhurried
@given(key=st.tuples(WORD, WORD), counters=st.sets(st.tuples(*[WORD] * 4), min_size=2, max_size=2))
def test_addresses_of_one_key_never_share_a_block(key, counters):
    one, other = (kernel.philox(*map(np.uint64, key + counter)) for counter in counters)

    assert one != other


def test_processes_have_numbers_of_their_own():
    names = [f"{word}{k}" for word in ("mobility", "births", "deaths", "x") for k in range(2_000)]

    assert len({process_number(name) for name in names}) == len(names)


@pytest.mark.parametrize("wrong", [-1, LARGEST_SEED + 1], ids=repr)
@pytest.mark.parametrize("name", ["seed", "replicate"])
def test_a_seed_that_does_not_fit_is_refused(name, wrong):
    with pytest.raises(
        InputError, match=f"{name}: is {wrong}; allowed: whole numbers, 0 to 4294967"
    ):
        Chance(**{"seed": 1, name: wrong})


# Luck belongs to the person


@every_draw
def test_luck_follows_the_person_not_the_row(draw):
    some = np.random.default_rng(0).permutation(PERSONS)[: N // 10]
    some = np.append(some, some[:3])  # someone listed twice has one luck

    np.testing.assert_array_equal(draw(some), draw(PERSONS)[some])


@every_draw
@unhurried
@given(cuts=st.lists(st.integers(0, 100), max_size=6))
def test_chunks_do_not_matter(draw, cuts):
    persons = PERSONS[:100]
    parts = [draw(persons[first:last]) for first, last in pairwise([0, *sorted(cuts), 100])]

    np.testing.assert_array_equal(np.concatenate(parts), draw(persons))


@pytest.mark.parametrize("alternative", range(7))
def test_all_ways_to_ask_agree(alternative):
    person, ask = PERSONS[:500] * 1_000_003, BASE | {"alternative": alternative}
    chance = chance_of(**ask)
    block = np.empty((WORDS, person.size), dtype=np.uint32)
    chance.block("mobility", 2013, person, block, alternative // WORDS)
    word = word_of(person, **ask)
    luck = chance.uniform("mobility", 2013, person, alternative)
    errors = chance.exponential("mobility", 2013, person, 7)

    np.testing.assert_array_equal(word, block[alternative % WORDS])
    np.testing.assert_array_equal(luck, (word + 0.5) / 2**32)
    np.testing.assert_allclose(errors[:, alternative], -np.log(luck), rtol=1e-15)


def test_luck_lies_strictly_between_0_and_1():
    luck = between_0_and_1(np.array([0, 1, 2**31, 2**32 - 2, 2**32 - 1], dtype=np.uint32))

    assert luck[0] > 0
    assert luck[-1] < 1
    assert (np.diff(luck) > 0).all()
    assert (-np.log(luck) > 0).all()


# Luck is even, and draws are unrelated


@pytest.mark.parametrize("words_of", GENERATORS.values(), ids=GENERATORS)
def test_every_bit_is_set_half_of_the_time(words_of):
    """32 assertions, one for each bit: a false alarm in 30,000 runs."""
    words = words_of(PERSONS, **BASE)

    for bit in range(32):
        assert_share(np.count_nonzero(words >> np.uint32(bit) & 1), N, 0.5)


def pairs_of_draws(words_of):
    """Return, for each field of the address, a draw and its neighbour in that field."""
    base = words_of(PERSONS, **BASE)
    for other in OTHERS:
        if words_of is word_of or "alternative" not in other:
            yield base, words_of(PERSONS, **BASE | other)
    for step in (1, 2**32):
        yield base, words_of(PERSONS + step, **BASE)


@pytest.mark.parametrize("words_of", GENERATORS.values(), ids=GENERATORS)
def test_luck_is_even_and_neighbours_are_unrelated(words_of):
    """Four assertions for each of nine pairs at most: a false alarm in 27,000 runs."""
    for one, other in pairs_of_draws(words_of):
        luck, more = between_0_and_1(one), between_0_and_1(other)
        assert_uniform(more)
        assert_uncorrelated(luck, more)
        cells = (luck * 8).astype(int) * 8 + (more * 8).astype(int)
        assert_shares(np.bincount(cells, minlength=64), np.ones(64))
        assert_share(int(np.bitwise_count(one ^ other).sum()), 32 * N, 0.5)


# Explicit errors


def test_errors_are_exponential():
    """Three assertions: a false alarm in 300,000 runs."""
    errors = Chance(5).exponential("mobility", 2013, PERSONS, 6)

    assert_uniform(np.exp(-errors))
    assert_mean(errors, 1)
    assert_uncorrelated(*errors.T)


@pytest.mark.parametrize(
    "weights", [(1, 0.03, 0.01), (1, 1), (5, 0.5, 1, 2, 1, 1.5), (0.2, 0, 3)], ids=str
)
def test_the_smallest_error_over_weight_chooses_by_weight(weights):
    weights = np.array(weights)
    errors = Chance(11).exponential("mobility", 2013, PERSONS, weights.size)
    with np.errstate(divide="ignore"):
        chosen = (errors / weights).argmin(axis=1)

    assert_shares(np.bincount(chosen, minlength=weights.size), weights)


@unhurried
@given(
    weights=st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=9),
    data=st.data(),
    less=st.floats(0.01, 1),
    seed=WORD,
)
def test_making_one_alternative_less_attractive_sends_nobody_to_it_or_elsewhere(
    weights, data, less, seed
):
    errors = Chance(seed).exponential("mobility", 2013, PERSONS[:1_000], len(weights))
    worse = data.draw(st.integers(0, len(weights) - 1))
    after = np.array(weights)
    before = after.copy()
    after[worse] *= less
    old, new = (errors / before).argmin(axis=1), (errors / after).argmin(axis=1)

    np.testing.assert_array_equal(new[old != worse], old[old != worse])


@pytest.mark.parametrize("wrong", [1.5, True, "1", None], ids=repr)
def test_a_seed_that_is_no_whole_number_is_refused(wrong):
    with pytest.raises(InputError, match="2 problems"):
        Chance(wrong, wrong)


@pytest.mark.parametrize("alternative", [-1, WORDS * 2**16])
def test_an_alternative_beyond_the_address_is_refused(alternative):
    with pytest.raises(AssertionError, match="would run into the next year"):
        Chance(1).uniform("mobility", 2013, PERSONS[:2], alternative)
