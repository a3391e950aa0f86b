"""Judges of patterns: histories made by hand that must pass, and such that must fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.validation.judging import judge, judge_all
from runs.validation.quantity import POOLED
from runs.validation.record import pattern_of

TEN = tuple(range(2004, 2014))


class Told:
    """A history of which each number is told by a function of the question and the year."""

    def __init__(self, answer, years=TEN):
        self.answer, self.years = answer, years

    def of(self, quantity):
        if quantity.scope == POOLED:
            return np.array([float(self.answer(quantity, None))])
        return np.array(
            [float(self.answer(quantity, y)) if y in self.years else np.nan for y in quantity.years]
        )


def made(kind, expected, tolerance, **other):
    """A pattern of work immigrants' emigration unless something else is said."""
    return pattern_of({
        "id": "r2016.f1.made", "source": {"at": "Figure 1", "line": 1},
        "measure": "emigration_rate", "kind": kind, "years": [2004, 2013], "scope": "each_year",
        "expected": expected, "tolerance": tolerance, "evidence": "text", "strength": "strong",
        "used_by": [], "whom": {"reason": "work"},
    } | other)  # fmt: skip


def constant(number):
    return Told(lambda q, year: number)


def in_year(numbers):
    """A history with these numbers in these years, and nothing else."""
    return Told(lambda q, year: numbers.get(year, np.nan))


def by(variable, numbers):
    """A history in which the number depends on the code of one variable."""
    return Told(lambda q, year: numbers[(getattr(q.whom, variable) or ("all",))[0]])


# --- numbers and bounds

RANGE = {"low": 4.0, "high": 5.0}


@pytest.mark.parametrize(
    ("expected", "tolerance", "passes", "fails"),
    [
        ({"value": 10}, {"abs": 1}, [9.0, 10.0, 11.0], [8.9, 11.1]),
        ({"value": 10}, {"rel": 0.2}, [8.0, 12.0], [7.9, 12.1]),
        ({"value": 10}, {"abs": 0.3, "rel": 0.15}, [8.5, 11.5], [8.4, 11.6]),
        ({"value": 1}, {"abs": 0.3, "rel": 0.15}, [0.7, 1.3], [0.69, 1.31]),
        ({"value": 150}, {"abs": 0}, [150], [149, 151]),
        (RANGE, {"abs": 0.2}, [3.8, 4.5, 5.2], [3.7, 5.3]),
        (RANGE, {"rel": 0.1}, [3.6, 5.5], [3.5, 5.6]),
        ({"low": None, "high": 2}, {"abs": 0.1}, [-100, 2.1], [2.2]),
        ({"low": 2, "high": None}, {"abs": 0.1}, [1.9, 1e6], [1.8]),
    ],
)
@pytest.mark.parametrize("kind", ["value", "approx", "range"])
def test_a_number_within_its_tolerance_holds(kind, expected, tolerance, passes, fails):
    pattern = made(kind, expected, tolerance, scope="latest")
    assert all(judge(pattern, constant(number)).holds for number in passes)
    assert not any(judge(pattern, constant(number)).holds for number in fails)


@given(value=st.floats(-100, 100), width=st.floats(0.01, 10), off=st.floats(-3, 3))
@settings(max_examples=200, deadline=None)
def test_the_margin_is_the_distance_to_the_bound_in_tolerances(value, width, off):
    pattern = made("value", {"value": value}, {"abs": width}, scope="latest")
    verdict = judge(pattern, constant(value + off * width))
    assert verdict.margin == pytest.approx(1 - abs(off), abs=1e-5)
    if abs(abs(off) - 1) > 1e-5:
        assert verdict.holds == (abs(off) < 1)


def test_every_year_must_hold_for_each_year_and_the_mean_for_a_mean():
    years = dict.fromkeys(TEN, 4.5) | {2007: 6.0}
    each, of_mean = (made("range", RANGE, {"abs": 0.2}, scope=s) for s in ("each_year", "mean"))
    verdict = judge(each, in_year(years))
    assert not verdict.holds
    assert "2007" in verdict.found
    assert verdict.margin == pytest.approx(-(6.0 - 5.2) / 0.2)
    assert judge(of_mean, in_year(years)).holds
    assert judge(each, in_year(years | {2007: 5.0})).holds


