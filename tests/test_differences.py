"""Means, paired and unpaired intervals, and the precision that shared luck gains."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runs.crossing import draws_of, sharing_of
from runs.differences import (
    MEASURES,
    Moments,
    Tally,
    differences,
    from_counts,
    measured,
    settled_measures,
)
from runs.intervals import spread
from runs.lockstep import KINDS, History
from runs.matching import CELLS, DIRECTIONS, EXPLAINED, MECHANISMS, OUTCOMES

numbers = st.lists(st.integers(0, 10**6), min_size=2, max_size=30)


def moments(values):
    found = Moments()
    for value in values:
        found.add(np.array([value], dtype=np.float64))
    return found


def one(a, b, *, paired=True):
    """Return the difference of two lists of numbers as a Difference of the first measure."""
    d = moments(np.subtract(b, a)) if paired else None
    found = differences(moments(a), moments(b), d)
    return dict(zip(("a", "b", "mean", "low", "high", "percent", "percent_low", "percent_high",
                     "gain", "n"), found.values[:10, 0], strict=True))  # fmt: skip


@given(numbers)
def test_moments_are_those_of_numpy(values):
    found = moments(values)
    assert found.mean[0] == pytest.approx(np.mean(values), rel=1e-12)
    assert found.variance[0] == pytest.approx(np.var(values, ddof=1), rel=1e-9)


def test_large_counts_lose_nothing():
    values = 1_000_000_000 + np.arange(7.0)
    assert moments(values).variance[0] == np.var(np.arange(7.0), ddof=1)


def test_a_missing_value_is_left_out():
    found = moments([math.nan, 1.0, 3.0])
    assert (found.mean[0], found.variance[0], found.number[0]) == (2.0, 2.0, 2)
    assert math.isnan(moments([math.nan]).mean[0])


A, B = [100.0, 110, 95, 120, 104], [90.0, 103, 88, 110, 93]


def test_the_paired_interval_is_that_of_a_paired_t_test():
    found = one(A, B)
    wanted = stats.ttest_rel(B, A).confidence_interval()
    assert found["mean"] == pytest.approx(np.mean(B) - np.mean(A))
    assert (found["low"], found["high"]) == pytest.approx((wanted.low, wanted.high))


def test_the_unpaired_interval_is_that_of_welch():
    found = one(A, [*B, 70.0], paired=False)
    wanted = stats.ttest_ind([*B, 70.0], A, equal_var=False).confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((wanted.low, wanted.high))
    assert found["n"] == 5
    assert math.isnan(found["gain"])


def test_the_percentage_is_a_ratio_with_an_interval_of_its_own():
    found = one(A, B)
    a, d = np.array(A), np.subtract(B, A)
    ratio = d.mean() / a.mean()
    error = np.std(d - ratio * a, ddof=1) / math.sqrt(len(A)) / a.mean()
    reach = stats.t.ppf(0.975, len(A) - 1) * error
    assert found["percent"] == pytest.approx(100 * ratio)
    assert found["percent_low"] == pytest.approx(100 * (ratio - reach))
    assert found["percent_high"] == pytest.approx(100 * (ratio + reach))


def test_halves_of_every_history_are_half_without_doubt():
    found = one([100.0, 140, 90], [50.0, 70, 45])
    assert found["percent"] == pytest.approx(-50)
    assert found["percent_low"] == pytest.approx(-50, abs=1e-5)


def test_where_more_than_luck_is_drawn_the_interval_is_that_of_one_history():
    found = differences(moments(A), moments(B), moments(np.subtract(B, A)), drawn=True).values[:, 0]
    d, n = np.subtract(B, A), len(A)
    reach = stats.t.ppf(0.975, n - 1) * np.std(d, ddof=1) * math.sqrt(1 + 1 / n)
    assert found[3:5].tolist() == pytest.approx([d.mean() - reach, d.mean() + reach])


def test_a_percentage_where_more_is_drawn_is_of_one_history_too():
    found = differences(moments(A), moments(B), moments(np.subtract(B, A)), drawn=True).values[:, 0]
    a, d, n = np.array(A), np.subtract(B, A), len(A)
    ratio = d.mean() / a.mean()
    error = np.std(d - ratio * a, ddof=1) * math.sqrt(1 + 1 / n) / a.mean()
    reach = stats.t.ppf(0.975, n - 1) * error
    assert found[6:8].tolist() == pytest.approx([100 * (ratio - reach), 100 * (ratio + reach)])


def test_without_shared_luck_too_an_interval_is_of_one_history_where_more_is_drawn():
    """Both variances are those of one further history; Welch's degrees of freedom of these."""
    found = differences(moments(A), moments(B), None, drawn=True).values[:, 0]
    n = len(A)
    per = [np.var(values, ddof=1) * (1 + 1 / n) for values in (A, B)]
    freedom = sum(per) ** 2 / sum(one**2 / (n - 1) for one in per)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(sum(per))
    mean = np.mean(B) - np.mean(A)
    assert found[3:5].tolist() == pytest.approx([mean - reach, mean + reach])


