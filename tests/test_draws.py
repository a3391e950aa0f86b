"""Draws of coefficients: their mean and covariance, their layout, and whose luck they are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sim.chance import Chance, between_0_and_1, process_number
from sim.engine import THE_YEAR
from sim.problems import InputError
from sim.transitions.covariance import Covariance
from sim.transitions.draws import draw_estimates, process
from sim.transitions.logit import TERMS, published_model
from tests.conftest import load
from tests.logit_people import MODELS
from tests.odds import assert_mean, assert_uncorrelated
from tests.test_covariance import SOURCE, made_covariance

N = load(20_000, 2_000)


def draws(name="D1", n=50, seed=1, **options):
    return draw_estimates(published_model(name), made_covariance(name), n, seed, **options)


def whitened(name, n, seed, *, rescale):
    """Return the draws as what should be independent standard normals (n, 2k)."""
    model, covariance = published_model(name), made_covariance(name)
    if rescale:
        covariance = covariance.rescaled(model.std_errors)
    moved = draws(name, n, seed, rescale=rescale) - model.estimates
    own = np.array([TERMS.index(term) for term in covariance.terms])
    flat = moved[:, own].transpose(0, 2, 1).reshape(n, -1)
    return np.linalg.solve(np.linalg.cholesky(covariance.matrix), flat.T).T


@pytest.mark.parametrize("name", ["6.1", "D2", "E8"])
def test_draws_lie_as_estimates_do_and_absent_terms_stay_zero(name):
    found = draws(name)
    assert found.shape == (50, 27, 2)
    covariance = made_covariance(name)
    absent = [TERMS.index(term) for term in TERMS if term not in covariance.terms]
    assert (found[:, absent] == 0).all()
    present = [TERMS.index(term) for term in covariance.terms]
    assert (np.diff(found[:, present], axis=0) != 0).all()


@pytest.mark.parametrize("rescale", [True, False])
@pytest.mark.parametrize("name", ["6.1", "E5"])
def test_draws_have_the_mean_and_covariance_asked(name, rescale):
    """False alarms: 1e-6 for all means, 1e-6 for all variances, 1e-6 for all correlations."""
    normal = whitened(name, N, 3, rescale=rescale)
    k = normal.shape[1]
    for column in normal.T:
        assert_mean(column, 0, false_alarm=1e-6 / k)
    low, high = stats.chi2.ppf([0.5e-6 / k, 1 - 0.5e-6 / k], N - 1) / (N - 1)
    variances = normal.var(axis=0, ddof=1)
    assert low < variances.min() and variances.max() < high
    assert_uncorrelated(*normal.T)


def test_draws_are_normal():
    """False alarm: 1e-6 (Kolmogorov-Smirnov over all, which are independent)."""
    normal = whitened("D4", N // 10, 4, rescale=True).ravel()
    assert stats.kstest(normal, "norm").pvalue > 1e-6


def test_rescaled_draws_spread_as_printed():
    """False alarm: 1e-6 over all coefficients (chi-square of a variance)."""
    model = published_model("D1")
    spread = draws("D1", N, 8).var(axis=0, ddof=1)
    printed = np.where(np.isfinite(model.std_errors), model.std_errors, np.nan) ** 2
    ratio = (spread / printed)[np.isfinite(printed)]
    low, high = stats.chi2.ppf([0.5e-6 / ratio.size, 1 - 0.5e-6 / ratio.size], N - 1) / (N - 1)
    assert low < ratio.min() and ratio.max() < high
    made = draws("D1", N, 8, rescale=False).var(axis=0, ddof=1)
    assert not low < (made / printed)[np.isfinite(printed)].max() < high


def test_a_draw_by_hand():
    """Two coefficients: estimates 1 and 2, variances 4 and 9, covariance 3."""
    estimates = np.zeros((27, 2))
    estimates[TERMS.index("female")] = 1, 2
    unknown = np.full((27, 2), np.nan)
    model = replace(published_model("6.1"), estimates=estimates, std_errors=unknown)
    covariance = Covariance("6.1", ("female",), np.array([[4.0, 3.0], [3.0, 9.0]]), SOURCE)
    words = Chance(11).words("coefficients of 6.1", 0, np.arange(5), 2)
    first, second = stats.norm.ppf(between_0_and_1(words))

    found = draw_estimates(model, covariance, 5, 11)[:, TERMS.index("female")]
    np.testing.assert_allclose(found[:, 0], 1 + 2 * first, rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], 2 + 1.5 * first + 6.75**0.5 * second, rtol=1e-12)


@pytest.mark.parametrize("fewer", [0, 1, 2, 7, 64, 999])
def test_a_draw_is_the_same_however_many_are_drawn(fewer):
    assert (draws(n=1_000)[:fewer] == draws(n=fewer)).all()


def test_one_seed_gives_one_set_of_draws_and_another_seed_another():
    assert (draws(seed=1) == draws(seed=1)).all()
    covariance = made_covariance("D1")
    own = [TERMS.index(term) for term in covariance.terms]
    assert (draws(seed=1)[:, own] != draws(seed=2)[:, own]).all()


def test_models_have_luck_of_their_own():
    """False alarm: 1e-6 over the pairs."""
    first = [whitened(name, N, 1, rescale=True)[:, 0] for name in ("D1", "D2", "E1", "6.1")]
    assert_uncorrelated(*first)
    numbers = [process_number(process(name)) for name in MODELS]
    numbers += [process_number(kind.name) for kind in THE_YEAR]
    numbers += [process_number(f"destination_{word}") for word in ("level", "municipality")]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("n", [-1, 2.5, True, "3", None])
def test_a_number_of_draws_that_is_none_is_refused(n):
    with pytest.raises(InputError, match=r"n: is .*; allowed: a whole number of draws, 0 or more"):
        draws(n=n)


def test_seeds_and_covariances_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="seed: is -1"):
        draws(seed=-1)
    with pytest.raises(InputError, match="model: is asked about model D2; allowed: D1"):
        draw_estimates(published_model("D2"), made_covariance("D1"), 3, 1)