def test_five_years_are_two_means():
    pattern = made("range", RANGE, {"abs": 0.0}, scope="five_years")
    early, late = dict.fromkeys(TEN[:5], 4.0), dict.fromkeys(TEN[5:], 5.0)
    assert judge(pattern, in_year(early | late)).holds
    assert not judge(pattern, in_year(early | late | {2013: 5.5})).holds
    assert judge(pattern, in_year(early | late | {2013: 5.5, 2012: 4.5})).holds


def test_pooled_is_asked_as_one_and_of_the_years_that_there_are():
    asked = []

    def answer(quantity, year):
        asked.append((quantity.scope, quantity.years))
        return 1.0

    pattern = made("value", {"value": 1}, {"abs": 0.1}, scope="pooled", years=[2000, 2013])
    verdict = judge(pattern, Told(answer))
    assert verdict.holds
    assert asked == [("pooled", TEN)]
    assert verdict.told == pytest.approx(10 / 14)


def test_totals_need_all_years():
    pattern = made("value", {"value": 5}, {"abs": 1}, scope="pooled", years=[2000, 2013],
                   measure="emigration_count")  # fmt: skip
    verdict = judge(pattern, constant(5))
    assert verdict.holds is None
    assert verdict.why == "a total of 2000-2013 needs all years"
    assert judge(pattern, Told(lambda q, y: 5, tuple(range(2000, 2014)))).holds


def test_values_of_members_must_all_hold():
    pattern = made("value", {"values": {"1": 5.1, "2": 3.6, "3+": 2.5}}, {"abs": 0.3, "rel": 0.15},
                   by="family_size", scope="latest")  # fmt: skip
    right = {"1": 5.7, "2": 3.2, "3+": 2.8}
    assert judge(pattern, by("family_size", right)).holds
    verdict = judge(pattern, by("family_size", right | {"3+": 2.9}))
    assert not verdict.holds
    assert verdict.right == pytest.approx(2 / 3)
    assert verdict.margin == pytest.approx(1 - 0.4 / 0.375)


def test_a_range_by_members_holds_for_all_of_them():
    pattern = made("range", {"low": 25, "high": 30}, {"abs": 1.5}, by="county", scope="mean",
                   members=["rogaland", "hordaland"])  # fmt: skip
    assert judge(pattern, by("county", {"rogaland": 31, "hordaland": 24})).holds
    assert not judge(pattern, by("county", {"rogaland": 31, "hordaland": 23})).holds


def test_some_years_above():
    pattern = made("range", {"low": 20, "high": 40, "some_above": 30}, {"abs": 2})
    assert judge(pattern, in_year(dict.fromkeys(TEN, 25) | {2010: 28})).holds
    assert not judge(pattern, in_year(dict.fromkeys(TEN, 25))).holds


ESTIMATES = {
    "values": {"work": 0.02, "refuge": -0.03, "family": 0.001},
    "t_values": {"work": 4.0, "refuge": -3.0, "family": 0.1}, "reference": "unknown",
}  # fmt: skip


def effects(numbers):
    return Told(lambda q, year: numbers[q.term[1]])


def of_estimates():
    return made("value", ESTIMATES, {"errors": 2}, by="reason", term="reason", model="linear",
                measure="adj_emigration", scope="latest", whom={"county": "oslo"})  # fmt: skip


def test_estimates_hold_within_standard_errors():
    pattern = of_estimates()
    assert judge(pattern, effects({"work": 0.0299, "refuge": -0.0101, "family": 0.019})).holds
    assert not judge(pattern, effects({"work": 0.031, "refuge": -0.03, "family": 0.001})).holds
    assert not judge(pattern, effects({"work": 0.02, "refuge": -0.051, "family": 0.001})).holds


def test_an_estimate_printed_as_zero_has_the_error_of_the_largest_that_is():
    """At t = 0.1 the standard error may be 0.0005 / 0.1."""
    zero = {"values": {"work": 0.0}, "t_values": {"work": 0.1}, "reference": "unknown"}
    pattern = made("value", zero, {"errors": 2}, by="reason", term="reason", model="linear",
                   measure="adj_emigration", scope="latest", whom={})  # fmt: skip
    assert judge(pattern, effects({"work": 0.0099})).holds
    assert not judge(pattern, effects({"work": 0.0101})).holds


