"""Ratios of odds between what persons and what cells are expected to do."""

import numpy as np
import pytest

from sim.jit import COMPILED
from sim.transitions.process import Settings
from sim.twin.model import Twin
from sim.twin.odds import lasting, ratio_of_odds
from tests.test_twin import grown

PERSONS = np.array([100.0, 50.0, 10.0])
EXACT = np.array([[10.0, 20.0], [5.0, 5.0], [0.0, 1.0]])
FOUND = np.array([[14.0, 16.0], [5.0, 5.0], [1.0, 0.0]])


def test_ratios_are_of_odds_and_one_where_nobody_goes():
    found = ratio_of_odds(EXACT, FOUND, PERSONS)
    assert found[0].tolist() == pytest.approx([10 / 14, 20 / 16])  # 70 stay in both
    assert found[1:].tolist() == [[1, 1], [1, 1]]


def test_lasting_ratios_are_of_all_the_born_and_of_all_immigrants():
    found = lasting(EXACT, FOUND, PERSONS, np.array([1, 1, 0]))
    assert found[1].tolist() == pytest.approx([15 / 19, 25 / 21])  # 110 stay in both
    assert found[0].tolist() == [1, 1]


@pytest.mark.skipif(not COMPILED, reason="minutes where kernels are not compiled")
def test_where_cells_miss_nothing_nothing_lasts():
    """People alone in one place: cells are exact, whoever they are."""
    people = grown(3_000, 1, municipality=np.full(3_000, 301 - 301))
    settings = Settings(scale=1.0)
    twin = Twin(people, settings)
    next(twin.run(1))
    np.testing.assert_allclose(twin.lasting, 1.0, rtol=2e-3)
