"""The benchmark's NumPy is the engine's choice, so that times are of the same work."""

import numpy as np

from benchmarks.numpy_mobility import Tuned
from sim.transitions import mobility_kernel as kernel
from sim.transitions.mobility import Mobility, persons_of
from sim.transitions.process import DOMESTIC, EMIGRATE, Settings
from tests.conftest import load, made_people

YEAR = 2013


def both():
    """Return persons, NumPy's choice and the engine's tables."""
    tables = Mobility.ready(Settings()).tables_of(YEAR)
    return persons_of(made_people(load(20_000, 2_000))), Tuned(tables), tables


def test_weights_are_the_engines():
    persons, tuned, tables = both()
    move, emigrate = np.empty((2, persons.sex.size))
    everybody = np.arange(move.size)
    kernel.weigh_some(persons, tables, YEAR, everybody, move, emigrate)
    found = tuned.weights(persons, YEAR)
    asked = (persons.place == 0) & (tables.covered[persons.background] != 0)
    assert asked.sum() > asked.size / 2
    np.testing.assert_allclose(found[asked, 0], move[asked], rtol=1e-5)
    np.testing.assert_allclose(found[asked, 1], emigrate[asked], rtol=1e-5)


def test_as_many_go_as_are_expected():
    """Beyond 5 standard errors of chance: false alarms below 1 in 1,000,000."""
    persons, tuned, tables = both()
    outcome = tuned(persons, YEAR, np.random.default_rng(1))
    weight = tuned.weights(persons, YEAR).astype(np.float64)
    weight[(persons.place != 0) | (tables.covered[persons.background] == 0)] = 0
    chance = weight / (1 + weight.sum(axis=1, keepdims=True))
    for k, which in enumerate((DOMESTIC, EMIGRATE)):
        error = np.sqrt((chance[:, k] * (1 - chance[:, k])).sum())
        assert abs((outcome == which).sum() - chance[:, k].sum()) <= 5 * error
