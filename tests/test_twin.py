"""The expected-value twin beside truths, one person's oracle, and means of simulations."""

import numpy as np
import pytest

from sim.agents.population import Population
from sim.chance import Chance
from sim.codes import REASON
from sim.engine import Simulation
from sim.jit import COMPILED
from sim.transitions.destination import DomesticDestination
from sim.transitions.levers import Change
from sim.transitions.mobility import Mobility
from sim.transitions.process import Settings
from sim.twin.kinds import PLACE_OF, PLACES
from sim.twin.model import EVENTS, GROUPS, Twin
from sim.twin.places import where_to
from tests.conftest import CLOSED_WORLD, load, made_people

ENTER, LEAVE = ("return", "arrive", "birth"), ("emigrate", "death")
SEEDS = 25
COMPILED_ONLY = pytest.mark.skipif(not COMPILED, reason="minutes where kernels are not compiled")
# Of independent standard normals one in 150,000 is beyond 4.5 on either side.
BEYOND = 4.5


def grown(n, seed=0, **columns):
    """People of 20-60 who live alone, most of them still there after a few years."""
    rng = np.random.default_rng(seed)
    born = 2012 - rng.integers(20, 60, n)
    columns = {"birth_year": born, "first_arrival_year": 2012 - rng.integers(0, 15, n),
               "family_total": np.ones(n, int), **columns}  # fmt: skip
    return made_people(n, seed, families=False, **columns)


def mean_of(people, settings, years, seeds):
    """Totals of the events of every year: their mean over luck, and its standard error."""
    lived = []
    for seed in range(seeds):
        simulation = Simulation(people, settings, Chance(seed))
        lived.append([[c.total(e) for e in EVENTS] for c in simulation.run(years)])
    lived = np.array(lived, dtype=float)
    return lived.mean(axis=0), lived.std(axis=0, ddof=1) / np.sqrt(seeds)


def one_life(person, years, settings):
    """Chances of leaving and moving year by year of one person alone, by all places they reach."""
    mobility, where = Mobility.ready(settings), DomesticDestination.ready(settings)
    town = [np.flatnonzero(place == PLACE_OF) for place in range(PLACES)]
    reason, to = int(person["reason"][0]), where_to(where)
    here = np.eye(PLACES)[PLACE_OF[person["municipality"][0]]]
    leaves, moves = [], []
    for year in range(2013, 2013 + years):
        after, gone, moved = np.zeros(PLACES), 0.0, 0.0
        for place in np.flatnonzero(here):
            share = here[place]
            columns = {name: column.copy() for name, column in person.columns.items()}
            columns["municipality"][:] = town[place][-1]
            move, leave = mobility.weights(Population(columns, year, "one"), year, 0)
            total = 1 + move + leave
            gone += share * leave / total
            moved += share * move / total
            after += share * move / total * to[reason, place]
            after[place] += share / total
        leaves.append(gone)
        moves.append(moved)
        here = after
    return leaves, moves


@pytest.mark.parametrize("model_type", [1, 3])
def test_one_person_alone_lives_the_chances_of_the_model(model_type):
    settings = Settings(assumptions=CLOSED_WORLD, scale=1.0, model_type=model_type)
    for seed in range(load(5, 1)):
        person = grown(1, seed)
        lived = list(Twin(person, settings, fine=True).run(4))
        leaves, moves = one_life(person, 4, settings)
        np.testing.assert_allclose([y.total("emigrate") for y in lived], leaves, rtol=1e-9)
        np.testing.assert_allclose([y.total("domestic") for y in lived], moves, rtol=1e-9)


@COMPILED_ONLY
def test_means_of_a_closed_world_of_people_alone_converge_to_the_twin():
    """Three years, two events, six z scores: a false alarm in 25,000 runs of the test."""
    people, settings = grown(1000), Settings(assumptions=CLOSED_WORLD, scale=1.0)
    mean, error = mean_of(people, settings, 3, SEEDS)
    lived = list(Twin(people, settings, fine=True).run(3))
    for event in ("domestic", "emigrate"):
        k = EVENTS.index(event)
        z = (np.array([y.total(event) for y in lived]) - mean[:, k]) / error[:, k]
        assert (abs(z) < BEYOND).all(), (event, z)


