"""Where the families of an origin live: in few shards, all about as large."""

import numpy as np
import pytest

from runs.homes import homes_of
from sim.transitions.process import Part


def test_by_hand():
    assert homes_of([10, 10, 10, 10], 2) == ((0,), (1,), (0,), (1,))
    assert homes_of([30, 10], 2) == ((0, 1), (0,))  # half of 30 each, and 10 to the first of them
    assert homes_of([0, 5], 1) == ((0,), (0,))
    assert homes_of([0, 0], 3) == ((0,), (0,))  # an origin that nobody has is at home somewhere


@pytest.mark.parametrize("many", [1, 2, 3, 7, 40])
def test_shards_are_about_as_large_and_origins_cut_no_more_than_needed(many):
    persons = (np.random.default_rng(many).pareto(1.2, 19) * 1_000).astype(int) + 1
    homes, share = homes_of(persons.tolist(), many), persons.sum() / many
    size = np.zeros(many)
    for number, home in zip(persons, homes, strict=True):
        assert len(home) == max(-(-number // share), 1)
        np.add.at(size, list(home), number / len(home))
    assert size.max() <= 2 * share  # the rule's own bound: less than share when the last piece came
    assert {*np.concatenate(homes).tolist()} == set(range(many))


def test_every_arriving_family_comes_to_one_part_and_to_its_origins_home():
    homes = ((0,), (2, 1), (1,), (0, 1, 2))
    rng = np.random.default_rng(0)
    origin, number = rng.integers(0, 4, 500), rng.integers(0, 10**6, 500)
    comes = np.array([Part(which, homes).receives(origin, number) for which in range(3)])
    assert (comes.sum(axis=0) == 1).all()
    part = comes.argmax(axis=0)
    for o, home in enumerate(homes):
        assert {*part[origin == o].tolist()} == set(home)
    assert (part[(origin == 1) & (number % 2 == 1)] == 1).all()
