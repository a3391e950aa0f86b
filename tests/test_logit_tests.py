"""Tests of the logit: by their formulas, and how often they reject what holds."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from calibration.logit_estimate import estimate
from calibration.logit_sample import Sample
from calibration.logit_tests import (
    ALL,
    BOTH,
    GROUPS,
    equality_tests,
    independence_tests,
    joint_tests,
    likelihood_ratio,
    pooling_tests,
)
from sim.jit import COMPILED
from sim.problems import InputError
from sim.transitions.covariates import read_covariates
from sim.transitions.terms import LEVEL_TERMS, MOVES, TERMS, terms_of
from tests.conftest import load
from tests.logit_people import crowd
from tests.odds import assert_share, assert_uniform
from tests.test_logit_estimate import drawn, made, taken, terms

DF = {"1-2": 138, "2-3": 176, "1-3": 314}  # 54, 192 and 368 parameters


@pytest.fixture(scope="module")
def sample():
    return made(load(8_000, 3_500))


@pytest.fixture(scope="module")
def types(sample):
    return {number: estimate(sample, number) for number in (1, 2, 3)}


def one(verdicts, what, move=BOTH):
    (found,) = [v for v in verdicts if (v.what, v.move) == (what, move)]
    return found


def part(model, names, moves=MOVES):
    """Return coefficients and variance of some terms, looked up one by one."""
    pairs = [(MOVES.index(move), model.terms.index(term)) for move in moves for term in names]
    k = len(model.terms)
    where = [j * k + i for j, i in pairs]
    return np.array([model.estimates[i, j] for j, i in pairs]), model.covariance[where][:, where]


# --- A factor's terms together ---


def test_wald_statistics_are_the_quadratic_form(types):
    model = types[1]["6.1"]
    found = joint_tests(model)
    assert [v.what for v in found[::3]] == list(GROUPS)
    for v in found:
        b, variance = part(model, GROUPS[v.what], MOVES if v.move == BOTH else (v.move,))
        assert v.statistic == pytest.approx(b @ np.linalg.solve(variance, b), rel=1e-8)
        assert v.df == b.size
        assert v.p_value == pytest.approx(stats.chi2.sf(v.statistic, b.size))
        assert (v.test, v.model, v.note) == ("joint", "6.1", "")
    sex = one(found, "sex", "domestic")
    assert sex.statistic == pytest.approx(model.t_values[TERMS.index("female"), 0] ** 2)


def test_only_factors_that_a_model_has_are_tested(types):
    assert {v.what for v in joint_tests(types[2]["D3"])} == set(GROUPS) - {"centrality"}
    assert {v.what for v in joint_tests(types[3]["E8"])} == set(GROUPS) - {"centrality", "sex"}


def test_effects_that_are_there_are_found(types):
    found = joint_tests(types[1]["6.1"])
    assert one(found, "centrality", "domestic").p_value < 1e-3
    assert one(found, "family").p_value > 1e-6  # of no effect; a false alarm in a million


def test_a_variance_of_too_few_directions_is_said_and_gives_no_silent_number(types):
    model = types[1]["6.1"]
    reach = np.random.default_rng(1).normal(size=(model.estimates.size, 5))
    found = one(joint_tests(replace(model, covariance=reach @ reach.T)), "reason")
    assert found.df == 5
    assert "not positive definite: 5 of 10 directions are left out" in found.note
    assert "the p value says little" in found.note
    assert "5 av 10 retninger" in found.note_nb
    assert np.isfinite(found.statistic)
    assert found.statistic >= 0


# --- Pooling ---


@pytest.mark.parametrize("label", DF)
def test_the_likelihood_ratio_is_twice_the_rise(types, label):
    narrow, wide = (types[int(number)] for number in label.split("-"))
    found = likelihood_ratio(narrow, wide)
    rise = sum(m.log_likelihood for m in wide.values()) - sum(
        m.log_likelihood for m in narrow.values()
    )
    assert found.statistic == pytest.approx(2 * rise)
    assert found.statistic > 0
    assert (found.df, found.model, found.note) == (DF[label], label, "")
    assert found.p_value == pytest.approx(stats.chi2.sf(2 * rise, DF[label]))


def test_ratios_add_up(types):
    first, second, both = (
        likelihood_ratio(types[a], types[b]) for a, b in ((1, 2), (2, 3), (1, 3))
    )
    assert first.statistic + second.statistic == pytest.approx(both.statistic)
    assert first.df + second.df == both.df


def test_types_exchanged_or_of_other_persons_are_refused(types, sample):
    with pytest.raises(InputError, match="exchanged"):
        likelihood_ratio(types[2], types[1])
    with pytest.raises(InputError, match="not estimated on the same persons"):
        likelihood_ratio(estimate(taken(sample, np.arange(3_000)), 1), types[2])
    with pytest.raises(InputError, match="narrow: is 2 for models of type 2"):
        equality_tests(types[2], 2)
    with pytest.raises(InputError, match="narrow"):
        equality_tests(types[1])


def least_distance(models, names, moves):
    """Return the sum of (b_g - b)' V_g^-1 (b_g - b), and its degrees of freedom."""
    parts = [part(model, names, moves) for model in models]
    precision = [np.linalg.inv(variance) for _, variance in parts]
    pull = sum(w @ b for (b, _), w in zip(parts, precision, strict=True))
    mean = np.linalg.solve(sum(precision), pull)
    distance = sum((b - mean) @ w @ (b - mean) for (b, _), w in zip(parts, precision, strict=True))
    return distance, (len(models) - 1) * mean.size


