"""Everybody's word is drawn and asked in batches: who is found does not depend on them."""

import numpy as np
import pytest

from sim.chance import Chance
from sim.transitions import batches
from sim.transitions.batches import screened
from sim.transitions.marked import marked
from sim.transitions.process import Year
from tests.conftest import made_people

N = 500


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_who_is_marked_is_found_in_order(size, share):
    marks = np.random.default_rng(size).random(size) < share
    np.testing.assert_array_equal(marked(marks), np.flatnonzero(marks))


def below(limit):
    """Return what marks the words below a limit."""

    def mark(words, some, marks):
        assert words.size == marks.size == some.stop - some.start
        marks[:] = words < limit

    return mark


@pytest.mark.parametrize("batch", [1, 63, 64, 200, 65_536])
@pytest.mark.parametrize("limit", [0, 2**26, 2**31, 2**32])
def test_who_is_screened_is_who_is_marked(monkeypatch, batch, limit):
    monkeypatch.setattr(batches, "BATCH", batch)
    year = Year.begin(2013, made_people(N), Chance(3))
    words = np.empty(N, dtype=np.uint32)
    year.chance.swift_word("something", 2013, year.population["person"], words)
    positions, luck = screened(year, "something", below(limit))
    np.testing.assert_array_equal(positions, np.flatnonzero(words < limit))
    np.testing.assert_array_equal(luck, words[positions])
    other = np.arange(10_000, 10_000 + N)
    year.chance.swift_word("something", 2013, other, words)
    positions, _ = screened(year, "something", below(limit), other.__getitem__)
    np.testing.assert_array_equal(positions, np.flatnonzero(words < limit))


def test_nobody_is_marked_if_nobody_is_there():
    year = Year.begin(2013, made_people(0), Chance(3))
    positions, luck = screened(year, "something", below(2**32))
    assert positions.size == luck.size == 0