def test_estimates_that_differ_plainly_keep_their_order():
    """Refugees 0.01 below family is within two errors of both, and yet the wrong way round."""
    pattern = of_estimates()
    right = judge(pattern, effects({"work": 0.02, "refuge": -0.0105, "family": -0.005}))
    wrong = judge(pattern, effects({"work": 0.02, "refuge": -0.0105, "family": -0.0150}))
    assert right.holds
    assert not wrong.holds
    assert "family above refuge" in wrong.found


def test_bounds_widened_by_printed_errors():
    expected = {"low": None, "high": 0, "errors": {"refuge oslo": 0.01, "family oslo": 0.02}}
    pattern = made("range", expected, {"errors": 1}, by="county", members=["oslo"], scope="latest",
                   each={"reason": ["refuge", "family"]}, term="reason", model="linear",
                   measure="adj_emigration", whom={})  # fmt: skip
    assert judge(pattern, effects({"refuge": 0.009, "family": 0.019})).holds
    assert not judge(pattern, effects({"refuge": 0.011, "family": 0.019})).holds
    assert not judge(pattern, effects({"refuge": 0.009, "family": 0.021})).holds


@pytest.mark.parametrize(
    ("sign", "passes", "fails"),
    [("positive", [0.1], [0.0, -0.1]), ("negative", [-0.1], [0.0, 0.1]), ("none", [0.9, -0.9], [1.1, -1.1])],
)  # fmt: skip
def test_signs(sign, passes, fails):
    pattern = made("value", {"sign": sign}, {"sign": True}, scope="pooled", measure="driver_effect")
    assert all(judge(pattern, constant(number)).holds for number in passes)
    assert not any(judge(pattern, constant(number)).holds for number in fails)


# --- orderings


def order(tiers, share=1.0, **other):
    return made(
        "ordering", {"tiers": tiers}, {"share": share}, **({"by": "reason", "whom": {}} | other)
    )


def test_every_member_of_a_tier_is_above_all_later_ones_and_nothing_is_said_inside_it():
    pattern = order([["education"], ["work", "nordic"], ["refuge"]], scope="mean")
    right = {"education": 15, "work": 5, "nordic": 7, "refuge": 1}
    assert judge(pattern, by("reason", right)).holds
    assert judge(pattern, by("reason", right | {"work": 9})).holds
    verdict = judge(pattern, by("reason", right | {"work": 0.5}))
    assert not verdict.holds
    assert verdict.found == "4 of 5 (80%); not work above refuge"


def test_a_tie_is_no_order():
    assert not judge(order([["work"], ["nordic"]]), by("reason", {"work": 1, "nordic": 1})).holds


@given(wrong=st.integers(0, 10), share=st.sampled_from([0.5, 0.7, 0.85, 0.9, 1.0]))
@settings(max_examples=60, deadline=None)
def test_the_share_of_years_and_pairs_decides(wrong, share):
    """Ten years, one pair: it holds if and only if enough years have the stated order."""

    def answer(quantity, year):
        turned = year - 2004 < wrong
        return 2.0 if (quantity.whom.reason == ("work",)) != turned else 1.0

    verdict = judge(order([["work"], ["nordic"]], share), Told(answer))
    assert verdict.holds == (10 - wrong >= round(share * 10, 6))
    assert verdict.right == pytest.approx(1 - wrong / 10)
    assert (verdict.margin >= -1e-9) == verdict.holds


def test_each_repeats_the_claim():
    pattern = order(
        [["4"], ["1"]], by="centrality", each={"reason": ["work", "family"]}, scope="mean"
    )

    def answer(q, year):
        return {"4": 2, "1": 1}[q.whom.centrality[0]] * (1 if q.whom.reason == ("work",) else -1)

    assert judge(pattern, Told(answer)).right == 0.5
    assert judge(pattern, Told(lambda q, year: abs(answer(q, year)))).holds


def test_exceptions_are_skipped_or_turned():
    tiers = [["1"], ["2"], ["3+"]]
    plain = {"by": "family_size", "each": {"reason": ["work", "nordic"]}, "scope": "latest"}

    def answer(q, year):
        falling = {"1": 3, "2": 2, "3+": 1}
        return falling[q.whom.family_size[0]] * (1 if q.whom.reason == ("work",) else -1)

    history = Told(answer)
    assert judge(order(tiers, **plain), history).right == 0.5
    assert judge(order(tiers, skip=[{"reason": "nordic"}], **plain), history).holds
    assert judge(order(tiers, reversed=[{"reason": "nordic"}], **plain), history).holds
    one = judge(order(tiers, skip=[{"reason": "nordic", "pair": ["2", "3+"]}], **plain), history)
    assert one.right == pytest.approx(3 / 5)


