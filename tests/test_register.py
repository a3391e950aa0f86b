"""The fit of the register: slopes, steps and where they end."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq

from calibration import margins as m
from calibration.equations import block, in_persons
from calibration.information import published_shadows, scaled_r2
from calibration.pool import draw_pool
from calibration.register import (
    HUGE_GAP,
    LARGEST_LOG,
    LIKELIHOOD_TOLERANCE,
    PULL,
    SE_FLOOR,
    Problem,
    fit_register,
)
from tests.conftest import load

DERIVATIVE = {"rtol": 1e-3, "atol": 1e-9}  # of steps of one in a thousand


@pytest.fixture(scope="module")
def pool():
    return draw_pool(60, scale=0.02)


@pytest.fixture(scope="module")
def published(pool):
    return published_shadows(pool)


@pytest.fixture(scope="module")
def truth(pool):
    """A register not too far from the prior: numbers differ by a quarter."""
    return pool.prior * np.random.default_rng(4).gamma(16, 1 / 16, pool.prior.size)


@pytest.fixture(scope="module")
def printed(pool, published, truth):
    """Shadows that print what the true register gives, without rounding."""
    return tuple(printed_by(shadow, in_persons(pool, truth)) for shadow in published)


@pytest.fixture(scope="module")
def recovered(pool, printed):
    losses = []
    fit = fit_register(pool, printed, (), watch=lambda step, loss: losses.append((step, loss)))
    return fit, losses


def printed_by(shadow, weights):
    """Return a shadow whose figures are those of weighted people."""
    n, likelihood = weights[shadow.rows].sum(), shadow.log_likelihood(weights)
    empty, _ = shadow.empty_log_likelihood(weights)
    diagnostics = replace(
        shadow.model.diagnostics,
        n=round(n),
        log_likelihood=likelihood,
        scaled_r2=scaled_r2(likelihood, empty, round(n)),
    )
    errors = np.sqrt(np.diag(shadow.covariance(weights)))
    model = replace(shadow.model, diagnostics=diagnostics)
    return replace(shadow, printed=errors, rounding=np.zeros(errors.size), model=model)


def count(pool, some, target, tolerance, name="some"):
    """Return the margin 'so many persons are among these'."""
    return block(name, [name], pool, np.where(some, 0, -1), target, tolerance, "by hand")


def workers(pool, target=200_000, tolerance=500):
    return count(pool, pool["group"] == m.WORK, target, tolerance)


def by_reason(pool):
    target = np.bincount(pool["group"], pool.prior[pool["family"]]) * np.linspace(0.8, 1.2, 8)
    return block("reason", m.GROUPS, pool, pool["group"], target, 0.01 * target, "by hand")


def dense(problem, number):
    """Return residuals and slopes of all figures for all families, (families, figures)."""
    residuals, parts = problem.linearise(number)
    slopes = np.zeros((number.size, residuals.size))
    for part in parts:
        rows = np.arange(problem.bounds[part.level], problem.bounds[part.level + 1])
        slopes[np.ix_(rows, part.figures)] += part.slopes
    return residuals, slopes


def numeric_slopes(problem, number, family):
    step = np.zeros_like(number)
    step[family] = 1e-3 * number[family]
    ahead, behind = problem.residuals(number + step), problem.residuals(number - step)
    return (ahead - behind) / (2 * step[family])


def far_figures(problem, pool, shadows, number):
    """Return which residuals are standard errors more than HUGE_GAP tolerances off."""
    far = [np.zeros(problem.target.size, dtype=bool)]
    for shadow in shadows:
        scale = np.hypot(shadow.rounding, SE_FLOOR)
        gap = shadow.gaps(shadow.covariance(in_persons(pool, number))) / scale
        far += [np.abs(gap[np.isfinite(gap)]) > HUGE_GAP, np.zeros(2, dtype=bool)]
    return np.concatenate(far)


# --- Residuals ---


def test_residuals_are_gaps_in_tolerances(pool, printed):
    """Margins first, then model by model standard errors, log likelihood and R2."""
    number = 1.01 * pool.prior
    margin, shadow = workers(pool), printed[0]
    found = Problem(pool, [shadow], [margin], pool.prior).residuals(number)
    weights = in_persons(pool, number)
    assert found.size == 1 + shadow.printed.size + 2
    assert found[0] == pytest.approx((margin.found(number)[0] - 200_000) / 500)
    gap = np.log(np.sqrt(np.diag(shadow.covariance(weights))) / shadow.printed) / SE_FLOOR
    near = np.abs(gap) <= HUGE_GAP
    assert near.any()
    assert_allclose(found[1:-2][near], gap[near])
    assert_array_equal(np.sign(found[1:-2]), np.sign(gap))
    assert (np.abs(found[1:-2]) <= np.abs(gap) + 1e-12).all()  # far ones count for less
    likelihood = shadow.log_likelihood(weights) / shadow.model.diagnostics.log_likelihood - 1
    assert found[-2] == pytest.approx(likelihood / LIKELIHOOD_TOLERANCE)


def test_without_rounding_a_figure_has_its_residual_and_the_truth_has_none(pool, printed, truth):
    problem = Problem(pool, printed, [], pool.prior)
    found = problem.residuals(truth)
    assert found.size == sum(s.printed.size + 2 for s in printed)
    # Counts of persons are printed as whole numbers, on which R2 depends ever so little.
    assert_allclose(found, 0, atol=0.01)


def test_unusable_rounding_takes_a_figure_out(pool, printed):
    shadow = printed[0]
    rounding = shadow.rounding.copy()
    rounding[3:5] = np.inf
    odd = replace(shadow, rounding=rounding)
    problems = [Problem(pool, [s], [], pool.prior) for s in (shadow, odd)]
    sizes = [problem.residuals(pool.prior).size for problem in problems]
    assert sizes[0] - sizes[1] == 2
    assert dense(problems[1], pool.prior)[0].size == sizes[1]


def test_linearising_gives_the_same_residuals(pool, published):
    problem = Problem(pool, published, [by_reason(pool), workers(pool)], pool.prior)
    residuals, _ = dense(problem, 1.1 * pool.prior)
    assert_array_equal(residuals, problem.residuals(1.1 * pool.prior))


# --- Slopes ---


def test_slopes_are_the_derivatives_of_the_residuals(pool, printed, truth):
    blocks = [by_reason(pool), workers(pool)]
    problem = Problem(pool, printed, blocks, pool.prior)
    number = np.sqrt(pool.prior * truth)
    _, slopes = dense(problem, number)
    near = ~far_figures(problem, pool, printed, number)
    assert near.mean() > 0.5
    for family in range(0, number.size, load(15, 60)):
        expected = numeric_slopes(problem, number, family)
        assert_allclose(slopes[family][near], expected[near], **DERIVATIVE)


def test_slopes_of_far_figures_are_the_derivatives_of_their_residuals(pool, printed):
    problem = Problem(pool, printed, [], pool.prior)
    number = pool.prior
    _, slopes = dense(problem, number)
    far = far_figures(problem, pool, printed, number)
    assert far.sum() > 20
    for family in range(0, number.size, 60):
        expected = numeric_slopes(problem, number, family)
        assert_allclose(slopes[family][far], expected[far], **DERIVATIVE)


def test_a_part_speaks_of_one_level(pool, printed):
    problem = Problem(pool, printed, [by_reason(pool)], pool.prior)
    _, parts = problem.linearise(pool.prior)
    families = np.diff(pool.bounds())
    for part in parts:
        assert part.slopes.shape == (families[part.level], part.figures.size)
    models = len(parts) - 4  # one part of margins a level; 6.1 has four, the others one each
    assert models == 4 + 4 + 8


# --- Loss and direction ---


def test_the_loss_is_entropy_and_squared_gaps(pool, printed, truth):
    problem = Problem(pool, printed, [by_reason(pool)], pool.prior)
    residuals, ratio = problem.residuals(truth), np.log(truth / pool.prior)
    entropy = np.sum(truth * np.log(truth / pool.prior) - truth + pool.prior)
    expected = sum(r**2 for r in residuals) / 2 + PULL * entropy
    assert problem.loss(residuals, truth, ratio) == pytest.approx(expected)
    assert problem.loss(np.zeros(1), pool.prior, np.zeros(truth.size)) == pytest.approx(0, abs=1e-6)


@settings(max_examples=load(10, 4))
@given(st.integers(0, 2**32 - 1))
def test_the_direction_solves_the_normal_equations(pool, printed, seed):
    """Brute force: the move d of the logs x minimises |r + S'vd|^2/2 + PULL (v dd/2 + v x d)."""
    problem = Problem(pool, printed, [by_reason(pool), workers(pool)], pool.prior)
    log_ratio = np.random.default_rng(seed).normal(0, 0.3, pool.prior.size)
    number = problem.number(log_ratio)
    residuals, slopes = dense(problem, number)
    by_log = number[:, None] * slopes
    system = by_log @ by_log.T + PULL * np.diag(number)
    expected = np.linalg.solve(system, -by_log @ residuals - PULL * number * log_ratio)
    parts = problem.linearise(number)[1]
    found = problem.direction(residuals, parts, number, log_ratio)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())


