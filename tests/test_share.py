"""How large a part of all immigrants a population is."""

import numpy as np
import pytest

from sim.agents.population import ABROAD
from sim.transitions.share import share_of, share_of_all
from tests.conftest import made_people


def test_a_population_is_compared_with_the_stock_of_its_year():
    assert share_of_all(made_people(1_000)) == pytest.approx(1_000 / 593_324)
    assert share_of_all(made_people(1_000, year=2006)) == pytest.approx(1_000 / 318_501)
    halfway = (593_324 + (700_000 - 593_324) / 3) / 1_000
    assert share_of_all(made_people(1_000, year=2014)) == pytest.approx(1 / halfway)
    assert share_of_all(made_people(1_000, year=2040)) == pytest.approx(1_000 / 800_106)


def test_so_many_immigrants_are_the_same_share_without_a_population():
    assert share_of(1_000, 2013) == share_of_all(made_people(1_000))
    assert share_of(593_000, 2013) == 1.0


def test_only_resident_immigrants_count():
    people = made_people(1_000)
    people["background"][:300] = 2
    people["place"][300:500] = ABROAD
    assert share_of_all(people) == pytest.approx(500 / 593_324)


def test_nearly_everybody_is_everybody(monkeypatch):
    people = made_people(1_000)
    monkeypatch.setattr("sim.transitions.share._published", lambda: ([2013], [1_010]))
    assert share_of_all(people) == 1.0
    people["place"][: 1_000 - 900] = ABROAD
    assert share_of_all(people) == pytest.approx(900 / 1_010)
    assert np.isfinite(share_of_all(people))
