"""The same cases under pytest-benchmark: `pytest benchmarks --benchmark-enable`."""

import pytest

from benchmarks.cases import CASES, PERSON_YEARS


@pytest.mark.parametrize("name", CASES)
def test_ten_years_of_mobility(benchmark, name):
    """Time one case."""
    gone = benchmark(CASES[name])
    assert 0.02 < gone / PERSON_YEARS < 0.08