def test_a_direction_up_is_not_taken(pool):
    margin = workers(pool)
    problem = Problem(pool, [], [margin], pool.prior)
    log_ratio = np.zeros(pool.prior.size)
    residuals, parts = problem.linearise(pool.prior)
    move = problem.direction(residuals, parts, pool.prior, log_ratio)
    loss = problem.loss(residuals, pool.prior, log_ratio)
    assert problem.search(log_ratio, -move, loss) is None
    assert problem.is_flat(log_ratio, -move, loss)  # uphill promises nothing
    assert not problem.is_flat(log_ratio, move, loss)
    down = problem.search(log_ratio, move, loss)
    number = problem.number(down)
    assert problem.loss(problem.residuals(number), number, down) < loss


def test_numbers_grow_to_a_limit(pool):
    problem = Problem(pool, [], [], pool.prior)
    assert_array_equal(problem.number(np.zeros(pool.prior.size)), pool.prior)
    everybody = np.zeros(pool.size, dtype=np.int64)  # asked for more than the limit allows
    lonely = block("all", ["all"], pool, everybody, 1e12, 1e6, "by hand")
    fit = fit_register(pool, (), [lonely], steps=40)
    assert fit.number.max() <= (pool.prior * np.exp(LARGEST_LOG)).max() * (1 + 1e-9)
    assert (fit.number > 0).all()


