"""Assertions about random outcomes, each with its rate of false alarms.

`false_alarm` is the probability that an honest model fails the assertion: one in a million
unless said otherwise, so that a suite with a thousand of them cries wolf once in a thousand
runs at most. What a p-value rests on, and from what size on, stands with each assertion.
"""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

FEWEST = 5  # expected in each cell of a chi-square test


def assert_share(hits: int, trials: int, share: float, *, false_alarm: float = 1e-6) -> None:
    """Fail when so many of the trials hit that the true share cannot be `share` (binomial, exact)."""
    p_value = stats.binomtest(int(hits), int(trials), share).pvalue
    assert p_value > false_alarm, (
        f"{hits:,} of {trials:,} is a share of {hits / trials:.6g}; expected {share:.6g} "
        f"(p = {p_value:.1e})"
    )


def assert_shares(counts: ArrayLike, shares: ArrayLike, *, false_alarm: float = 1e-6) -> None:
    """Fail when counts by category do not fit the shares (chi-square).

    The shares need not sum to 1. A category with share 0 may hold nobody; any other must
    expect at least five, as the approximation needs.
    """
    found, weight = np.asarray(counts, dtype=float).ravel(), np.asarray(shares, dtype=float).ravel()
    for category in np.flatnonzero((weight == 0) & (found > 0)):
        raise AssertionError(f"category {category} holds {found[category]:,.0f}; expected none")
    found, weight = found[weight > 0], weight[weight > 0]
    expected = found.sum() * weight / weight.sum()
    fewest = expected.min(initial=np.inf if expected.size > 1 else 0)
    if fewest < FEWEST:
        raise ValueError(
            f"Too few to tell: a category expects {fewest:.2g}, and the test needs {FEWEST} in "
            f"each of two or more. Draw more, or join categories."
        )
    p_value = stats.chisquare(found, expected).pvalue
    gap = (found - expected) / np.sqrt(expected)
    worst = int(np.abs(gap).argmax())
    assert p_value > false_alarm, (
        f"counts do not fit the shares; of the categories with a share, number {worst} is furthest "
        f"off: {found[worst]:,.0f}, expected {expected[worst]:,.1f} (p = {p_value:.1e})"
    )


def assert_mean(values: ArrayLike, expected: float, *, false_alarm: float = 1e-6) -> None:
    """Fail when the mean of independent values is too far from `expected` (t test).

    Honest from some hundred values on, or thousands where the distribution has a long tail.
    """
    sample = np.asarray(values, dtype=float).ravel()
    mean, error = sample.mean(), sample.std(ddof=1) / np.sqrt(sample.size)
    if error == 0:
        assert mean == expected, f"every value is {mean:.6g}; expected a mean of {expected:.6g}"
        return
    p_value = 2 * stats.t.sf(abs(mean - expected) / error, sample.size - 1)
    assert p_value > false_alarm, (
        f"the mean of {sample.size:,} values is {mean:.6g} with a standard error of {error:.2g}; "
        f"expected {expected:.6g} (p = {p_value:.1e})"
    )


def assert_uniform(values: ArrayLike, *, false_alarm: float = 1e-6) -> None:
    """Fail when values are not spread evenly over 0 to 1 (Kolmogorov-Smirnov)."""
    sample = np.asarray(values, dtype=float).ravel()
    test = stats.kstest(sample, "uniform")
    assert test.pvalue > false_alarm, (
        f"{sample.size:,} values are not uniform: near {test.statistic_location:.4g} their share "
        f"is off by {test.statistic:.2g} (p = {test.pvalue:.1e})"
    )


def assert_same_distribution(
    one: ArrayLike, other: ArrayLike, *, false_alarm: float = 1e-6
) -> None:
    """Fail when two independent samples differ in distribution (Kolmogorov-Smirnov).

    Among values with ties, false alarms are rarer than stated.
    """
    first, second = np.asarray(one, dtype=float).ravel(), np.asarray(other, dtype=float).ravel()
    test = stats.ks_2samp(first, second)
    assert test.pvalue > false_alarm, (
        f"samples of {first.size:,} and {second.size:,} differ: near {test.statistic_location:.4g} "
        f"their shares are {test.statistic:.2g} apart (p = {test.pvalue:.1e})"
    )


def assert_uncorrelated(
    one: ArrayLike, another: ArrayLike, *more: ArrayLike, false_alarm: float = 1e-6
) -> None:
    """Fail when any two of the series correlate (Pearson, Bonferroni over the pairs).

    `false_alarm` holds for all pairs together. Honest from some hundred values on.
    """
    series = [np.asarray(values, dtype=float) for values in (one, another, *more)]
    for k, values in enumerate(series):
        assert np.ptp(values) > 0, f"series {k} is constant, so nothing can be told"
    pairs = list(combinations(range(len(series)), 2))
    for i, j in pairs:
        test = stats.pearsonr(series[i], series[j])
        assert test.pvalue > false_alarm / len(pairs), (
            f"series {i} and {j} of {series[i].size:,} values correlate at {test.statistic:.3g}; "
            f"expected none (p = {test.pvalue:.1e})"
        )
