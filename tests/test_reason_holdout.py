"""Orders of a period that was left out: counting which stand."""

import numpy as np

from calibration.reason_holdout import only, pairs_right
from calibration.reason_rates import Rates
from calibration.reason_readings import Claim, claims
from sim.codes import REASON
from sim.transitions.reason_offsets import TRAITS, WHAT

LEVELS = TRAITS["centrality"]
SHAPE = (2, len(WHAT), len(REASON), len(LEVELS))


def test_pairs_are_counted_in_the_period_asked():
    rate = np.zeros(SHAPE)
    rate[0, 1, 0], rate[1, 1, 0] = [4, 3, 2, 1], [1, 2, 3, 4]
    persons = np.ones((2, len(REASON), len(LEVELS)))
    rates = Rates({"centrality": rate}, {"centrality": persons}, {})
    falling = Claim(1, 0, "centrality", (0,), (("1",), ("2", "3"), ("4",)), -np.inf, np.inf)
    assert list(pairs_right(rates, (falling,), 0)) == [True] * 5
    assert list(pairs_right(rates, (falling,), 1)) == [False] * 5


def test_claims_about_both_periods_are_of_neither():
    told = claims()
    early, late = only(told, 0), only(told, 1)
    both = [c for c in told if c.periods == (0, 1)]
    assert both
    assert len(early) + len(late) + len(both) == len(told)
    assert not set(early) & set(late)