# --- Where the fit ends ---


def test_with_no_figures_the_fit_stays_at_the_prior(pool):
    fit = fit_register(pool, (), ())
    assert fit.converged
    assert_array_equal(fit.number, pool.prior)


def test_figures_that_are_met_already_move_nothing(pool):
    found = workers(pool).found(pool.prior)
    fit = fit_register(pool, (), [workers(pool, found)])
    assert fit.converged
    assert_allclose(fit.number, pool.prior, rtol=1e-9)


@pytest.mark.parametrize(("target", "tolerance"), [(200_000, 500), (120_000, 5_000), (9_000, 100)])
def test_one_count_tilts_families_exponentially(pool, target, tolerance):
    """By hand: log(number / prior) = -persons r / (tolerance PULL), r the gap that remains."""
    margin = workers(pool, target, tolerance)
    persons = np.bincount(pool["family"], pool["group"] == m.WORK)

    def tilted(r):
        return pool.prior * np.exp(np.clip(-persons * r / (tolerance * PULL), -99, 99))

    gap = brentq(lambda r: (tilted(r) @ persons - target) / tolerance - r, -1e3, 1e3, xtol=1e-12)
    fit = fit_register(pool, (), [margin])
    assert fit.converged
    assert margin.residuals(fit.number) == pytest.approx([gap], rel=0.01, abs=1e-3)
    assert_allclose(fit.number, tilted(gap), rtol=0.01)
    assert_array_equal(fit.number[persons == 0], pool.prior[persons == 0])  # nobody asks them


def test_twice_the_figure_is_the_figure_with_a_tighter_tolerance(pool):
    twice = fit_register(pool, (), [workers(pool), workers(pool)])
    tight = fit_register(pool, (), [workers(pool, tolerance=500 / np.sqrt(2))])
    assert_allclose(twice.number, tight.number, rtol=1e-4)


def test_a_register_is_recovered_from_its_own_standard_errors(pool, printed, recovered):
    fit, _ = recovered
    start = fit_register(pool, printed, (), steps=0)
    assert fit.converged
    assert fit.gap_quantile(0.5) < 0.001 < 0.01 < start.gap_quantile(0.5)
    assert fit.gap_quantile(0.95) < 0.005
    assert max(abs(x) for x in fit.log_likelihood.values()) < 0.001
    assert max(abs(x) for x in fit.r2.values()) < 0.001


def test_the_recovered_register_is_nearer_to_the_true_one_than_the_prior(pool, recovered, truth):
    off = [np.std(np.log(number / truth)) for number in (recovered[0].number, pool.prior)]
    assert off[0] < 0.9 * off[1]


