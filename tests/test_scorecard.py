"""The scorecard: clusters, weights, fitted and held out, and published numbers with their spread."""

import math
from dataclasses import replace

import numpy as np
import pytest

from runs.validation import page
from runs.validation.backtest import Asking, Backtest, part_of, questions, years_of
from runs.validation.checks import Verdict
from runs.validation.lived import Ensemble
from runs.validation.quantity import POOLED
from runs.validation.record import Cluster, clusters, core_clusters, patterns
from runs.validation.scorecard import Figure, Judged, Score, Scorecard, score, weighted

RATE = "a2015.intro.rate_all_4_5pct"  # percent a year, 2009-2013, 4 to 5


class Flat:
    """A history that gives one number for everything, rising with the replicate."""

    years = tuple(range(2004, 2014))

    def __init__(self, value):
        self.value = value

    def of(self, quantity):
        return np.full(1 if quantity.scope == POOLED else len(quantity.years), self.value)


def ensemble(values, asked):
    made = Ensemble(asked)
    for value in values:
        made.add(Flat(value))
    return made


def made_of(luck, parameters, asked):
    return Backtest(ensemble(luck, asked), ensemble(parameters, asked),
                    ensemble([*luck, *parameters], asked))  # fmt: skip


def judged(name, holds, used_by=()):
    pattern = replace(patterns()[RATE], id=name, used_by=used_by)
    return Judged(pattern, Verdict(name, holds, 0.0, "", ""), 1.0)


def test_every_pattern_belongs_to_a_part_that_is_lived():
    parts = {part_of(p) for p in patterns().values()}
    assert parts == {"history", "cross_section", "descendants"}
    for pattern in patterns().values():
        first, last = years_of(part_of(pattern))
        assert 2004 <= first <= last <= 2023
        if part_of(pattern) == "cross_section":
            assert min(pattern.years) >= 2013
    assert part_of(patterns()[RATE]) == "history"


def test_all_questions_are_put_once():
    some = [patterns()[RATE]]
    asked = questions(some, tuple(range(2004, 2014)))
    assert {q.measure for q in asked} == {"emigration_rate"}
    assert len(set(asked)) == len(asked)
    assert Asking().of(asked[0]).tolist() == [1.0] * len(asked[0].years)


def test_a_cluster_holds_if_two_thirds_of_what_is_judged_does():
    cluster = Cluster("c", "C", "C", ("a", "b", "c", "d"))
    verdicts = {"a": judged("a", True), "b": judged("b", True, ("x",)), "c": judged("c", False),
                "d": judged("d", None)}  # fmt: skip
    whole = score(cluster, verdicts)
    assert (whole.held, whole.judged, whole.holds) == (2, 3, True)
    assert (score(cluster, verdicts, only="fitted").held,
            score(cluster, verdicts, only="held out").judged) == (1, 2)  # fmt: skip
    assert not Score(cluster, 3, 1).holds
    assert not Score(cluster, 0, 0).holds
    assert math.isnan(Score(cluster, 0, 0).share)


def test_clusters_weigh_alike_and_what_is_not_judged_weighs_nothing():
    cluster = Cluster("c", "C", "C", ())
    many, one, none = Score(cluster, 10, 10), Score(cluster, 1, 0), Score(cluster, 0, 0)
    assert weighted([many, one, none]) == 50


@pytest.mark.parametrize(
    ("core", "share", "held_out", "reached"),
    [(24, 0.8, 75.0, True), (23, 0.8, 75.0, False), (24, 0.79, 75.0, False),
     (24, 0.8, 69.0, False)],
)  # fmt: skip
def test_what_is_asked_is_asked_together(core, share, held_out, reached):
    cluster = Cluster("c", "C", "C", ())
    scores = tuple(Score(cluster, 1, int(k < core)) for k in range(30))
    every = (Score(cluster, 100, int(100 * share)),)
    assert Scorecard({}, scores, every, 80.0, held_out, ()).reached == reached


def test_numbers_have_bias_cover_and_spread():
    low, high = Figure("a", "", 4.0, 5.0, 4.5, 5.5, 0.1, 0.2), Figure("a", "", 5, 5, 4, 6, 0.1, 0)
    assert (low.bias, low.covered) == (1.0, False)
    assert (high.bias, high.covered) == (0.0, True)


def test_the_spread_of_parameters_is_what_luck_leaves():
    from runs.validation.scorecard import figures

    pattern = next(p for p in patterns().values() if p.kind == "approx"
                   and p.expected.value is not None and part_of(p) == "history")  # fmt: skip
    asked = questions([pattern], Flat.years)
    found = {"history": made_of([4.0, 4.2, 4.4], [3.0, 4.2, 5.4], asked)}
    (figure,) = figures([pattern], found)
    assert figure.luck == pytest.approx(0.2)
    assert figure.parameters == pytest.approx(math.sqrt(1.2**2 - 0.2**2))
    assert figure.mean == pytest.approx(4.2)


def test_reasons_for_failing_name_clusters_that_there_are():
    known = {c.name for c in (*clusters(), *core_clusters())}
    assert set(page.reasons()) <= known
    assert all(len(why) > 80 for why in page.reasons().values())
