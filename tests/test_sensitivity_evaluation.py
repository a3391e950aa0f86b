"""A point is lived as a scenario that says the same, bit for bit."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from runs.ensemble import in_order
from runs.sensitivity.design import OAT, Design
from runs.sensitivity.evaluation import evaluate, experiment, mask
from runs.sensitivity.inputs import DRAWS, Input, altered, inputs_of, numbers
from runs.settings import settings_of
from scenarios.changes import read_changes
from scenarios.outputs import outputs_of
from scenarios.ranges import read_ranges
from scenarios.schema import Scenario
from sim.agents.population import RESIDENT
from sim.chance import Chance
from sim.codes import REASON, SEX
from sim.engine import Simulation
from sim.observe import DEFAULT_DIMENSIONS
from tests.conftest import load, made_people

N = load(4_000, 500)
SEED = 11
PLAIN = Scenario("mine", "Why?", years=(2013, 2015))
RANGES = {
    "unemployment.norway": {"2014..2015": "-1 to +3"},
    "return": "x0 to x3",
    "unions_assumed.same_origin": "0.5 to 0.9",
}
NAMES = (
    "emigrations in 2013..2015", "emigrations of refugees, women in 2014", "returns in 2015",
    "stock of men in 2016", "emigration rate in 2015", "stock in 2013",
)  # fmt: skip


@pytest.fixture(scope="module")
def people():
    return made_people(N)


def asked(people, names=NAMES, ranges=None, points=None, replicates=1):
    found, wrong = read_ranges(RANGES if ranges is None else ranges, "ranges")
    assert not wrong
    inputs = inputs_of(found)
    points = Design(OAT, 2, 0).points(len(inputs)) if points is None else points
    outputs = outputs_of(names)
    return experiment(people, settings_of(PLAIN), SEED, replicates, inputs, outputs, points)


def lived(people, changes, replicate=0, years=3):
    """Return the counts of a scenario that says so in its changes, and the engine's observer."""
    told, wrong = read_changes(changes, "changes")
    assert not wrong
    settings = settings_of(replace(PLAIN, changes=told))
    simulation = Simulation(
        people, settings, Chance(SEED, replicate), dimensions=DEFAULT_DIMENSIONS
    )
    counts = list(simulation.run(years))
    return simulation, [*counts, simulation.stock()]


ENDS = [
    {},
    {"unemployment.norway": {"2014..2015": "-1"}}, {"unemployment.norway": {"2014..2015": "+3"}},
    {"return": "x0"}, {"return": "x3"},
    {"unions_assumed.same_origin": 0.5}, {"unions_assumed.same_origin": 0.9},
]  # fmt: skip


@pytest.mark.parametrize("point", range(len(ENDS)))
def test_an_end_is_the_scenario_that_says_so_bit_for_bit(people, point):
    """One at a time equals runs of the engine, of which it knows nothing but the changes."""
    told = evaluate(asked(people), point)
    _, counts = lived(people, ENDS[point])
    assert told[0] == sum(c.total("emigrate") for c in counts[:3])
    assert told[2] == counts[2].total("return")
    assert told[4] == 100 * counts[2].total("emigrate") / counts[2].stock[1].sum()
    assert told[5] == counts[0].stock[1].sum() == np.count_nonzero(people["place"] == RESIDENT)


def test_one_lever_moves_as_much_as_two_runs_differ(people):
    held = asked(people)
    base, none, many = (evaluate(held, point) for point in (0, 3, 4))
    due = [
        sum(c.total("return") for c in lived(people, said)[1][2:3])
        for said in ({}, ENDS[3], ENDS[4])
    ]
    assert [base[2], none[2], many[2]] == due
    assert none[2] == 0  # a rate of 0 brings nobody back


