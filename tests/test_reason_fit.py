"""The smallest offsets with which what is told holds: on claims made up for the purpose."""

import numpy as np
import pytest

from calibration.reason_fit import MARGIN, Problem, solve
from calibration.reason_rates import COUNTY
from calibration.reason_readings import Claim, claims
from sim.codes import REASON
from sim.transitions.reason_offsets import TRAITS

EMIGRATE, WORK = 1, 0
CODES = len(TRAITS["education"])
SHAPE = (2, len(REASON), CODES)


def problem(*claims, rate=0.05, what=EMIGRATE, pliant=1.0):
    rates = np.full(SHAPE, rate)
    return Problem(what, "education", rates, np.full(SHAPE, 1000.0), np.full(SHAPE, pliant),
                   np.zeros(SHAPE), tuple(claims), ())  # fmt: skip


def claim(*tiers, periods=(0, 1), low=-np.inf, high=np.inf, what=EMIGRATE):
    return Claim(what, WORK, "education", periods, tuple(tiers), low, high)


def test_nothing_told_alters_nothing():
    np.testing.assert_allclose(solve(problem()), 0.0, atol=1e-9)


@pytest.mark.parametrize(("what", "pliant"), [(EMIGRATE, 1.0), (COUNTY, 0.5)])
def test_an_order_holds_by_about_its_margin_and_the_total_is_kept(what, pliant):
    made = problem(claim(("none",), ("compulsory",), what=what), what=what, pliant=pliant)
    x = solve(made)
    rate = made.now(x).rate
    ratio = np.log(rate[:, WORK, 0] / rate[:, WORK, 1])
    assert (ratio > 0.8 * MARGIN).all()
    assert (ratio < 1.05 * MARGIN).all()
    np.testing.assert_allclose(rate.mean(axis=2), 0.05, rtol=0.002)
    np.testing.assert_allclose(x[:, 1:], 0.0, atol=1e-6)


def test_an_order_that_holds_is_left_alone():
    made = problem(claim(("none",), ("compulsory",)))
    made.rate[:, WORK, 0] = 0.1
    np.testing.assert_allclose(solve(made), 0.0, atol=1e-9)


def test_bounds_are_reached_in_the_period_that_is_told_and_half_carried_over():
    made = problem(claim(("tertiary_long",), periods=(0,), low=0.08, high=0.08))
    x = solve(made)
    rate = made.now(x).rate[:, WORK, 5]
    assert rate[0] == pytest.approx(0.08, rel=0.05)
    assert 0.05 < rate[1] < rate[0]  # what is not told of the other period is alike


def test_a_group_counts_by_its_persons():
    two = "upper_secondary_basic+upper_secondary"
    made = problem(claim((two,), ("none",)))
    made.persons[:, WORK, 2] = 3000.0
    rate = made.now(solve(made)).rate[0, WORK]
    mean = (3 * rate[2] + rate[3]) / 4
    assert np.log(mean / rate[0]) == pytest.approx(MARGIN, rel=0.2)


def test_slopes_are_those_of_the_rates():
    made = problem(what=COUNTY, pliant=0.6)
    x = np.random.default_rng(1).normal(0, 0.5, SHAPE)
    for one in (made, problem()):
        up, down, now = (one.now(x + step) for step in (1e-6, -1e-6, 0.0))
        np.testing.assert_allclose(now.slope, (up.rate - down.rate) / 2e-6, rtol=1e-5)


def test_what_is_told_of_education_in_sogn_puts_it_far_above_other_counties():
    """Equal rates everywhere, and the report's own words of one reason."""
    codes, education = len(TRAITS["county"]), REASON.index("education")
    shape = (2, len(REASON), codes)
    told = tuple(c for c in claims() if (c.by, c.what, c.reason) == ("county", EMIGRATE, education))
    made = Problem(EMIGRATE, "county", np.full(shape, 0.2), np.full(shape, 100.0), np.ones(shape),
                   np.zeros(shape), told, ())  # fmt: skip
    x = solve(made)
    sogn = TRAITS["county"].index("14")
    assert x[0, education].argmax() == sogn
    assert made.now(x).rate[0, education, sogn] == pytest.approx(0.333, rel=0.15)
    assert not x[:, 0].any()  # of other reasons nothing was told