def test_a_year_is_skipped():
    pattern = order([["work"], ["nordic"]], skip=[{"year": 2010}])

    def answer(q, year):
        return (
            (1 if q.whom.reason == ("work",) else 2)
            if year == 2010
            else (2 if q.whom.reason == ("work",) else 1)
        )

    assert judge(pattern, Told(answer)).holds
    assert not judge(order([["work"], ["nordic"]]), Told(answer)).holds


def test_the_average_is_everybody_and_others_are_the_mean_of_the_rest():
    average = order([["oslo"], ["national_average"]], by="county", scope="mean")
    assert judge(average, by("county", {"oslo": 5, "all": 4})).holds
    assert not judge(average, by("county", {"oslo": 3, "all": 4})).holds
    rest = order([["2"], ["others"]], by="centrality", scope="mean")
    assert judge(rest, by("centrality", {"1": 1, "2": 5, "3": 6, "4": 7})).holds
    assert not judge(rest, by("centrality", {"1": 1, "2": 5, "3": 9, "4": 7})).holds


def test_members_may_have_names_of_their_own():
    names = {"west": {"county": ["rogaland", "hordaland"]}, "east": {"county": ["oslo"]}}
    pattern = order([["east"], ["west"]], by="county", names=names, scope="mean")
    assert judge(pattern, by("county", {"oslo": 5, "rogaland": 4})).holds
    assert not judge(pattern, by("county", {"oslo": 3, "rogaland": 4})).holds


def test_changes_are_compared_or_have_a_sign():
    years = {"late": [2009, 2013], "early": [2004, 2008]}
    compared = made("ordering", {"tiers": [["4"], ["1"]], **years}, {"share": 1.0}, by="centrality",
                    statistic="change", scope="mean")  # fmt: skip
    signs = made("ordering", {"rising": ["4"], "falling": ["1"], **years}, {"share": 1.0},
                 by="centrality", statistic="change", scope="mean")  # fmt: skip

    def history(of_four, of_one):
        step = {"4": of_four, "1": of_one}
        return Told(lambda q, year: 10 + step[q.whom.centrality[0]] * (year >= 2009))

    assert judge(compared, history(-1, -2)).holds
    assert not judge(signs, history(-1, -2)).holds
    assert judge(signs, history(1, -2)).holds
    assert not judge(compared, history(-2, 1)).holds


def test_an_order_of_ratios():
    sides = {
        "numerator": {"education2": "bachelor_plus"},
        "denominator": {"education2": "no_degree"},
    }
    pattern = made("ordering", {"tiers": [["4"], ["1"]], **sides}, {"share": 1.0}, by="centrality",
                   scope="pooled")  # fmt: skip

    def history(ratio_of_four):
        return Told(lambda q, year: 6 if q.whom.education2 == ("no_degree",) else
                    {"4": 6 * ratio_of_four, "1": 12}[q.whom.centrality[0]])  # fmt: skip

    assert judge(pattern, history(3)).holds
    assert not judge(pattern, history(1.5)).holds


def test_stocks_by_age_are_compared_a_year_of_age():
    pattern = made("ordering", {"tiers": [["18-34"], ["35-62"]]}, {"share": 1.0}, by="age",
                   statistic="per_year_of_age", measure="stock", scope="latest")  # fmt: skip
    assert judge(pattern, by("age", {"18-34": 180, "35-62": 270})).holds  # 17 and 28 years wide
    assert not judge(pattern, by("age", {"18-34": 160, "35-62": 270})).holds


def test_sizes_of_effects_are_compared_without_their_sign():
    pattern = made("ordering", {"tiers": [["men"], ["women"]]}, {"share": 1.0}, by="sex", scope="latest",
                   statistic="absolute", term="labour_status", each={"labour_status": ["employed"]},
                   model="logit", measure="adj_emigration")  # fmt: skip
    assert judge(pattern, by("sex", {"men": -3, "women": 2})).holds
    assert not judge(pattern, by("sex", {"men": -1, "women": 2})).holds


# --- trends


def trend(*segments, share=1.0, **other):
    expected = {"segments": list(segments)} | other.pop("expected", {})
    return made("trend", expected, other.pop("tolerance", {"share": share}), **other)


def line(start, step):
    return in_year({year: start + step * i for i, year in enumerate(TEN)})