@pytest.mark.parametrize("label", DF)
def test_factors_are_compared_by_minimum_distance(types, label):
    narrow, wide = (int(number) for number in label.split("-"))
    models = list(types[wide].values())
    strata = [models] if narrow == 1 else [[m for m in models if m.centrality == i] for i in
                                           (1, 2, 3, 4)]  # fmt: skip
    found = equality_tests(types[wide], narrow)
    for v in found:
        if v.what != ALL:
            moves = MOVES if v.move == BOTH else (v.move,)
            parts = [least_distance(some, GROUPS[v.what], moves) for some in strata]
            assert v.statistic == pytest.approx(sum(d for d, _ in parts), rel=1e-6)
            assert v.df == sum(df for _, df in parts)
        assert (v.test, v.model, v.note) == ("equality", label, "")
    assert ("sex" in {v.what for v in found}) == (wide == 2)


@pytest.mark.parametrize("label", DF)
def test_all_terms_leave_the_narrower_type_its_constants(types, label):
    """Least squares on a design by hand: constants by level (and sex), all slopes in common."""
    narrow, wide = (int(number) for number in label.split("-"))
    models = list(types[wide].values())
    slopes = [term for term in terms_of(wide) if term != "constant"]
    design, b, variances = [], [], []
    for model in models:
        group = "" if narrow == 1 else f" at {model.centrality}"
        for move in MOVES:
            shared = {"constant": 1}
            if narrow == 1 and model.centrality < 4:
                shared[f"level {model.centrality}"] = 1
            if model.sex == "female":
                shared["women"] = 1
            rows = [shared, *({term: 1} for term in slopes)]
            design += [{f"{name} {move}{group}": x for name, x in row.items()} for row in rows]
        names = ["constant", *slopes]
        part_b, part_v = part(model, names)
        b.append(part_b)
        variances.append(np.linalg.inv(part_v))
    columns = sorted({name for row in design for name in row})
    x = np.array([[row.get(name, 0) for name in columns] for row in design], dtype=float)
    size = variances[0].shape[0]
    weighed = np.vstack([w @ x[i * size : (i + 1) * size] for i, w in enumerate(variances)])
    b = np.concatenate(b)
    theta = np.linalg.solve(x.T @ weighed, weighed.T @ b)
    rest = (b - x @ theta).reshape(len(models), size)
    distance = sum(r @ w @ r for r, w in zip(rest, variances, strict=True))
    found = one(equality_tests(types[wide], narrow), ALL)
    assert found.statistic == pytest.approx(distance, rel=1e-6)
    assert found.df == len(b) - len(columns) == DF[label]


def test_wald_and_likelihood_ratio_agree_in_a_large_sample(types):
    ratio = likelihood_ratio(types[1], types[2])
    wald = one(equality_tests(types[2]), ALL)
    assert wald.statistic == pytest.approx(ratio.statistic, rel=0.1)


@pytest.mark.skipif(not COMPILED, reason="many estimates")
def test_pooling_makes_all_tests_and_says_what_weights_and_clusters_do(sample):
    found = pooling_tests(sample)
    assert [v.model for v in found if v.test == "likelihood_ratio"] == list(DF)
    assert {v.note for v in found} == {""}
    weighed = pooling_tests(replace(sample, weight=np.ones(len(sample))))
    assert "weights as counts" in weighed[0].note
    assert weighed[0].statistic == pytest.approx(found[0].statistic)
    clustered = pooling_tests(sample, "clustered")
    for v in clustered:
        wanted = "believe the Wald" if v.test == "likelihood_ratio" else "may cross"
        assert wanted in v.note
        assert v.note_nb


# --- Independence from irrelevant alternatives ---


