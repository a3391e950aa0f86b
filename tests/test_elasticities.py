"""Elasticities behind the published experiments: the fit's truths, and what is shipped."""

import numpy as np
import pytest

from calibration import elasticities as e
from sim.chance import Chance
from sim.jit import COMPILED
from sim.transitions import calibrated
from sim.transitions.levers import Change
from sim.transitions.mobility import Mobility
from sim.transitions.process import EMIGRATE, Settings, Year

LINEAR = e.Response(np.outer([0.4, 0.3, 0.3], np.exp(e.GRID)), status=0.004)
WITHIN = 0.3  # percentage points


def test_experiments_are_as_published():
    told = {x.name: x.percent for x in e.experiments()}
    assert told == {"experiment_unemployment_group1": -6.0, "experiment_unemployment_norway": 1.3,
                    "experiment_income": -16.0}  # fmt: skip
    by_name = {x.name: x.shock for x in e.experiments()}
    assert (by_name["experiment_unemployment_norway"][:, 0] == 1).all()
    np.testing.assert_allclose(
        by_name["experiment_unemployment_group1"], [[0, 1, 0]] + 2 * [[0] * 3]
    )
    ratios = by_name["experiment_income"][:, 2]
    assert ratios[0] > ratios[1] > ratios[2] > 0


def test_effects_add_up_over_groups():
    assert LINEAR.effect(np.zeros(3)) == pytest.approx(0)
    shift = np.array([-0.2, 0.2, 0.0])
    expected = 100 * (0.4 * np.exp(-0.2) + 0.3 * np.exp(0.2) + 0.3 - 1)
    assert LINEAR.effect(shift) == pytest.approx(expected, abs=1e-9)
    status = next(x for x in e.experiments() if x.through_status)
    assert LINEAR.of(np.zeros((3, 3)), status) == pytest.approx(0.4)


def test_the_mean_meets_the_experiments_and_draws_spread_about_it():
    mean, draws = e.fitted(LINEAR)
    _, spread, sign = e.priors()
    assert (mean[spread == 0] == 0).all()
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=1e-9)
    for x in e.experiments():
        assert LINEAR.of(mean, x) == pytest.approx(x.percent, abs=1e-6)
        effects = LINEAR.of(draws, x)
        assert effects.std() == pytest.approx(x.spread, rel=0.25)
    kept = (draws * sign >= 0)[:, sign != 0].mean()
    assert kept > 0.97


def test_what_the_experiments_do_not_tell_keeps_its_prior():
    _, draws = e.fitted(LINEAR)
    _, spread, _ = e.priors()
    for at in ((0, 0), (1, 1), (1, 2), (2, 0)):
        assert draws[:, *at].std() == pytest.approx(spread[at], rel=0.25)


@pytest.mark.skipif(not COMPILED, reason="needs the whole population")
def test_the_shipped_answer_reproduces_the_experiments_in_2013():
    """Without feedback, on the people of 2013: 12 pairs with shared luck, standard errors 0.08."""
    people = e.lived()
    after = e.lived((Change("unemployment.norway", e.SHOCKED, 2100, "add", 1.0),), economy="none")
    shocks = {"unemployment.group1": (people, 1.0, -6.0), "unemployment.norway": (after, 1.0, 1.3),
              "income_ratio": (people, 0.1, -16.0)}  # fmt: skip
    base = leaving(people, ())
    for lever, (who, amount, percent) in shocks.items():
        shocked = leaving(who, (Change(lever, e.YEAR, 2100, "add", amount),))
        assert 100 * (shocked / base - 1) == pytest.approx(percent, abs=WITHIN), lever


def leaving(people, changes, replicates=12):
    """Return the immigrants who emigrate in 2013, in all replicates."""
    process, total = Mobility.ready(Settings(changes=changes)), 0
    for replicate in range(replicates):
        process.ceilings.until = -1
        year = Year.begin(e.YEAR, people, Chance(11, replicate))
        process.happen(year)
        total += np.count_nonzero(year.outcome[people.immigrants] == EMIGRATE)
    return total


def test_two_answers_are_shipped_and_feedback_asks_for_more():
    found = calibrated.read()
    plain, feedback = (found.means[v] for v in calibrated.VARIANTS)
    for at in ((0, 1), (0, 2), (1, 0)):
        assert 1.1 < feedback[at] / plain[at] < 2.0
