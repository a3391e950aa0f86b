"""Speed, with generous limits: machines are shared. `make bench` measures what is promised."""

import statistics

import pytest

from benchmarks.__main__ import timed
from benchmarks.cases import CASES
from sim.jit import COMPILED


@pytest.mark.skipif(not COMPILED, reason="speed is that of compiled kernels")
def test_the_yearly_choice_is_far_faster_than_numpy():
    """Promised: 25 times plain NumPy, 5 times tuned NumPy, explicit at most 2.5 times threshold."""
    seconds = {name: [] for name in CASES}
    for _ in range(4):
        for name, case in CASES.items():
            seconds[name].append(timed(case))
    best = {name: min(times[1:]) for name, times in seconds.items()}
    fast = best["threshold draws"]
    assert best["plain NumPy"] > 12 * fast
    assert best["tuned NumPy"] > 3 * fast
    assert best["explicit error terms"] < 4 * fast
    assert statistics.median(seconds["threshold draws"]) < 1.5
