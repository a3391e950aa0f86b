"""The fit of a weighted pool to what the publication printed."""

from dataclasses import replace

import numpy as np
import pytest

from calibration import register
from calibration.information import published_shadows, scaled_r2, sizes
from calibration.pool import GROUPS, draw_pool
from calibration.register import Margin, fit_register
from sim.transitions.terms import TERMS
from tests.conftest import load
from tests.published import probability_of_one

PER_GROUP = load(150, 60)


@pytest.fixture(scope="module")
def pool():
    return draw_pool(PER_GROUP, scale=0.03)


@pytest.fixture(scope="module")
def shadows(pool):
    return published_shadows(pool)


@pytest.fixture
def weights(pool):
    return np.random.default_rng(2).uniform(50, 900, pool.size)


def test_the_pool_has_equal_groups_of_possible_people(pool):
    assert (np.bincount(pool.group) == PER_GROUP).all()
    c = pool.columns
    assert c["age"].min() >= 15 and c["age"].max() <= 74
    assert (c["family_immigrants"] >= 1).all()
    assert (c["family_immigrants"] <= c["family_total"]).all()
    assert all(len(np.unique(c[name])) >= 5 for name in ("education", "status", "reason"))


def test_the_same_seed_draws_the_same_pool(pool):
    again = draw_pool(PER_GROUP, scale=0.03)
    assert all((again.columns[name] == column).all() for name, column in pool.columns.items())


def test_sizes_are_those_of_the_estimation_sample():
    assert sizes().sum() == 545_966
    assert sizes()[7] == 226_073  # men at level 4
    assert sizes()[0] == 15_255  # women at level 1


def test_each_model_covers_its_own_people(pool, shadows):
    rows = {shadow.model.name: shadow.rows.size for shadow in shadows}
    assert rows["6.1"] == pool.size
    assert {rows[f"D{i}"] for i in range(1, 5)} == {2 * PER_GROUP}
    assert {rows[f"E{i}"] for i in range(1, 9)} == {PER_GROUP}
    assert (pool.group[shadows[-1].rows] == 7).all()


def information_of_one(shadow, i):
    """(diag(p) - p p') x z z' of one candidate, by the definition."""
    p, z = shadow.p[i], shadow.z[i]
    return np.kron(np.diag(p) - np.outer(p, p), np.outer(z, z))


def test_the_covariance_is_the_inverse_of_the_summed_information(shadows, weights):
    shadow = shadows[5]
    total = sum(weights[shadow.rows[i]] * information_of_one(shadow, i) for i in range(PER_GROUP))
    np.testing.assert_allclose(shadow.covariance(weights) @ total, np.eye(len(total)), atol=1e-6)


def test_twice_the_people_halve_the_variances(shadows, weights):
    once, twice = (shadows[0].covariance(k * weights) for k in (1, 2))
    np.testing.assert_allclose(np.diag(once) / np.diag(twice), 2, rtol=1e-6)


def test_candidates_have_the_probabilities_of_the_rule_for_one(pool, shadows):
    from sim.codes import EDUCATION, REASON, STATUS

    shadow, c = shadows[0], pool.columns
    table = {
        (term, outcome): shadow.model.estimates[i, k]
        for i, term in enumerate(TERMS)
        for k, outcome in enumerate(("domestic", "emigrate"))
    }
    for i in range(0, pool.size, 97):
        p = probability_of_one(
            table,
            age=c["age"][i],
            sex=("female", "male")[pool.group[i] % 2],
            duration=c["duration"][i],
            education=EDUCATION.names[c["education"][i]],
            status=STATUS.names[c["status"][i]],
            reason=REASON.names[c["reason"][i]],
            family_total=c["family_total"][i],
            family_immigrants=c["family_immigrants"][i],
            centrality=pool.group[i] // 2 + 1,
        )
        np.testing.assert_allclose(shadow.p[i], p[1:], rtol=1e-9)
        assert shadow.log_p[i] == pytest.approx(sum(x * np.log(x) for x in p))


def test_the_gradient_is_that_of_the_loss(pool, shadows):
    margin = Margin("reason", pool.columns["reason"], np.full(6, 90_000.0), 0.01)
    problem = register._Problem(pool, shadows, [margin])
    theta = np.random.default_rng(0).normal(0, 0.1, problem.features.shape[1])
    _, gradient = problem.loss(theta)
    for j in np.argsort(-np.abs(gradient))[:: load(150, 400)]:
        step = np.zeros_like(theta)
        step[j] = 1e-5
        numeric = (problem.loss(theta + step)[0] - problem.loss(theta - step)[0]) / 2e-5
        assert numeric == pytest.approx(gradient[j], rel=1e-4, abs=0.02)


def test_groups_keep_their_published_size_whatever_theta(pool, shadows):
    problem = register._Problem(pool, shadows, [])
    theta = np.random.default_rng(0).normal(0, 3, problem.features.shape[1])
    weights = problem.weights(theta)
    np.testing.assert_allclose(np.bincount(pool.group, weights), sizes())
    assert (weights >= 0).all()


def test_the_printed_r2_follows_from_likelihoods():
    """The pooled model: 0.099 needs a log likelihood of constants near -142,460."""
    assert scaled_r2(-116_665, -142_460, 545_966) == pytest.approx(0.099, abs=0.0005)
    assert scaled_r2(-100, -100, 500) == 0


def test_a_register_is_recovered_from_its_own_standard_errors(pool, shadows):
    """What a known population would have printed, without rounding, is fitted to 0.5 %."""
    truth = np.random.default_rng(4).gamma(4.0, size=pool.size)
    truth *= (sizes() / np.bincount(pool.group, truth))[pool.group]
    printed = []
    for shadow in shadows:
        empty, _ = shadow.empty_log_likelihood(truth)
        likelihood, n = shadow.log_likelihood(truth), float(sizes()[pool.group[shadow.rows[0]]])
        n = truth[shadow.rows].sum()
        diagnostics = replace(
            shadow.model.diagnostics,
            n=round(n),
            log_likelihood=likelihood,
            scaled_r2=scaled_r2(likelihood, empty, round(n)),
        )
        errors = np.sqrt(np.diag(shadow.covariance(truth)))
        model = replace(shadow.model, diagnostics=diagnostics)
        printed.append(replace(shadow, printed=errors, rounding=np.zeros(errors.size), model=model))
    fit = fit_register(pool, shadows=printed, steps=load(250, 30))
    start = fit_register(pool, shadows=printed, steps=1)
    assert fit.gap_quantile(0.5) < load(0.005, 0.02)
    assert fit.gap_quantile(0.5) < start.gap_quantile(0.5) / load(10, 2)
    assert max(abs(x) for x in fit.log_likelihood.values()) < load(0.002, 0.01)


def test_margins_are_met_when_believed(pool):
    share = np.array([0.3, 0.15, 0.25, 0.05, 0.15, 0.1])
    margin = Margin("reason", pool.columns["reason"], share * 545_966, 0.001)
    fit = fit_register(pool, [margin], steps=load(120, 20))
    found = np.bincount(pool.columns["reason"], fit.weights) / 545_966
    np.testing.assert_allclose(found, share, atol=load(0.003, 0.02))


def test_a_fit_that_ran_out_of_steps_says_so(pool):
    assert not fit_register(pool, steps=2).converged
    assert GROUPS == 8