@pytest.mark.parametrize(
    ("direction", "passes", "fails"),
    [
        ("rising", [0.01, 1], [0, -0.01]),
        ("falling", [-0.01, -1], [0, 0.01]),
        ("stable", [0, 0.15, -0.15], [0.2, -0.2]),
        ("weak_fall", [-1, 0, 0.05], [0.06, 1]),
        ("weak_rise", [1, 0, -0.05], [-0.06, -1]),
    ],
)
def test_a_segment_has_its_direction(direction, passes, fails):
    """The line changes by nine steps about a mean of ten or a little more."""
    pattern = trend([2004, 2013, direction])
    assert all(judge(pattern, line(10, step)).holds for step in passes)
    assert not any(judge(pattern, line(10, step)).holds for step in fails)


def test_stable_may_be_a_coefficient_of_variation():
    pattern = trend([2004, 2013, "stable"], tolerance={"rel": 0.25})
    assert judge(pattern, in_year({year: 10 + 2.4 * (-1) ** year for year in TEN})).holds
    assert not judge(pattern, in_year({year: 10 + 2.6 * (-1) ** year for year in TEN})).holds


def test_the_share_of_segments_decides():
    segments = [2004, 2008, "falling"], [2008, 2013, "rising"]
    assert not judge(trend(*segments), line(10, 1)).holds
    assert judge(trend(*segments, share=0.5), line(10, 1)).holds
    bend = in_year({year: abs(year - 2008) for year in TEN})
    assert judge(trend(*segments), bend).holds


def test_segments_are_judged_on_the_years_that_are_known():
    """2000-2004 has one known year and is left out; 2000-2008 has five of nine."""
    out, known = [2000, 2004, "rising"], [2000, 2008, "falling"]
    verdict = judge(trend(out, known, years=[2000, 2013]), line(10, -1))
    assert verdict.holds
    assert verdict.told == 0.5
    assert judge(trend(out, years=[2000, 2013]), line(10, -1)).holds is None
    few = [2000, 2006, "falling"]  # three of seven
    assert judge(trend(few, years=[2000, 2013]), line(10, -1)).holds is None


def test_lowest_and_highest_years():
    low = trend([2011, 2012, "falling"], expected={"lowest": [2012, 2012]})
    down_to = {year: 20 - (year - 2004) for year in TEN[:9]}
    assert judge(low, in_year(down_to | {2013: 15})).holds
    assert not judge(low, in_year(down_to | {2013: 5})).holds
    high = trend([2006, 2013, "falling"], expected={"highest": [2005, 2006]})
    peak = {year: 10 - abs(year - 2006) for year in TEN}
    assert judge(high, in_year(peak)).holds
    assert not judge(high, in_year(peak | {2004: 11})).holds


def test_the_difference_of_two_measures_is_followed():
    pattern = trend([2004, 2013, "falling"], minus="domestic_rate")

    def history(step):
        return Told(lambda q, year: (year - 2004) * (step if q.measure == "domestic_rate" else 1))

    assert judge(pattern, history(2)).holds
    assert not judge(pattern, history(0.5)).holds


def test_the_share_of_groups_decides_over_periods():
    """Four periods of six years; a group counts if its line of means has the stated sign."""
    pattern = trend([2000, 2023, "falling"], expected={"periods": 4}, years=[2000, 2023], share=0.75,
                    by="centrality", whom={})  # fmt: skip

    def history(*steps):
        of = dict(zip("1234", steps, strict=True))
        return Told(
            lambda q, year: 100 + of[q.whom.centrality[0]] * (year - 2000), tuple(range(2000, 2024))
        )

    assert judge(pattern, history(-1, -1, -1, 1)).holds
    verdict = judge(pattern, history(-1, -1, 1, 1))
    assert not verdict.holds
    assert verdict.right == 0.5


# --- ratios


def ratio(tolerance, **other):
    expected = {
        "numerator": {"measure": "domestic_rate"},
        "denominator": {"measure": "emigration_rate"},
    }
    return made("ratio", expected | other.pop("expected"), tolerance, **other)


def two_measures(domestic, emigration=2.0):
    return Told(lambda q, year: domestic if q.measure == "domestic_rate" else emigration)


