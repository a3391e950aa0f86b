"""Numbers for keys: each key has one, in the order in which the keys come."""

import numpy as np

from sim.twin.numbers import BLOCK, Numbers
from tests.conftest import load


def test_keys_are_numbered_as_they_come_and_found_again():
    numbers = Numbers(np.array([70, 7]))
    found, first = numbers.find(np.array([7, 5, 70, 5, 0]))
    assert found.tolist() == [1, 2, 0, 2, 3]
    assert first.tolist() == [1, 4]
    assert numbers.keys.tolist() == [70, 7, 5, 0]
    again, new = numbers.find(np.array([0, 5]))
    assert (again.tolist(), new.size) == ([3, 2], 0)


def test_many_keys_keep_their_numbers_while_the_table_grows():
    """More keys than are looked at in one go, in a few calls."""
    keys = np.random.default_rng(1).integers(0, 2**62, load(3 * BLOCK // 2, 300))
    keys[1::2] = keys[::2][: keys[1::2].size]
    numbers = Numbers()
    found = [numbers.find(part)[0] for part in np.array_split(keys, 3)]
    np.testing.assert_array_equal(numbers.keys[np.concatenate(found)], keys)
    found_again, new = numbers.find(keys)
    np.testing.assert_array_equal(found_again, np.concatenate(found))
    assert new.size == 0
    assert np.unique(numbers.keys).size == numbers.count == numbers.keys.size


def test_nobody_has_no_number():
    found, first = Numbers().find(np.empty(0, dtype=np.int64))
    assert found.size == first.size == 0