@COMPILED_ONLY
def test_means_of_the_first_year_with_families_converge_to_the_twin():
    """Three events, three z scores: a false alarm in 49,000 runs of the test."""
    people = made_people(3000, seed=3)
    assumptions = {"arrivals": "none", "fertility": "nobody_is_born"}
    settings = Settings(assumptions=assumptions, scale=1.0)
    mean, error = mean_of(people, settings, 1, SEEDS)
    lived = Twin(people, settings, fine=True).step()
    for event in ("domestic", "emigrate", "death"):
        k = EVENTS.index(event)
        if error[0, k] > 0:
            assert abs(lived.total(event) - mean[0, k]) < BEYOND * error[0, k], event


@COMPILED_ONLY
def test_nobody_is_lost_or_invented():
    twin = Twin(made_people(3000, seed=1), Settings(scale=0.01))
    before = twin.stock()
    assert before.sum() == 3000
    for year in twin.run(3):
        np.testing.assert_allclose(year.stock, before, atol=1e-3)
        before = year.stock + sum(year.flows[e] for e in ENTER)
        before = before - sum(year.flows[e] for e in LEAVE)
        assert all((flow >= 0).all() for flow in year.flows.values())
    np.testing.assert_allclose(twin.stock(), before, atol=1e-3)


@pytest.mark.parametrize(
    ("lever", "event"),
    [("emigration", "emigrate"), ("domestic", "domestic"), ("births", "birth"),
     ("deaths", "death"), ("return", "return")],
)  # fmt: skip
def test_a_lever_of_nothing_lets_nobody_do_it(lever, event):
    people = grown(100, reason=np.zeros(100, int))
    changes = (Change(lever, 2013, 2100, "set", 0.0),)
    for year in Twin(people, Settings(scale=0.0, changes=changes)).run(2):
        assert year.total(event) == 0


@COMPILED_ONLY
def test_as_many_arrive_as_the_lever_says_by_reason():
    changes = tuple(Change(f"arrivals.{r}", 2013, 2100, "set", 0.0) for r in REASON.names)
    changes = (*changes, Change("arrivals.work", 2014, 2014, "set", 1000.0))
    lived = list(Twin(grown(50), Settings(scale=1.0, changes=changes)).run(2))
    assert lived[0].total("arrive") == 0
    came = lived[1].flows["arrive"]
    np.testing.assert_allclose(came[GROUPS.index("work")], 1000.0, rtol=1e-9)
    np.testing.assert_allclose(came.sum(), 1000.0, rtol=1e-9)


def test_everybody_leaves_if_the_odds_are_endless_and_children_go_along():
    """A mother and her child: the odds of leaving are multiplied until nobody stays."""
    people = made_people(
        2, birth_year=[1985, 2010], reason=[0, 0], origin=[0, 0], family=[0, 0], family_total=[2, 2],
        family_immigrants=[2, 2], sex=[0, 0], first_arrival_year=[2011, 2011], person=[1, 2],
        mother=[-1, 0], status=[0, 0], education=[0, 0],
    )  # fmt: skip
    changes = (Change("emigration", 2013, 2100, "set", 1e12),)
    settings = Settings(assumptions=CLOSED_WORLD, scale=1.0, changes=changes)
    year = Twin(people, settings).step()
    np.testing.assert_allclose(year.total("emigrate"), 2.0, rtol=1e-6)


@COMPILED_ONLY
def test_the_twin_is_the_same_twice_and_leaves_its_population_alone():
    people = made_people(300, seed=5)
    columns = {name: column.copy() for name, column in people.columns.items()}
    one, other = (
        [y.flows["emigrate"] for y in Twin(people, Settings(scale=0.001)).run(2)] for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)
    for name, column in columns.items():
        np.testing.assert_array_equal(people[name], column)