@pytest.mark.parametrize(
    ("expected", "tolerance", "passes", "fails"),
    [
        ({"value": 2.0}, {"rel": 0.3}, [2.8, 4, 5.2], [2.7, 5.3]),
        ({"value": 0.5}, {"abs": 0.07}, [0.86, 1.14], [0.85, 1.15]),
        ({"low": 0.7, "high": 1.4}, {"abs": 0.2}, [1.0, 3.2], [0.98, 3.22]),
        ({"low": None, "high": 1.0}, {"abs": 0.05}, [0, 2.1], [2.12]),
        ({"low": 3, "high": None}, {"abs": 0.5}, [5.0, 100], [4.98]),
    ],
)
def test_ratios_of_two_measures(expected, tolerance, passes, fails):
    pattern = ratio(tolerance, expected=expected)
    assert all(judge(pattern, two_measures(number)).holds for number in passes)
    assert not any(judge(pattern, two_measures(number)).holds for number in fails)


def test_a_ratio_to_nothing_is_not_known():
    assert judge(ratio({"abs": 1}, expected={"value": 1}), two_measures(1, 0.0)).holds is None


def test_ratios_of_groups_and_of_years():
    groups = made("ratio", {"numerator": {"country_group": "cg3"}, "denominator": {"country_group": "cg1"},
                            "low": 0, "high": 0.5}, {"abs": 0.05})  # fmt: skip
    assert judge(groups, by("country_group", {"cg3": 2.7, "cg1": 5})).holds
    assert not judge(groups, by("country_group", {"cg3": 2.8, "cg1": 5})).holds
    years = made("ratio", {"numerator": {"years": [2009, 2013]}, "denominator": {"years": [2004, 2008]},
                           "low": 1.0, "high": 1.15}, {"abs": 0.03}, scope="mean")  # fmt: skip

    def history(late):
        return Told(lambda q, year: late if year >= 2009 else 1.0)

    assert judge(years, history(1.17)).holds
    assert not judge(years, history(1.19)).holds
    assert not judge(years, history(0.96)).holds


def test_exceptions_lie_on_the_other_side_and_the_share_decides():
    pattern = ratio({"share": 0.75}, expected={"low": 1.0, "high": None}, by="centrality", scope="mean",
                    reversed=[{"centrality": "4"}])  # fmt: skip

    def history(**domestic):
        of = {"1": 2, "2": 2, "3": 2, "4": 0.5} | {name[1:]: v for name, v in domestic.items()}
        return Told(lambda q, y: of[q.whom.centrality[0]] if q.measure == "domestic_rate" else 1)

    assert judge(pattern, history()).right == 1.0
    assert judge(pattern, history(_4=2)).holds
    assert not judge(pattern, history(_4=2, _1=0.5)).holds


def test_an_exception_may_be_of_one_period():
    pattern = ratio({"abs": 0}, expected={"low": 1.0, "high": None}, by="county", scope="five_years",
                    members=["oslo"], reversed=[{"county": "oslo", "years": [2009, 2013]}])  # fmt: skip

    def history(late):
        return Told(lambda q, y: (2 if y < 2009 else late) if q.measure == "domestic_rate" else 1)

    assert judge(pattern, history(0.5)).holds
    assert not judge(pattern, history(2)).holds


def test_spreads_and_growths():
    spread = {"numerator": {"measure": "county_out_rate", "spread": "county"}, "low": 3, "high": None,
              "denominator": {"measure": "emigration_rate", "spread": "county"}}  # fmt: skip
    pattern = made("ratio", spread, {"abs": 0.5}, scope="five_years")

    def history(times):
        return Told(
            lambda q, y: len(q.whom.county[0]) * (times if q.measure == "county_out_rate" else 1)
        )

    assert judge(pattern, history(2.6)).holds
    assert not judge(pattern, history(2.4)).holds
    growth = {"growth": [[2011, 2013], [2004, 2006]]}
    pattern = made("ratio", {"numerator": {"measure": "stock", **growth}, "low": 1.0, "high": None,
                             "denominator": {"measure": "emigration_count", **growth}}, {"abs": 0.1}, scope="mean")  # fmt: skip

    def grown(stock, leavers):
        return Told(lambda q, y: (stock if q.measure == "stock" else leavers) if y > 2008 else 1)

    assert judge(pattern, grown(3.7, 4)).holds
    assert not judge(pattern, grown(3.5, 4)).holds


# --- what is not known


