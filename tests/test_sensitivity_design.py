"""Where an analysis looks: how many points, in the unit cube, always the same."""

import numpy as np
import pytest

from runs.sensitivity.design import DELTA, METHODS, MORRIS, OAT, SOBOL, Design, size_problem

SIZES = {OAT: 3, MORRIS: 6, SOBOL: 16, DELTA: 70}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inputs", [1, 4])
def test_points_are_as_many_as_told_and_the_same_again(method, inputs):
    design = Design(method, SIZES[method], 7)
    points = design.points(inputs)
    assert points.shape == (design.many(inputs), inputs)
    held = points[np.isfinite(points)]
    assert held.min() >= 0
    assert held.max() <= 1
    np.testing.assert_array_equal(points, design.points(inputs))
    if method != OAT:
        assert not np.array_equal(points, Design(method, SIZES[method], 8).points(inputs))


def test_one_at_a_time_begins_with_the_scenario_and_alters_one_input():
    points = Design(OAT, 3, 0).points(2)
    nan = np.nan
    due = [[nan, nan], [0, nan], [0.5, nan], [1, nan], [nan, 0], [nan, 0.5], [nan, 1]]
    np.testing.assert_array_equal(points, due)


def test_morris_moves_one_input_at_a_time():
    points = Design(MORRIS, 5, 1).points(3).reshape(5, 4, 3)
    assert ((points[:, 1:] != points[:, :-1]).sum(axis=2) == 1).all()


def test_second_order_takes_twice_the_points():
    assert Design(SOBOL, 8, 1).many(3) == 40
    assert Design(SOBOL, 8, 1, second=True).points(3).shape == (64, 3)


@pytest.mark.parametrize(
    ("method", "size", "words"),
    [
        (SOBOL, 100, "64 and 128 are the nearest"),
        (SOBOL, 4, "8 to"),
        (OAT, 1, "2 to"),
        (DELTA, 10, "64 to"),
        (MORRIS, 1, "4 to"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(method, size, words):
    (problem,) = size_problem(method, size)
    assert words in str(problem)


@pytest.mark.parametrize("method", METHODS)
def test_usual_sizes_fit(method):
    from runs.sensitivity.design import SIZES as KNOWN

    assert size_problem(method, KNOWN[method][2]) == []
