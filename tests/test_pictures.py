"""Pictures of findings: what stands where, read back from the drawing."""

import re

import numpy as np
import pytest

from runs.validation.backtest import Backtest, part_of, questions
from runs.validation.curves import by_year, curves_of, ranked
from runs.validation.dots import MOST, dots_of
from runs.validation.lived import Ensemble
from runs.validation.picture_frame import Scale, number, spanning
from runs.validation.pictures import drawing
from runs.validation.quantity import POOLED
from runs.validation.record import patterns

RATE = "a2015.intro.rate_all_4_5pct"  # percent a year, 2009-2013, 4 to 5
BACK = "d2026.f6.return.norwegian_born_2ip"  # 43 percent
ORDER = "d2026.f6.return_order"
RATIO = "r2016.f5_16.family_county_gt_emig_p2"  # at least 1, but Rogaland and Hordaland


class Told:
    """A history that answers with a rule of the question, times its own size."""

    years = tuple(range(2004, 2024))

    def __init__(self, size, rule):
        self.size, self.rule = size, rule

    def of(self, quantity):
        value = self.size * self.rule(quantity)
        return np.full(1 if quantity.scope == POOLED else len(quantity.years), value)


def lived(pattern, sizes=(0.9, 1.0, 1.1), rule=lambda q: 4.0):
    every = Ensemble(questions([pattern], Told.years))
    for size in sizes:
        every.add(Told(size, rule))
    return {part_of(pattern): Backtest(every, every, every)}


def test_a_scale_holds_all_values_and_zero():
    scale = spanning([2.0, 4.0, np.nan, np.inf], 100, 0)
    assert (scale.bottom, scale.at(0)) == (0, 100)
    assert scale.at(4.0) == pytest.approx(100 - 100 / 1.08)
    assert scale.at(99) == 0, "what is off the scale stands at its edge"
    assert spanning([-1.0, 1.0], 0, 1).bottom == pytest.approx(-1.08)
    assert spanning([np.nan], 0, 1) is None
    assert spanning([0.0], 0, 1) is None


@pytest.mark.parametrize("top", [0.03, 1, 4.3, 7, 99, 1234, 5e6])
def test_ticks_are_few_round_numbers_that_begin_with_zero(top):
    ticks = Scale(0.0, top, 0, 1).ticks
    assert 3 <= len(ticks) <= 6
    assert ticks[0] == 0
    assert str(ticks[0]) == "0.0", "no minus before nought"
    assert ticks[-1] <= top


def test_numbers_on_axes_are_short():
    assert [number(x) for x in (0.25, 1234.0, 20_000, 1_500_000)] == [
        "0.25",
        "1234",
        "20k",
        "1,500k",
    ]


def test_a_curve_has_its_interval_and_the_reports_bounds():
    pattern = patterns()[RATE]
    found = lived(pattern)
    (curve,) = curves_of(pattern, found["history"])
    assert curve.mean == pytest.approx(np.full(5, 4.0))
    np.testing.assert_allclose(curve.low, np.quantile([3.6, 4.0, 4.4], 0.025))
    assert curve.bounds == (4.0, 5.0)
    svg = drawing(pattern, found)
    assert svg.count("<polyline") == svg.count("<polygon") == svg.count('class="band"') == 1
    points = re.search(r'<polyline points="([^"]+)"', svg)[1].split()
    box = re.search(
        r'class="band" x="([\d.]+)" width="([\d.]+)" y="([\d.]+)" height="([\d.]+)"', svg
    )
    left, width, up, height = map(float, box.groups())
    mean = float(points[0].split(",")[1])
    assert mean == pytest.approx(up + height, abs=0.11), "4 percent is the lower bound"
    assert float(points[0].split(",")[0]) == pytest.approx(left, abs=0.11)
    assert float(points[-1].split(",")[0]) == pytest.approx(left + width, abs=0.11)


def test_a_published_number_is_a_diamond_at_its_place():
    pattern = patterns()[BACK]
    found = lived(pattern, (1.0, 1.0), lambda q: 43.0)
    svg = drawing(pattern, found)
    (x,) = re.findall(r'class="said" d="M([\d.]+)', svg)
    (dot,) = re.findall(r'<circle cx="([\d.]+)"', svg)
    assert x == dot, "the model says what the report says"
    off = drawing(pattern, lived(pattern, (1.0, 1.0), lambda q: 21.5))
    (x,), (dot,) = (re.findall(r, off) for r in (r'"said" d="M([\d.]+)', r'circle cx="([\d.]+)"'))
    assert float(dot) < float(x)


def test_an_order_is_drawn_in_the_order_of_the_report():
    pattern = patterns()[ORDER]
    assert ranked(pattern) == {"majority": 1, "norwegian_born_2ip": 2, "child_arrival_0_9": 3,
                               "immigrants_10plus": 4}  # fmt: skip
    share = {"norwegian_born_2ip": 40, "child_arrival_0_9": 30, "immigrants_10plus": 20}
    found = lived(pattern, rule=lambda q: share.get(q.whom.group, np.nan))
    dots = dots_of(pattern, found["descendants"])
    assert [d.name for d in dots] == ["2. Norwegian-born to immigrants", "3. immigrated at 0-9",
                                      "4. immigrated at 10 or more"]  # fmt: skip
    assert [round(d.mean) for d in dots] == [40, 30, 20]
    svg = drawing(pattern, found)
    heights = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', svg)]
    assert heights == sorted(heights)


def test_a_ratio_is_that_of_its_sides_and_exceptions_have_the_other_bound():
    pattern = patterns()[RATIO]
    found = lived(pattern, rule=lambda q: 3.0 if q.measure == "county_out_rate" else 2.0)
    dots = {d.name: d for d in dots_of(pattern, found["history"])}
    assert len(dots) == 19
    assert [x for d in dots.values() for x in (d.mean, d.low, d.high)] == pytest.approx([1.5] * 57)
    assert dots["Oslo"].bounds == (1.0, np.inf)
    assert dots["Rogaland"].bounds == (-np.inf, 1.0)


def test_courses_have_arrows():
    pattern = patterns()["d2026.f3.one_parent_same_trend"]
    svg = drawing(pattern, lived(pattern))
    assert svg.count("↘") == 1


def test_many_groups_are_all_there():
    """Six curves have colours; the rest are grey and counted. Of dots forty are drawn."""
    pattern = patterns()["d2026.f13.rates_fall_most_origins"]
    svg = drawing(pattern, lived(pattern))
    assert svg.count("<polygon") == 6
    assert svg.count('class="other"') == 13
    assert "and 13 more in grey" in svg
    many = next(p for p in patterns().values() if p.id == "d2026.f15.count_by_edu")
    svg = drawing(many, lived(many))
    assert svg.count("<circle") == min(38, MOST)


def test_names_are_escaped_and_what_is_not_told_is_not_drawn():
    pattern = patterns()[RATE]
    assert drawing(pattern, lived(pattern, rule=lambda q: np.nan)) == ""
    assert "<text" in drawing(pattern, lived(pattern))


def test_every_finding_can_be_drawn():
    drawn = 0
    for pattern in patterns().values():
        svg = drawing(pattern, lived(pattern, (1.0,)))
        assert svg == "" or (svg.startswith("<svg") and svg.endswith("</svg>"))
        assert len(svg) < 40_000
        drawn += bool(svg)
    assert drawn > 500
    assert sum(by_year(p) for p in patterns().values()) > 80