@pytest.mark.parametrize(
    "pattern",
    [
        made("value", {"value": 1}, {"abs": 1}),
        order([["work"], ["nordic"]]),
        trend([2004, 2013, "falling"]),
        trend([2004, 2013, "falling"], expected={"periods": 2}),
        ratio({"abs": 1}, expected={"value": 1}),
        made("ordering", {"rising": ["work"], "falling": ["family"], "late": [2009, 2013],
                          "early": [2004, 2008]}, {"share": 1.0}, by="reason", statistic="change", scope="mean"),
    ],
    ids=["value", "ordering", "trend", "periods", "ratio", "changes"],
)  # fmt: skip
def test_nothing_known_is_not_judged(pattern):
    verdict = judge(pattern, constant(np.nan))
    assert verdict.holds is None
    assert np.isnan(verdict.margin)
    assert verdict.why == "nothing is known of what it compares"


def test_a_small_part_known_is_not_judged_and_a_fair_part_is():
    members = ["oslo", "troms", "nordland", "finnmark", "telemark"]
    pattern = made("value", {"value": 1}, {"abs": 1}, by="county", members=members, scope="latest")

    def known(names):
        return Told(lambda q, year: 1.0 if q.whom.county[0] in names else np.nan)

    assert judge(pattern, known(["oslo"])).holds is None
    assert judge(pattern, known(["oslo"])).why == "only 20% of what it compares is known"
    assert judge(pattern, known(["oslo", "troms"])).holds


def test_a_mean_needs_half_of_its_years():
    pattern = made("value", {"value": 1}, {"abs": 0.1}, scope="mean")
    assert judge(pattern, in_year(dict.fromkeys(TEN[:5], 1.0))).holds
    assert judge(pattern, in_year(dict.fromkeys(TEN[:4], 1.0))).holds is None


def test_all_patterns_are_judged_at_once():
    one, other = (made("value", {"value": v}, {"abs": 1}, id=f"r2016.f1.v{v}") for v in (1, 9))
    verdicts = judge_all([one, other], constant(1))
    assert [verdicts[name].holds for name in ("r2016.f1.v1", "r2016.f1.v9")] == [True, False]


# --- what a history is asked


def test_shares_say_what_makes_a_hundred_percent():
    asked = []

    def answer(q, year):
        asked.append(q)
        return 1.0

    share = made("value", {"value": 1}, {"abs": 1}, measure="stock_share", scope="latest", of=["age"],
                 whom={"age": "15-74", "county": "oslo"})  # fmt: skip
    judge(share, Told(answer))
    third = made("value", {"value": 1}, {"abs": 1}, measure="destination_share", scope="pooled", of=[],
                 of_destination="third_country", whom={"group": "descendants", "destination": "uk"})  # fmt: skip
    judge(third, Told(answer))
    of_group = made("value", {"value": 1}, {"abs": 1}, measure="stock_share", scope="latest", of=["county"],
                    of_group="all_residents", whom={"county": "oslo"})  # fmt: skip
    judge(of_group, Told(answer))
    assert asked[0].whom.given == {"age": ("15-74",), "county": ("oslo",)}
    assert asked[0].base.given == {"age": ("15-74",)}
    assert asked[1].base.group == "descendants"
    assert asked[1].base.destination == ("nordic", "uk", "usa_canada", "germany", "other")
    assert asked[2].base.group == "all_residents"


def test_a_term_of_a_model_is_no_filter():
    asked = []

    def answer(q, year):
        asked.append(q)
        return float(len(asked))

    ages = order([["15-24"], ["62-74"]], by="age", term="age", model="linear", measure="adj_emigration",
                 scope="latest", whom={"age": "15-74"})  # fmt: skip
    judge(ages, Told(answer))
    assert [q.term for q in asked] == [("age", "15-24"), ("age", "62-74")]
    assert all(q.whom.given == {"age": ("15-74",)} for q in asked)
    asked.clear()
    counties = order([["oslo"], ["troms"]], by="county", term="reason", model="linear",
                     measure="adj_stay", scope="latest", whom={"reason": "work"})  # fmt: skip
    judge(counties, Told(answer))
    assert [q.term for q in asked] == [("reason", "work")] * 2
    assert [q.whom.given for q in asked] == [{"county": ("oslo",)}, {"county": ("troms",)}]


def test_a_history_that_answers_in_the_wrong_shape_is_a_fault():
    class Wrong:
        years = TEN

        def of(self, quantity):
            return np.ones(3)

    with pytest.raises(AssertionError, match="is answered by"):
        judge(made("value", {"value": 1}, {"abs": 1}), Wrong())
