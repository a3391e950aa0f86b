"""What pins the register down: spreads and moves when sources are left out."""

import csv

import numpy as np
import pytest

from calibration import identify
from calibration.equations import block
from calibration.identify import FILE, SHARES, SOURCES, WATCHED, watched
from calibration.pool import draw_pool
from calibration.register import PULL, Problem, fit_register
from calibration.targets import blocks_of_2013
from tests.conftest import load


@pytest.fixture(scope="module")
def pool():
    return draw_pool(load(120, 60), scale=0.03)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_margin_of_the_fit_belongs_to_one_source(pool):
    named = [name for names in SOURCES.values() for name in names]
    assert sorted(named) == sorted({b.name for b in blocks_of_2013(pool)})


def test_watched_margins_divide_everybody_of_working_age(pool):
    number = np.random.default_rng(0).random(pool.level.size)
    persons = (number[pool["family"]] * pool.grown).sum()
    for margin in watched(pool):
        assert (margin.cells @ number).sum() == pytest.approx(persons), margin.name


def normal(pool, blocks, number):
    problem = Problem(pool, (), blocks, pool.prior)
    return identify._Normal(problem, number, watched(pool))


def ages(pool, tolerance):
    label = (pool["age"] >= 40).astype(np.int64)
    target = np.bincount(label, pool.prior[pool["family"]])
    return block("age", ("young", "old"), pool, label, target, tolerance, "test")


def test_without_any_figure_the_spread_is_that_of_the_prior(pool):
    none = np.zeros(2, dtype=np.bool_)
    spreads = list(normal(pool, [ages(pool, 100.0)], pool.prior).spreads(none))
    cells = watched(pool)[WATCHED.index("education")].cells
    expected = np.sqrt((cells**2 @ pool.prior).mean() / PULL) * 100 / 545_966
    assert spreads[WATCHED.index("education")] == pytest.approx(expected)


def test_one_figure_pins_its_own_margin_as_a_regression_does(pool):
    """One equation: variance a'Va/PULL less (a'Vj)^2 / (PULL + j'Vj) / PULL, by hand."""
    one = ages(pool, 300.0)
    every = np.ones(2, dtype=np.bool_)
    spreads = list(normal(pool, [one], pool.prior).spreads(every))
    slopes = one.matrix.toarray() / 300.0
    cells = watched(pool)[0].cells
    prior = np.diag(pool.prior) / PULL
    known = prior - prior @ slopes.T @ np.linalg.solve(
        slopes @ prior @ slopes.T + np.eye(2), slopes @ prior
    )
    variance = np.einsum("ij,jk,ik->i", cells, known, cells)
    assert spreads[0] == pytest.approx(100 * np.sqrt(variance.mean()) / 545_966, rel=1e-6)


def test_more_figures_never_make_a_margin_less_certain(pool):
    blocks = [ages(pool, 200.0), *blocks_of_2013(pool)[:2]]
    fit = fit_register(pool, (), blocks, steps=5)
    found = normal(pool, blocks, fit.number)
    size = sum(b.target.size for b in blocks)
    few = np.arange(size) < 2
    more = np.ones(size, dtype=np.bool_)
    assert (np.array(list(found.spreads(more))) <= np.array(list(found.spreads(few))) + 1e-9).all()


def test_the_shipped_table_has_every_margin_with_every_source_left_out():
    table = rows(FILE)
    left_out = ["nothing", *SOURCES, identify.ONLY_SIZES, "everything"]
    assert [(r["margin"], r["left_out"]) for r in table] == [
        (margin, source) for source in left_out for margin in WATCHED
    ]
    spread = {(r["margin"], r["left_out"]): float(r["spread_points"]) for r in table}
    moved = {(r["margin"], r["left_out"]): float(r["moved_points"]) for r in table}
    for margin in WATCHED:
        assert moved[margin, "nothing"] == 0
        assert all(
            spread[margin, "nothing"] <= spread[margin, s] <= spread[margin, "everything"]
            for s in left_out
        )
    # What a margin's own source says is pinned less by all the others.
    for margin, own in (("education", "education"), ("status", "work"), ("origin", "origins")):
        assert spread[margin, own] > 2 * spread[margin, "nothing"]


def test_the_shipped_shares_add_up():
    total = {}
    for row in rows(SHARES):
        key = row["margin"], row["choice"]
        total[key] = total.get(key, 0) + float(row["percent"])
    assert len(total) == len(WATCHED) * 4
    assert all(abs(percent - 100) < 0.02 for percent in total.values())