def test_groups_are_those_of_the_people(people):
    told = evaluate(asked(people, ("stock of men in 2016", "stock of refugees, women in 2013",
                                   "stock of labour immigrants and refugees in 2013")), 0)  # fmt: skip
    simulation, _ = lived(people, {})
    after = simulation.population
    here = after["place"] == RESIDENT
    assert told[0] == np.count_nonzero(here & (after["sex"] == SEX.index("male")))
    resident = people["place"] == RESIDENT
    refugee = people["reason"] == REASON.index("refuge")
    work = people["reason"] == REASON.index("work")
    assert told[1] == np.count_nonzero(resident & refugee & (people["sex"] == SEX.index("female")))
    assert told[2] == np.count_nonzero(resident & (refugee | work))


def test_divided_outputs_add_up_and_a_stock_of_years_is_their_mean(people):
    names = ("stock in 2013", "stock in 2014", "stock in 2013..2014", "emigrations in 2013",
             "emigrations in 2014", "emigrations in 2013..2014", "emigrations by reason in 2013",
             "emigration rate in 2013..2014")  # fmt: skip
    first, second, mean, one, two, both, *parts, rate = evaluate(asked(people, names), 0)
    assert mean == (first + second) / 2
    assert both == one + two
    assert sum(parts) == one
    assert rate == 100 * both / (first + second)


def test_only_as_many_years_are_lived_as_outputs_need(people):
    assert asked(people, ("births in 2014",)).years == 2
    assert asked(people, ("stock in 2014",)).years == 1
    assert asked(people, ("births in 2014",)).dimensions == ("background",)
    assert asked(people, ("stock of women, Oslo in 2014",)).dimensions == ("sex", "county")


def test_an_idle_lever_leaves_every_number_as_it_is(people):
    """Nobody arrives in a year that has not come yet."""
    idle = {"return": {"2050": "x0 to x3"}, "unemployment.norway": {"2050": "+0 to +5"}}
    held = asked(people, ranges=idle)
    found = {evaluate(held, run) for run in range(len(held.points))}
    assert len(found) == 1


def test_luck_is_shared_by_points_and_differs_between_replicates(people):
    held = asked(people, replicates=2)
    first = [evaluate(held, run) for run in (0, len(held.points))]
    assert first[0] != first[1]
    _, counts = lived(people, {}, replicate=1)
    assert first[1][0] == sum(c.total("emigrate") for c in counts[:3])


def test_threads_and_other_processes_change_nothing(people):
    held = asked(people)
    plain = [evaluate(held, run) for run in range(4)]
    assert list(in_order(lambda run: evaluate(held, run), 4, 3)) == plain
    copied = pickle.loads(pickle.dumps(held))
    assert evaluate(copied, 2) == plain[2]


def test_a_rate_of_nobody_is_no_number():
    men = made_people(50, sex=np.full(50, SEX.index("male")))
    (rate,) = evaluate(asked(men, ("emigration rate of women in 2013",)), 0)
    assert math.isnan(rate)


def test_cells_that_count():
    (output,) = outputs_of(("births of women in 2014",))
    assert mask(output, ("sex",)).tolist() == [True, False]
    assert mask(output, ("background", "sex")).tolist() == [True, False] * 3
    (every,) = outputs_of(("births in 2014",))
    assert mask(every, ("background", "sex")).all()


def test_draws_are_inputs_of_their_own():
    inputs = inputs_of((), ("parameters", "economy"))
    made = altered(settings_of(PLAIN), inputs, np.array([0.25, 0.9999]), SEED)
    assert (made.draw, made.draw_seed) == (DRAWS // 4, SEED)
    assert made.economy_draw == (DRAWS - 1, SEED)
    assert Input("economy").number(1.0) == DRAWS - 1
    plain = altered(settings_of(PLAIN), inputs, np.array([np.nan, np.nan]), SEED)
    assert (plain.draw, plain.economy_draw) == (None, None)


def test_numbers_are_what_changes_say():
    found, _ = read_ranges(RANGES, "ranges")
    points = np.array([[0.0, 1.0, np.nan], [0.5, 0.5, 0.5]])
    held = numbers(inputs_of(found), points)
    np.testing.assert_allclose(held, [[-1, 3, np.nan], [1, 1.5, 0.7]])
