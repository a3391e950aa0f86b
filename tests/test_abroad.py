"""Former residents abroad: how many, since when, and who."""

import numpy as np
import pytest

from calibration import margins as m
from calibration import start_years
from calibration.abroad import YEARS_KEPT, abroad, leaving, still_abroad
from calibration.pool import COLUMNS, Pool
from calibration.solution import shipped_solution
from calibration.targets import emigration
from sim.transitions.logit import published_model
from sim.transitions.process import EMIGRATE


@pytest.fixture(scope="module")
def pool():
    return shipped_solution().pool


def drawn(year, scale=1.0, seed=1):
    solution = shipped_solution()
    rng = np.random.default_rng(seed)
    return abroad(solution.pool, solution.number[year], year, scale, rng)


def of_one_family(*members):
    """Return a pool of one family of (group, age, duration)."""
    group, age, duration = np.array(members).T
    persons = {name: np.zeros(group.size, dtype=np.int64) for name in COLUMNS}
    persons |= {"group": group, "age": age, "duration": duration}
    for name in ("family_total", "family_immigrants"):
        persons[name] = np.full(group.size, group.size)
    return Pool(persons, np.zeros(1, dtype=np.int64), np.ones(1))


def test_some_come_back_at_first_and_most_never():
    share = still_abroad(np.arange(0, 40))
    assert share[0] == 1
    assert (np.diff(share) < 0).all()
    assert share[5] == pytest.approx(0.86, abs=0.005)  # 14 percent are back within five years
    assert share[-1] == pytest.approx(0.84, abs=0.001)


@pytest.mark.parametrize("year", range(2004, 2014))
def test_the_last_ten_years_emigrants_who_are_still_abroad(year):
    found = drawn(year)
    years, emigrations = start_years.emigrations_by_year()
    count = np.bincount(found["left_year"], minlength=2014)
    assert count.sum() == found["person"].size
    assert count[: year - YEARS_KEPT].sum() == count[year:].sum() == 0
    for y, n in zip(years, emigrations, strict=True):
        if year - YEARS_KEPT <= y < year:
            assert count[y] == pytest.approx(n * still_abroad(year - y), abs=1), y


def test_by_hand_those_who_left_in_2012():
    """22,458 emigrations or so, less a twentieth of the 16 percent who ever come back."""
    years, emigrations = start_years.emigrations_by_year()
    of_2012 = float(emigrations[years == 2012][0])
    assert np.sum(drawn(2013)["left_year"] == 2012) == pytest.approx(
        of_2012 * (1 - 0.16 * (1 - np.exp(-0.4))), abs=1
    )


def test_a_hundredth_is_a_hundredth():
    whole, hundredth = drawn(2013)["person"].size, drawn(2013, 0.01)["person"].size
    assert hundredth == pytest.approx(whole / 100, abs=1)


def test_nobody_with_a_recorded_reason_arrived_before_reasons_were_recorded(pool):
    found = drawn(2004)
    arrived = found["left_year"] - 1 - pool["duration"][found["person"]]
    recorded = pool["group"][found["person"]] < m.NORDIC
    assert arrived[recorded].min() >= m.REASON_RECORDED_FROM
    assert arrived[~recorded].min() < m.REASON_RECORDED_FROM


def test_emigrants_are_such_as_the_model_lets_go(pool):
    """Candidates are drawn along a line in proportion to number and risk: to within one each."""
    found = drawn(2013)
    of_2012 = found["person"][found["left_year"] == 2012]
    risk = leaving(pool) * shipped_solution().number[2013][pool["family"]]
    recorded = pool["group"] < m.NORDIC
    risk = risk * (~recorded | (pool["duration"] <= 2011 - m.REASON_RECORDED_FROM))
    expected = of_2012.size * risk / risk.sum()
    copies = np.bincount(of_2012, minlength=pool.size)
    assert (np.abs(copies - expected) < 1 + 1e-6).all()
    assert (copies[risk == 0] == 0).all()


def test_children_go_with_the_eldest_of_their_family():
    family = of_one_family((m.WORK, 3, 1), (m.WORK, 38, 2), (m.WORK, 41, 3), (m.WORK, 16, 2))
    risk = leaving(family)
    own = emigration(family)
    assert risk[0] == own[2] == risk[2]
    assert risk[1] == own[1] != own[2]
    assert risk[3] == own[3]  # from 15 people decide for themselves, as in the models


def test_risks_are_the_models(pool):
    grown = (pool["age"] >= 15) & (pool["age"] <= 74)  # whoever is older is treated as 74
    model = published_model("6.1")
    expected = model.probabilities(pool.covariates())[:, EMIGRATE]
    np.testing.assert_allclose(leaving(pool)[grown], expected[grown])


def test_the_same_seed_draws_the_same_persons():
    one, again, other = drawn(2010, 0.1, 1), drawn(2010, 0.1, 1), drawn(2010, 0.1, 2)
    assert one["person"].tobytes() == again["person"].tobytes()
    assert one["person"].tobytes() != other["person"].tobytes()
    np.testing.assert_array_equal(one["left_year"], other["left_year"])