@pytest.mark.parametrize("drawn", [(), ("economy",)])
def test_who_differs_has_the_interval_that_the_draws_ask_for(drawn):
    """Of one cell: 3, 5 and 10 persons only in B, by the formula of the module."""
    tally, only_b = Tally(drawn), [3, 5, 10]
    for more in only_b:
        who = np.zeros((1, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS)), int)
        who[0, 0, 0, 1, 0] = more
        worlds = np.stack([counts(1), counts(1, emigrate=more)])
        tally.add(History(worlds, who, np.zeros((1, len(OUTCOMES), len(OUTCOMES)), int),
                          np.zeros((2, 1, 1), int), np.zeros((2, 1, 2, len(CELLS)))))  # fmt: skip
    found = tally.comparison((2013, 2013), 3)
    reach = stats.t.ppf(0.975, 2) * np.std(only_b, ddof=1) * math.sqrt(1 / 3 + bool(drawn))
    of_event = found.reasons.low[0, 0, 0, 0], found.reasons.high[0, 0, 0, 0]
    assert of_event == pytest.approx((6 - reach, 6 + reach))
    emigrated = found.differences.at(0, "emigrations")
    assert (emigrated.low, emigrated.high) == pytest.approx((6 - reach, 6 + reach))


@pytest.mark.parametrize("paired", [True, False])
def test_tables_of_runs_that_draw_more_have_wider_intervals(paired):
    a, b = ([counts(1, emigrate=e) for e in some] for some in ((10, 12, 15), (11, 15, 16)))
    spans = []
    for drawn in ((), ("parameters",)):
        found = from_counts(a, b, (2013, 2013), paired=paired, drawn=drawn)
        one_of = found.differences.at(0, "emigrations")
        spans.append(one_of.high - one_of.low)
        assert found.drawn == drawn
    assert spans[1] == pytest.approx(2 * spans[0])  # sqrt(1 + 1/3) for sqrt(1/3)


def test_the_gain_is_the_variance_of_unpaired_over_paired_differences():
    gain = (np.var(A, ddof=1) + np.var(B, ddof=1)) / np.var(np.subtract(B, A), ddof=1)
    assert one(A, B)["gain"] == pytest.approx(gain)


def test_one_replicate_has_no_interval_and_no_difference_no_width():
    assert math.isnan(one([5.0], [7.0])["low"])
    same = one(A, A)
    assert (same["mean"], same["low"], same["high"]) == (0, 0, 0)


def test_the_interval_holds_the_expected_difference_as_often_as_it_says():
    """Of 2,000 intervals 95 % should hold it; within 93-97 %: false alarms below 1 in 10,000."""
    rng = np.random.default_rng(5)
    a = rng.poisson(400, (2_000, 8))
    lost = rng.poisson(20, (2_000, 8))
    d, held = Moments(), [Moments(), Moments()]
    for k in range(8):
        held[0].add(a[:, k].astype(float))
        held[1].add((a - lost)[:, k].astype(float))
        d.add(-lost[:, k].astype(float))
    found = differences(*held, d).values
    share = np.mean((found[3] <= -20) & (found[4] >= -20))
    assert 0.93 <= share <= 0.97


def counts(years, **values):
    """Return counts of years and the 1 January after; every year the same."""
    made = np.zeros((years + 1, len(KINDS), len(CELLS)), dtype=np.int64)
    for kind, value in values.items():
        made[:, KINDS.index(kind), 0] = value
    return made


def test_measures_are_counted_from_events():
    found = measured(counts(2, emigrate=5, domestic=15, stay=80, stock=100))
    at = {measure: found[:, k, 0] for k, measure in enumerate(MEASURES)}
    np.testing.assert_array_equal(at["emigrations"], [5, 5, np.nan, 10])
    np.testing.assert_array_equal(at["stock"], [100, 100, 100, np.nan])
    np.testing.assert_array_equal(at["emigration_rate"], [5, 5, np.nan, np.nan])
    assert np.isnan(measured(counts(1))[0, MEASURES.index("emigration_rate"), 0])


def test_finished_runs_are_compared_replicate_by_replicate():
    a = [counts(1, emigrate=e, stock=100) for e in (10, 12, 14)]
    b = [counts(1, emigrate=e, stock=100) for e in (11, 13, 15)]
    paired = from_counts(a, b, (2013, 2013), paired=True)
    one_more = paired.differences.at(0, "emigrations")
    assert (one_more.mean, one_more.low, one_more.high) == (1, 1, 1)
    assert paired.replicates == 3
    apart = from_counts(a, b, (2013, 2013), paired=False).differences.at(0, "emigrations")
    assert apart.low < 0 < apart.high


