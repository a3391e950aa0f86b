"""What weighted people would have printed: probabilities, covariances and likelihoods."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration.information import published_shadows, scaled_r2, shadows_on, sizes
from calibration.pool import GROUPS, draw_pool
from sim.codes import EDUCATION, REASON, SEX, STATUS
from sim.transitions.artefact import published_artefact
from sim.transitions.terms import TERMS
from tests.conftest import load
from tests.published import coefficients, terms_of_one

MODELS = ("6.1", "D1", "D2", "D3", "D4", *(f"E{i}" for i in range(1, 9)))


@pytest.fixture(scope="module")
def pool():
    return draw_pool(150, scale=0.03)


@pytest.fixture(scope="module")
def shadows(pool):
    return {shadow.model.name: shadow for shadow in published_shadows(pool)}


@pytest.fixture(scope="module")
def weights(pool):
    return np.random.default_rng(2).uniform(50, 900, pool.size)


def information_of_one(shadow, i):
    """(diag(p) - p p') x z z' of one person, by the definition."""
    p, z = shadow.p[i], shadow.z[i]
    return np.kron(np.diag(p) - np.outer(p, p), np.outer(z, z))


# --- Whom models cover ---


def test_there_is_a_shadow_of_every_published_model(shadows):
    assert sorted(shadows) == sorted(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_each_model_covers_its_own_people_of_15_or_more(pool, shadows, name):
    shadow = shadows[name]
    covered = pool["age"] >= 15
    if shadow.model.centrality is not None:
        covered &= pool.person_level == shadow.model.centrality - 1
    if shadow.model.sex is not None:
        covered &= pool["sex"] == SEX.index(shadow.model.sex)
    assert_array_equal(shadow.rows, np.flatnonzero(covered))
    assert 0 < shadow.rows.size < pool.size
    assert shadow.z.shape == (shadow.rows.size, len(shadow.terms))


def test_the_models_by_sex_cover_everybody_once(pool, shadows):
    rows = np.concatenate([shadows[f"E{i}"].rows for i in range(1, 9)])
    assert_array_equal(np.sort(rows), shadows["6.1"].rows)


def test_terms_are_those_with_an_estimate(shadows):
    assert shadows["6.1"].terms == TERMS
    for name in MODELS[1:]:
        printed = {term for (term, _), value in coefficients(name).items() if value != 0}
        assert set(shadows[name].terms) == printed


def test_people_are_taken_as_they_are_given(pool):
    nobody = np.zeros(pool.size, dtype=bool)
    nobody[np.flatnonzero(pool["age"] >= 15)[:3]] = True
    some = shadows_on(pool.covariates(), nobody)
    assert_array_equal(some[0].rows, np.flatnonzero(pool["age"] >= 15)[:3])


# --- Probabilities ---


def probability(table, *, age, **traits):
    """The rule for one, with age terms that go on beyond 74, as in the estimation sample."""
    terms = terms_of_one(age=age, **traits) | {"age": age, "age_over_10_squared": (age / 10) ** 2}
    odds = [
        math.exp(sum(table.get((term, move), 0) * x for term, x in terms.items()))
        for move in ("domestic", "emigrate")
    ]
    return np.array([1, *odds]) / (1 + sum(odds))


@pytest.mark.parametrize("name", ["6.1", "D3", "E2", "E7"])
def test_people_have_the_probabilities_of_the_rule_for_one(pool, shadows, name):
    shadow, table = shadows[name], coefficients(name)
    assert name != "6.1" or (pool["age"][shadow.rows] > 74).any()
    for i, row in enumerate(shadow.rows):
        if i % 11 and pool["age"][row] <= 74:
            continue
        p = probability(
            table,
            age=pool["age"][row],
            sex=SEX.names[pool["sex"][row]],
            duration=pool["duration"][row],
            education=EDUCATION.names[pool["education"][row]],
            status=STATUS.names[pool["status"][row]],
            reason=REASON.names[pool.covariates().reason[row]],
            family_total=pool["family_total"][row],
            family_immigrants=pool["family_immigrants"][row],
            centrality=pool.person_level[row] + 1,
        )
        assert_allclose(shadow.p[i], p[1:], rtol=1e-9)
        assert shadow.log_p[i] == pytest.approx(sum(x * np.log(x) for x in p))


# --- Standard errors ---


def test_printed_errors_stand_moving_first(shadows):
    for name, shadow in shadows.items():
        k = len(shadow.terms)
        assert shadow.printed.size == shadow.rounding.size == 2 * k
        own = [TERMS.index(term) for term in shadow.terms]
        published = published_artefact().models[name].std_errors[own]
        assert_array_equal(shadow.printed[:k], published[:, 0])
        assert_array_equal(shadow.printed[k:], published[:, 1])


def test_rounding_is_that_of_the_estimate_and_the_t_value(shadows):
    """Both are printed to three decimals: half a unit off, as a share of itself, and joined."""
    shadow = shadows["E4"]
    k = len(shadow.terms)
    for position, term in enumerate(shadow.terms):
        for side, outcome in enumerate(("domestic", "emigrate")):
            beta = abs(coefficients("E4")[term, outcome])
            t_value = beta / shadow.printed[side * k + position]
            expected = ((0.0005 / beta) ** 2 + (0.0005 / t_value) ** 2) ** 0.5
            assert shadow.rounding[side * k + position] == pytest.approx(expected, nan_ok=True)


def test_610_standard_errors_are_usable(shadows):
    usable = sum(
        np.count_nonzero(np.isfinite(s.printed) & np.isfinite(s.rounding)) for s in shadows.values()
    )
    assert usable == 610


@pytest.mark.parametrize("name", ["6.1", "D2", "E5"])
def test_the_covariance_is_the_inverse_of_the_summed_information(shadows, weights, name):
    shadow = shadows[name]
    total = sum(weights[row] * information_of_one(shadow, i) for i, row in enumerate(shadow.rows))
    covariance = shadow.covariance(weights)
    assert_allclose(covariance @ total, np.eye(len(total)), atol=1e-6)
    assert_array_equal(covariance, covariance.T)


@settings(max_examples=load(20, 8))
@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_so_many_times_the_people_have_so_much_smaller_variances(shadows, pool, times, seed):
    weights = np.random.default_rng(seed).uniform(1, 9, pool.size)
    shadow = shadows["D4"]
    once, more = (np.diag(shadow.covariance(k * weights)) for k in (1, times))
    assert_allclose(once / more, times, rtol=1e-6)


def test_people_outside_a_model_do_not_matter_to_it(shadows, weights):
    shadow = shadows["E8"]
    others = weights.copy()
    others[np.setdiff1d(np.arange(weights.size), shadow.rows)] = 1e6
    assert_array_equal(shadow.covariance(others), shadow.covariance(weights))
    assert shadow.log_likelihood(others) == shadow.log_likelihood(weights)
    assert shadow.empty_log_likelihood(others)[0] == shadow.empty_log_likelihood(weights)[0]


def test_gaps_are_log_ratios_to_the_printed_errors(shadows, weights):
    shadow = shadows["D1"]
    covariance = shadow.covariance(weights)
    expected = np.log(np.diag(covariance) ** 0.5) - np.log(shadow.printed)
    assert_allclose(shadow.gaps(covariance), expected)


@pytest.mark.parametrize("name", ["6.1", "D2", "E6"])
def test_slopes_are_the_derivatives_of_the_log_errors(shadows, weights, name):
    shadow = shadows[name]
    slopes = shadow.slopes(shadow.covariance(weights))
    assert slopes.shape == (shadow.rows.size, shadow.printed.size)
    for i in range(0, shadow.rows.size, max(shadow.rows.size // 6, 1)):
        step = np.zeros_like(weights)
        step[shadow.rows[i]] = 1e-3 * weights[shadow.rows[i]]
        ahead, behind = (np.diag(shadow.covariance(weights + s)) for s in (step, -step))
        numeric = (np.log(ahead) - np.log(behind)) / 2 / (2 * step.max())
        assert_allclose(slopes[i], numeric, rtol=1e-4, atol=1e-10)
    assert (slopes <= 0).all()  # another person never makes an estimate less certain


# --- Likelihoods ---


def test_the_log_likelihood_is_summed_over_people(shadows, weights):
    shadow = shadows["E3"]
    expected = sum(weights[row] * shadow.log_p[i] for i, row in enumerate(shadow.rows))
    assert shadow.log_likelihood(weights) == pytest.approx(expected)


def test_constants_alone_give_everybody_the_mean_probabilities(shadows, weights):
    shadow = shadows["D3"]
    w = weights[shadow.rows]
    mean = np.array([w @ (1 - shadow.p.sum(axis=1)), *(w @ shadow.p)]) / w.sum()
    expected = w.sum() * (mean @ np.log(mean))
    value = shadow.empty_log_likelihood(weights)[0]
    assert value == pytest.approx(expected)
    assert value < shadow.log_likelihood(weights)


def test_the_derivative_of_the_empty_log_likelihood(shadows, weights):
    shadow = shadows["E1"]
    slopes = shadow.empty_log_likelihood(weights)[1]
    for i in range(0, shadow.rows.size, 9):
        step = np.zeros_like(weights)
        step[shadow.rows[i]] = 1.0
        ahead, behind = (shadow.empty_log_likelihood(weights + s)[0] for s in (step, -step))
        assert slopes[i] == pytest.approx((ahead - behind) / 2, rel=1e-5, abs=1e-6)


def test_the_printed_r2_follows_from_likelihoods():
    """The pooled model: 0.099 needs a log likelihood of constants near -142,460."""
    assert scaled_r2(-116_665, -142_460, 545_966) == pytest.approx(0.099, abs=0.0005)
    assert scaled_r2(-100, -100, 500) == 0


@given(st.floats(-1e5, -1), st.floats(1.0, 3.0))
def test_r2_lies_between_0_and_1_and_grows_with_the_likelihood(likelihood, times):
    empty, n = likelihood * times, 1e6
    found = scaled_r2(likelihood, empty, n)
    assert 0 <= found < 1
    assert found <= scaled_r2(likelihood * 0.9, empty, n)


# --- Sizes ---


def test_sizes_are_those_of_the_estimation_sample():
    assert sizes().size == GROUPS
    assert sizes().sum() == 545_966 == published_artefact().models["6.1"].diagnostics.n
    assert sizes()[7] == 226_073  # men at level 4
    assert sizes()[0] == 15_255  # women at level 1
    for level in range(4):
        both = published_artefact().models[f"D{level + 1}"].diagnostics.n
        assert sizes()[2 * level : 2 * level + 2].sum() == both