def test_the_loss_never_rises(pool, published, recovered):
    runs = [recovered[1]]
    for shadows, blocks in (((), [by_reason(pool), workers(pool)]), (published, [by_reason(pool)])):
        runs.append([])
        told = runs[-1].append
        fit_register(
            pool, shadows, blocks, steps=12, watch=lambda step, loss, t=told: t((step, loss))
        )
    for seen in runs:
        steps, losses = zip(*seen, strict=True)
        assert steps == tuple(range(len(seen)))
        assert len(losses) > 3
        assert (np.diff(losses) <= 0).all()
        assert losses[-1] < 0.7 * losses[0]


def test_what_cannot_be_had_leaves_a_gap_of_its_sign(pool):
    """A cell with no candidate stays empty; two totals that contradict each other are both missed."""
    nobody = count(pool, np.zeros(pool.size, dtype=bool), 100, 10, "nobody")
    everybody = np.ones(pool.size, dtype=bool)
    low, high = (count(pool, everybody, n, 1_000, str(n)) for n in (550_000, 650_000))
    fit = fit_register(pool, (), [nobody, low, high])
    assert nobody.residuals(fit.number) == pytest.approx([-10])
    assert low.residuals(fit.number)[0] > 40
    assert high.residuals(fit.number)[0] < -40
    assert low.found(fit.number) == pytest.approx([600_000], rel=0.005)


def test_too_many_are_missed_from_below(pool):
    margin = workers(pool, target=1e9, tolerance=1e4)
    fit = fit_register(pool, (), [margin], steps=30)
    assert margin.residuals(fit.number)[0] < 0
    assert margin.found(fit.number) > 100 * margin.found(pool.prior)


def test_margins_are_met_when_believed(pool):
    margin = by_reason(pool)
    believed = replace(margin, tolerance=margin.tolerance / 10)
    fit = fit_register(pool, (), [believed])
    assert fit.converged
    assert_allclose(believed.found(fit.number), believed.target, rtol=0.002)


def test_a_prior_of_ones_own_is_kept_to_and_zero_stays_zero(pool):
    prior = np.where(np.arange(pool.prior.size) % 3 == 0, 0, 2 * pool.prior)
    assert_array_equal(fit_register(pool, (), (), prior=prior).number, prior)
    fit = fit_register(pool, (), [by_reason(pool)], prior=prior)
    assert fit.converged
    assert ((fit.number == 0) == (prior == 0)).all()
    before, after = (np.abs(by_reason(pool).residuals(n)) for n in (prior, fit.number))
    assert after.max() < before.max() / 5


# --- What is said of it ---


def test_the_fit_is_the_same_every_time(pool, printed, recovered):
    again = fit_register(pool, printed, ())
    assert again.number.tobytes() == recovered[0].number.tobytes()
    assert again.steps == recovered[0].steps


def test_a_fit_that_ran_out_of_steps_says_so(pool, published):
    fit = fit_register(pool, published, [by_reason(pool)], steps=2)
    assert not fit.converged
    assert fit.steps == 2
    assert not fit_register(pool, published, (), steps=0).converged


def test_the_misfit_is_told_by_model(pool, printed):
    fit = fit_register(pool, printed[:2], [workers(pool)], steps=1)
    weights = in_persons(pool, fit.number)
    assert set(fit.gaps) == set(fit.covariances) == set(fit.log_likelihood) == {"6.1", "D1"}
    for shadow in printed[:2]:
        name, diagnostics = shadow.model.name, shadow.model.diagnostics
        assert_array_equal(fit.covariances[name], shadow.covariance(weights))
        errors = np.sqrt(np.diag(fit.covariances[name]))
        assert_allclose(fit.gaps[name], np.log(errors / shadow.printed))
        ratio = shadow.log_likelihood(weights) / diagnostics.log_likelihood
        assert fit.log_likelihood[name] == pytest.approx(ratio - 1)
        empty, _ = shadow.empty_log_likelihood(weights)
        found = scaled_r2(diagnostics.log_likelihood, empty, diagnostics.n)
        assert fit.r2[name] == pytest.approx(found - diagnostics.scaled_r2)
    every = np.abs(np.concatenate([fit.gaps["6.1"], fit.gaps["D1"]]))
    assert fit.gap_quantile(0.5) == pytest.approx(np.median(every))
    assert fit.gap_quantile(1) == every.max()


def test_unusable_standard_errors_are_left_out_of_quantiles(pool, published):
    fit = fit_register(pool, published, (), steps=0)
    gaps = np.concatenate(list(fit.gaps.values()))
    assert np.isnan(gaps).any()
    assert fit.gap_quantile(1) == np.nanmax(np.abs(gaps))