def test_the_binary_model_is_that_of_those_who_are_left(sample):
    """By hand: dense Newton without those who move, expected variances at the whole model."""
    model = estimate(sample, 1)["6.1"]
    z, k = terms(sample.people), len(TERMS)
    left = sample.outcome != 1
    beta = np.zeros(k)
    for _ in range(12):
        p = 1 / (1 + np.exp(-z[left] @ beta))
        slope = z[left].T @ ((sample.outcome[left] == 2) - p)
        beta += np.linalg.solve(z[left].T @ (z[left] * (p * (1 - p))[:, None]), slope)
    odds = np.exp(z @ model.estimates)
    share = odds[:, 1] / (1 + odds.sum(axis=1)) / (1 + odds[:, 1])
    own = np.linalg.inv(z.T @ (z * share[:, None]))
    gap = beta - model.estimates[:, 1]
    statistic = gap @ np.linalg.solve(own - model.covariance[k:, k:], gap)
    found = one(independence_tests(sample), "domestic", "emigrate")
    assert found.statistic == pytest.approx(statistic, rel=1e-4)
    assert (found.df, found.note, found.model) == (k, "", "6.1")


def test_a_difference_that_is_not_positive_is_said(sample):
    for v in independence_tests(sample, variance="observed"):
        assert 0 < v.df < len(TERMS)
        assert f"{len(TERMS) - v.df} of {len(TERMS)} directions are left out" in v.note
        assert "Ask for the expected variance" in v.note
        assert "Be heller om forventet" in v.note_nb
        assert v.statistic >= 0


def test_models_by_level_are_tested_one_by_one(sample):
    found = independence_tests(sample, 2)
    assert [(v.model, v.what) for v in found] == [
        (f"D{i}", move) for i in (1, 2, 3, 4) for move in MOVES
    ]
    assert {v.df for v in found} == {len(terms_of(2))}
    alone = taken(sample, np.flatnonzero(sample.people.centrality == 2))
    some = Sample(alone.people, alone.outcome, np.ones(len(alone)))
    assert found[4].statistic > 0
    with pytest.raises(InputError, match="Did you mean 'observed'"):
        independence_tests(some, variance="observe")
    (weighed, *_) = independence_tests(replace(sample, weight=np.ones(len(sample))))
    assert "weights count persons" in weighed.note


@pytest.mark.skipif(not COMPILED, reason="many persons")
def test_dependence_is_found():
    """Half of the people are stayers and nothing tells who: no logit of what is seen."""
    sample = made(40_000)
    rng = np.random.default_rng(1)
    kind = rng.random(len(sample)) < 0.5  # nobody sees it
    old = sample.people.age > 50
    odds = np.column_stack([np.zeros(old.size), np.where(kind, 3, -3) * (1 + old),
                            np.where(kind, 3 - 3 * old, -3)])  # fmt: skip
    share = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    luck = rng.random(len(sample))
    outcome = (luck[:, None] > share.cumsum(axis=1)[:, :2]).sum(axis=1)
    found = independence_tests(replace(sample, outcome=outcome))
    assert min(v.p_value for v in found) < 1e-6


# --- How often they reject what holds ---

ROUNDS = 60


@pytest.fixture(scope="module")
def p_values():
    """The p values of claims that hold, of 60 samples of 6,000 drawn from one logit."""
    people = read_covariates(crowd(6_000, 7))
    found = []
    for seed in range(ROUNDS):
        sample = Sample(people, drawn(people, 10_000 + seed))
        whole, levels = estimate(sample, 1), estimate(sample, 2)
        joint = joint_tests(whole["6.1"])
        found.append(
            {
                "joint": one(joint, "reason").p_value,
                "one move": one(joint, "education", "emigrate").p_value,
                "ratio": likelihood_ratio(whole, levels).p_value,
                "equality": one(equality_tests(levels), "status").p_value,
                "independence": one(independence_tests(sample), "domestic", "emigrate").p_value,
                "there": one(joint, "centrality").p_value,
            }
        )
    return {name: np.array([row[name] for row in found]) for name in found[0]}


@pytest.mark.skipif(not COMPILED, reason="many estimates")
@pytest.mark.parametrize("test", ["joint", "one move", "ratio", "equality", "independence"])
def test_what_holds_is_rejected_as_often_as_promised(p_values, test):
    """Two assertions a test, each a false alarm once in a million."""
    assert_uniform(p_values[test])
    assert_share((p_values[test] < 0.05).sum(), ROUNDS, 0.05)


@pytest.mark.skipif(not COMPILED, reason="many estimates")
def test_what_does_not_hold_is_rejected(p_values):
    assert p_values["there"].max() < 0.05


def test_groups_hold_every_term_but_the_constant_once():
    assert sorted(term for terms in GROUPS.values() for term in terms) == sorted(TERMS[1:])
    assert_allclose(len(LEVEL_TERMS), 3)