def test_what_is_expected_is_compared_with_counts_that_share_no_luck():
    """Equal changes of chances in every replicate leave no doubt, and the gain is over counts."""
    tally, step = Tally(), np.zeros((2, 1, 2, len(CELLS)))
    emigrated = [(100, 80), (110, 88), (90, 72)]
    expected = [(101.0, 81.5), (100.0, 80.0), (99.5, 79.5)]
    for (a, b), (x, y) in zip(emigrated, expected, strict=True):
        both = step.copy()
        both[0, 0, 0, 0], both[1, 0, 0, 0] = x, y
        worlds = np.stack([counts(1, emigrate=a), counts(1, emigrate=b)])
        shape = (1, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS))
        tally.add(History(worlds, np.zeros(shape, int),
                          np.zeros((1, len(OUTCOMES), len(OUTCOMES)), int),
                          np.zeros((2, 1, 1), int), both))  # fmt: skip
    found = tally.comparison((2013, 2013), 3).differences
    one = found.at(0, "expected_emigrations")
    apart = np.subtract(*np.transpose(expected)[::-1])
    assert one.mean == pytest.approx(apart.mean())
    unshared = sum(np.var(np.transpose(emigrated)[w], ddof=1) for w in (0, 1))
    assert one.gain == pytest.approx(unshared / np.var(apart, ddof=1))
    assert found.at(-1, "expected_emigrations").mean == pytest.approx(apart.mean())
    assert math.isnan(from_counts([worlds[0]], [worlds[1]], (2013, 2013), paired=True)
                      .differences.at(0, "expected_emigrations").mean)  # fmt: skip


def test_a_stock_is_settled_a_year_longer_than_flows():
    found = settled_measures((2022, 2024))[:, :, 0]
    flow, stock = found[:, MEASURES.index("emigrations")], found[:, MEASURES.index("stock")]
    assert flow.tolist() == [True, True, False, False, False]
    assert stock.tolist() == [True, True, True, False, True]  # the last is all years: no stock


@pytest.mark.parametrize("drawn", [("parameters",), ("economy",), ("parameters", "economy")])
def test_replicates_that_come_one_by_one_are_split_as_all_of_them_together(drawn):
    """Forty-seven replicates: two rings and a part of a third; the economy makes most."""
    rng, many = np.random.default_rng(3), 47
    parameters, economy = np.array([draws_of(k) for k in range(many)]).T
    values = rng.normal(size=(many, 4))
    values += 1.5 * rng.normal(size=(many, 4))[parameters] * ("parameters" in drawn)
    values += 4.0 * rng.normal(size=(many, 4))[economy] * ("economy" in drawn)
    nothing = np.zeros(many, dtype=np.int64)
    sharing = sharing_of(parameters if "parameters" in drawn else nothing,
                         economy if "economy" in drawn else nothing)  # fmt: skip
    found = Moments(drawn)
    for value in values:
        found.add(value)
    for mine, theirs in zip(found.spread, spread(values, sharing), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    assert (found.spread.shares[1] > 0.5).all() == ("economy" in drawn)


def test_shares_of_runs_that_share_no_luck_are_weighed_by_their_variances():
    rng, a, b = np.random.default_rng(4), Moments(("parameters",)), Moments(("parameters",))
    for k in range(40):
        a.add(rng.normal(size=1) * 10)
        b.add(np.array([float(draws_of(k)[0])]) + rng.normal(size=1) * 0.01)
    share = 100 * b.variance / (a.variance + b.variance) * b.spread.shares[0]
    share += 100 * a.variance / (a.variance + b.variance) * a.spread.shares[0]
    found = differences(a, b, None, drawn=True).values[-3, 0]
    assert found == pytest.approx(share[0])


def history(years, a, b, chances=(0.0, 0.0)):
    """Return a replicate in which every year has a and b emigrations, and such chances."""
    shape = (years, len(EXPLAINED), len(MECHANISMS), len(DIRECTIONS), len(CELLS))
    expected = np.zeros((2, years, 2, len(CELLS)))
    expected[:, :, 0, 0] = np.array(chances)[:, None]
    worlds = np.stack([counts(years, emigrate=a), counts(years, emigrate=b)])
    return History(worlds, np.zeros(shape, int),
                   np.zeros((years, len(OUTCOMES), len(OUTCOMES)), int),
                   np.zeros((2, years, 1), int), expected)  # fmt: skip


def test_a_change_in_any_replicate_is_a_change():
    for order in ((1, 0), (0, 1)):
        tally = Tally()
        for more in order:
            tally.add(history(1, 5, 5 + more))
        assert tally.comparison((2013, 2013), 2).reasons.changed


def test_chances_of_all_years_are_added_up():
    tally = Tally()
    for _ in range(2):
        tally.add(history(3, 5, 6, (2.0, 4.5)))
    found = tally.comparison((2013, 2015), 2).differences
    assert found.at(0, "expected_emigrations").mean == pytest.approx(2.5)
    assert found.at(-1, "expected_emigrations").mean == pytest.approx(7.5)


def test_who_differs_in_years_in_which_the_economy_is_known_owes_nothing_to_it():
    tally, rng = Tally(("economy",)), np.random.default_rng(1)
    for k in range(40):
        made = history(2, 5, 5)
        made.who[:, 0, 0, 1, 0] = draws_of(k)[1] * 10 + rng.integers(0, 3, 2)
        tally.add(made)
    shares = tally.comparison((2023, 2024), 40).reasons.shares[1, :, 0, 0, 0]
    assert shares[0] == 0
    assert shares[1] > 50
