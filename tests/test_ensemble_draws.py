"""What a replicate draws anew: coefficients, the answer to the economy, and its paths."""

from dataclasses import replace

import numpy as np
import pytest

from runs.ensemble import Plan, live, plan_of
from runs.people import People
from scenarios.schema import load_scenario
from sim.economy import Economy
from sim.transitions.logit import parameters_set
from sim.transitions.process import Settings
from tests.conftest import made_people


def plan(uncertain, replicates=3, years=2):
    return Plan(made_people(1_500), Settings(), 7, years, replicates, ("background",), uncertain)


def test_without_uncertainty_all_replicates_have_the_same_settings():
    of = plan(())
    assert [of.settings_of(k) for k in range(3)] == [of.settings] * 3
    assert [of.draws_of(k) for k in range(3)] == [(0, 0)] * 3


def test_each_replicate_has_a_draw_of_its_own():
    of = plan(("parameters", "economy"))
    settings = [of.settings_of(k) for k in range(3)]
    assert [s.draw for s in settings] == [0, 1, 2]
    assert {s.draw_seed for s in settings} == {7}
    assert len({s.paths for s in settings} | {Economy.default()}) == 4
    assert [of.draws_of(k) for k in range(3)] == [(0, 0), (1, 1), (2, 2)]


def test_one_replicate_alone_uses_the_estimates_themselves():
    people = People(made_people(100), "", "")
    asked = replace(load_scenario("baseline"), replicates=1)
    alone = plan_of(asked, people, Settings())
    assert alone.settings_of(0) == alone.settings
    assert alone.draws_of(0) == (0, 0)
    first = replace(plan_of(replace(asked, replicates=2), people, Settings()), replicates=1)
    assert first.settings_of(0).draw == 0  # the first of two is the same lived by itself


@pytest.mark.parametrize(("uncertain", "draws", "economies"), [
    (("parameters",), [0, 1], 1), (("economy",), [None, None], 2),
])  # fmt: skip
def test_one_kind_of_uncertainty_leaves_the_other(uncertain, draws, economies):
    settings = [plan(uncertain).settings_of(k) for k in range(2)]
    assert [s.draw for s in settings] == draws
    assert len({s.paths for s in settings}) == economies


def test_coefficients_of_a_draw_spread_as_their_standard_errors():
    """80 draws: a standard deviation is off by more than 40 percent once in a million."""
    plain = parameters_set(Settings())
    drawn = np.array([
        parameters_set(Settings(draw=k, draw_seed=1)).coefficients[0, 0] for k in range(80)
    ])  # fmt: skip
    assert (drawn[0] != drawn[1]).any()
    age = drawn[:, 1, 1]
    assert abs(age.mean() - plain.coefficients[0, 0, 1, 1]) < 6 * age.std() / np.sqrt(80)
    again = parameters_set(Settings(draw=5, draw_seed=1)).coefficients[0, 0]
    np.testing.assert_array_equal(again, drawn[5])


def test_draws_are_written_with_the_flows_and_threads_do_not_matter():
    one, two = (list(live(plan(("parameters", "economy")), threads, lambda: None))
                for threads in (1, 2))  # fmt: skip
    for a, b in zip(one, two, strict=True):
        assert a.flows.equals(b.flows)
        assert set(a.flows["draw"].to_pylist()) == {a.number}
