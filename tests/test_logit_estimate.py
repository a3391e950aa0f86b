"""The estimator of the trinomial logit: against statsmodels, dense numpy, and bad input."""

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from calibration import reconstruct
from calibration.fit_table import covariates
from calibration.logit_estimate import (
    KINDS,
    estimate,
    fit_trinomial_logit,
    models_of,
)
from calibration.logit_newton import maximise, square, sums
from calibration.logit_sample import Sample, read_sample
from calibration.logit_strata import Strata, Stratum
from calibration.patterns import collapse
from sim.codes import SEX
from sim.jit import COMPILED
from sim.problems import InputError
from sim.transitions.covariates import Covariates, read_covariates
from sim.transitions.effects import design
from sim.transitions.logit import published_set
from sim.transitions.terms import OUTCOMES, TERMS, terms_of
from tests.conftest import load
from tests.logit_people import crowd

SLOPES = {0: (-1.2, -0.8), 1: (0.01, -0.005), 3: (0.2, -0.1), 5: (0.4, 0.3), 25: (0.5, 0.1)}


def drawn(people, seed):
    """Return outcomes that a logit with a few effects draws."""
    beta = np.zeros((len(TERMS), 2))
    for at, slopes in SLOPES.items():
        beta[at] = slopes
    odds = np.exp(np.column_stack([np.zeros(people.age.size), terms(people) @ beta]))
    share = odds / odds.sum(axis=1, keepdims=True)
    luck = np.random.default_rng(seed).random(people.age.size)
    return (luck[:, None] > share.cumsum(axis=1)[:, :2]).sum(axis=1)


def terms(people, names=TERMS):
    return design(people, old_age="extrapolate")[:, [TERMS.index(name) for name in names]]


def made(n=None, seed=1, **columns):
    """Return a sample of random persons in couples or so."""
    n = n or load(4_000, 1_200)
    people = read_covariates(crowd(n, seed))
    rng = np.random.default_rng(seed + 1_000)
    given = {"weight": None, "cluster": rng.integers(0, n // 2, n), **columns}
    return Sample(people, drawn(people, seed), **given)


def table(n=None, seed=1):
    """Return the same as a frame, as a user would hand it in."""
    frame = crowd(n or load(4_000, 1_200), seed)
    codes = np.array(OUTCOMES, dtype=object)
    return frame.assign(outcome=codes[drawn(read_covariates(frame), seed)])


def the_one(sample, kind="classical", **more):
    return estimate(sample, 1, kind, **more)["6.1"]


def taken(sample, rows):
    people = Covariates(**{name: column[rows] for name, column in vars(sample.people).items()})
    some = (None if x is None else x[rows] for x in (sample.weight, sample.cluster))
    return Sample(people, sample.outcome[rows], *some)


def said(error):
    return {problem.where: problem.found for problem in error.value.problems}


# --- Against statsmodels ---


def beside_statsmodels(sample, found):
    z = terms(sample.people, found.terms)
    fit = sm.MNLogit(sample.outcome, z).fit(method="newton", disp=0, maxiter=50, tol=1e-12)
    assert_allclose(found.estimates, fit.params, atol=1e-8)
    assert_allclose(found.std_errors, fit.bse, atol=1e-8)
    assert_allclose(found.covariance, fit.cov_params(), atol=1e-8)
    assert found.log_likelihood == pytest.approx(fit.llf, rel=1e-10)
    assert found.empty == pytest.approx(fit.llnull, rel=1e-8)


@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_estimates_are_those_of_statsmodels(model_type):
    sample = made(load(9_000, 4_000))
    found = estimate(sample, model_type)
    assert list(found) == [name for name, *_ in models_of(model_type)]
    for model in list(found.values())[:: load(1, 3)]:
        assert model.terms == terms_of(model_type)
        whom = np.ones(len(sample), dtype=bool)
        if model.centrality is not None:
            whom &= sample.people.centrality == model.centrality - 1
        if model.sex is not None:
            whom &= sample.people.sex == SEX.index(model.sex)
        assert model.n == whom.sum()
        beside_statsmodels(sample.of(whom), model)


@pytest.mark.skipif(not COMPILED, reason="many persons")
def test_so_they_are_on_the_reconstructed_register():
    """Rare moves, as they are: 0.9 and 2.3 percent of 55,000."""
    population = reconstruct(scale=0.1)
    people = covariates(population, np.flatnonzero(population.immigrants))
    everybody = Sample(people, np.zeros(people.age.size, dtype=np.int64))
    adults = everybody.of(people.age >= 15)
    share = published_set(1).probabilities(adults.people)
    luck = np.random.default_rng(1).random(len(adults))
    sample = replace(adults, outcome=(luck[:, None] > share.cumsum(axis=1)[:, :2]).sum(axis=1))
    beside_statsmodels(sample, the_one(sample))


@pytest.mark.parametrize("outcomes", [2, 4])
def test_any_number_of_outcomes_is_estimated_as_by_statsmodels(outcomes):
    people = made(load(6_000, 3_000)).people
    outcome = np.random.default_rng(8).integers(0, outcomes, people.age.size)
    patterns = collapse(people, TERMS, outcome, None, outcomes)
    found = maximise(patterns, 2)
    fit = sm.MNLogit(outcome, terms(people, patterns.terms)).fit(method="newton", disp=0, tol=1e-12)
    assert found.converged
    assert_allclose(found.beta, fit.params, atol=1e-8)
    assert_allclose(np.linalg.inv(found.information), fit.cov_params(), atol=1e-8)


# --- Covariances by hand ---


def by_hand(sample, model):
    """Return each person's score and the information, moves one after another."""
    z = terms(sample.people, model.terms)
    odds = np.exp(z @ model.estimates)
    p = odds / (1 + odds.sum(axis=1, keepdims=True))
    w = np.ones(len(sample)) if sample.weight is None else sample.weight
    gap = (sample.outcome[:, None] == [1, 2]) - p
    scores = np.concatenate([z * (w * gap[:, j])[:, None] for j in (0, 1)], axis=1)
    blocks = [[z.T @ (z * (w * p[:, a] * ((a == b) - p[:, b]))[:, None]) for b in (0, 1)]
              for a in (0, 1)]  # fmt: skip
    return scores, np.block(blocks)


def whom(sample, model):
    here = np.ones(len(sample), dtype=bool)
    if model.centrality is not None:
        here &= sample.people.centrality == model.centrality - 1
    if model.sex is not None:
        here &= sample.people.sex == SEX.index(model.sex)
    return here


WEIGHTS = {"none": None, "some": np.random.default_rng(5).integers(1, 5, load(9_000, 4_000)) / 2}


@cache
def many(weight):
    """Return the persons of several tests, who are estimated once for all of them."""
    return made(load(9_000, 4_000), weight=WEIGHTS[weight])


@cache
def estimated(weight, model_type, kind):
    return estimate(many(weight), model_type, kind)


@pytest.mark.parametrize("name", load(["6.1", "D2", "D4", "E3", "E6"], ["D2"]))
@pytest.mark.parametrize("weight", load(list(WEIGHTS), ["some"]))
def test_covariances_are_those_of_dense_matrices(weight, name):
    everybody = many(weight)
    for kind in KINDS:
        model = estimated(weight, {"6": 1, "D": 2, "E": 3}[name[0]], kind)[name]
        sample = everybody.of(whom(everybody, model))
        scores, information = by_hand(sample, model)
        assert_allclose(scores.sum(axis=0), 0, atol=1e-4)  # of a maximum
        bread = np.linalg.inv(information)
        middle = information
        if kind == "robust":
            middle = scores.T @ scores
        if kind == "clustered":
            groups, of = np.unique(sample.cluster, return_inverse=True)
            summed = np.zeros((groups.size, scores.shape[1]))
            np.add.at(summed, of, scores)
            middle = summed.T @ summed * groups.size / (groups.size - 1)
        assert_allclose(model.covariance, bread @ middle @ bread, rtol=1e-7, atol=1e-12)
        assert_array_equal(model.std_errors.T.ravel(), np.sqrt(np.diag(model.covariance)))


def test_clusters_of_one_are_the_robust_sandwich_but_for_the_correction():
    sample = made(cluster=np.arange(load(4_000, 1_200)))
    n = len(sample)
    robust, clustered = (the_one(sample, kind).covariance for kind in ("robust", "clustered"))
    assert_allclose(clustered, robust * n / (n - 1), rtol=1e-9)


# --- What must not matter ---


def test_weights_are_repeated_rows():
    weight = np.random.default_rng(3).integers(0, 4, load(4_000, 1_200))
    sample = made(weight=weight.astype(float))
    weighed, repeated = (
        the_one(sample),
        the_one(replace(taken(sample, np.repeat(np.arange(len(sample)), weight)), weight=None)),
    )
    assert_allclose(weighed.estimates, repeated.estimates, rtol=1e-8)
    assert_allclose(weighed.covariance, repeated.covariance, rtol=1e-8)
    assert weighed.n == repeated.n
    assert weighed.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-12)
    assert weighed.bic == pytest.approx(repeated.bic)
    assert_allclose(weighed.events, repeated.events)


def test_the_scale_of_weights_moves_no_estimate():
    weight = np.random.default_rng(4).uniform(0.5, 2, load(4_000, 1_200))
    one, more = (the_one(made(weight=weight * scale), "robust") for scale in (1, 250))
    assert_allclose(one.estimates, more.estimates, atol=1e-9)
    assert_allclose(one.covariance, more.covariance, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_does_not_matter(kind):
    sample = made()
    order = np.random.default_rng(6).permutation(len(sample))
    one, other = the_one(sample, kind), the_one(taken(sample, order), kind)
    assert_allclose(one.estimates, other.estimates, rtol=1e-9, atol=1e-12)
    assert_allclose(one.covariance, other.covariance, rtol=1e-9, atol=1e-14)


def test_collapsing_persons_to_patterns_does_not_matter():
    """One row a pattern and outcome, weighted, is the same sample."""
    people = made().people
    few = replace(people, age=people.age // 20 * 20 + 15, family_total=people.family_total // 4 + 3,
                  family_immigrants=people.family_immigrants // 4 + 1)  # fmt: skip
    sample = Sample(few, drawn(few, 2))
    key = np.column_stack([*vars(few).values(), sample.outcome])
    rows, number = np.unique(key, axis=0, return_counts=True)
    assert len(rows) < len(sample)
    names = list(vars(few))
    small = Sample(Covariates(**dict(zip(names, rows.T, strict=False))), rows[:, -1], number / 1.0)
    assert_allclose(the_one(sample).estimates, the_one(small).estimates, atol=1e-9)
    assert_allclose(the_one(sample).covariance, the_one(small).covariance, rtol=1e-7)
    patterns = collapse(few, TERMS, sample.outcome, None, 3)
    assert_array_equal(patterns.dense()[patterns.of_person],
                       terms(few, patterns.terms))  # fmt: skip
    assert patterns.counts.sum() == len(sample)


@pytest.mark.parametrize("kind", load(KINDS, ["robust"]))
def test_several_types_at_once_are_the_same_as_one_by_one(kind):
    together = estimate(many("none"), (3, 1, 2), kind)
    assert list(together) == [
        "6.1",
        *(f"D{n}" for n in range(1, 5)),
        *(f"E{n}" for n in range(1, 9)),
    ]
    alone = {name: found for t in (1, 2, 3) for name, found in estimated("none", t, kind).items()}
    for name, model in together.items():
        other = alone[name]
        assert (model.n, model.terms) == (other.n, other.terms)
        assert_allclose(model.estimates, other.estimates, rtol=1e-7, atol=1e-10)
        assert_allclose(model.covariance, other.covariance, rtol=1e-6, atol=1e-14)


def test_sums_over_strata_are_those_of_the_whole():
    """At any coefficients; and sums taken where a stratum's own model starts are not taken again."""
    sample = made(load(4_000, 1_500))
    whole = collapse(sample.people, TERMS, sample.outcome, None, 3)
    level = whole.of_strata(2, 4, terms_of(2))
    parts = [Stratum(whole.of_strata(2 + s, 3 + s, terms_of(3))) for s in range(2)]
    assert len(level) == sum(len(part.patterns) for part in parts)
    joined = Strata(level.terms, parts, [("female",), ()])
    beta = np.random.default_rng(1).normal(size=(len(level.terms), 2)) / 50
    for found, expected in zip(joined.sums(beta, map), sums(level, beta, map), strict=True):
        assert_allclose(square(found) if np.ndim(found) == 3 else found,
                        square(expected) if np.ndim(expected) == 3 else expected,
                        rtol=1e-9, atol=1e-9)  # fmt: skip
    women = beta[[level.terms.index(term) for term in parts[0].patterns.terms]]
    women[0] += beta[level.terms.index("female")]
    again = parts[0].sums(women, map)
    assert again is parts[0].sums(women, map)
    assert parts[0].sums(women + 1e-6, map) is not again


def test_patterns_in_any_order_have_the_same_sums():
    """Runs of equal dummies are quick, not needed."""
    sample = made(load(3_000, 1_000))
    whole = collapse(sample.people, TERMS, sample.outcome, None, 3)
    order = np.random.default_rng(2).permutation(len(whole))
    mixed = replace(whole, numbers=whole.numbers[order], active=whole.active[order],
                    counts=whole.counts[order])  # fmt: skip
    beta = np.random.default_rng(3).normal(size=(len(TERMS), 2)) / 50
    for found, expected in zip(sums(mixed, beta, map), sums(whole, beta, map), strict=True):
        assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert_allclose(mixed.bearers(), whole.bearers())
    assert mixed.furthest(beta) >= abs(mixed.log_odds(beta)).max()


@pytest.mark.skipif(not COMPILED, reason="needs several blocks of patterns")
def test_the_bits_are_the_same_for_any_number_of_threads():
    sample = made(60_000)
    one, two, three = (the_one(sample, "robust", threads=threads) for threads in (1, 2, 3))
    for other in (two, three):
        assert_array_equal(one.estimates, other.estimates)
        assert_array_equal(one.covariance, other.covariance)
        assert one.log_likelihood == other.log_likelihood
    start = maximise(collapse(sample.people, TERMS, sample.outcome, None, 3), 2,
                     np.zeros((len(TERMS), 2)))  # fmt: skip
    assert start.converged
    assert start.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


def test_frames_tables_and_samples_say_the_same():
    frame = table()
    expected = the_one(made()).estimates
    for given_as in (frame, pa.Table.from_pandas(frame)):
        assert_array_equal(fit_trinomial_logit(given_as)["6.1"].estimates, expected)
    named = frame.rename(columns={"outcome": "y"}).assign(w=2.0, f=np.arange(len(frame)) // 2)
    found = fit_trinomial_logit(named, outcome="y", weight="w", cluster="f", covariance="clustered")
    assert_allclose(found["6.1"].estimates, expected, atol=1e-9)
    assert found["6.1"].kind == "clustered"
    assert found["6.1"].n == 2 * len(frame)


def test_the_dead_are_left_out():
    frame = table()
    dead = pd.concat([frame, frame.head(100).assign(outcome="death")])
    assert len(read_sample(dead)) == len(frame)
    assert_array_equal(
        fit_trinomial_logit(dead)["6.1"].estimates, fit_trinomial_logit(frame)["6.1"].estimates
    )


def test_the_diagnostics_are_those_of_the_publication():
    found = the_one(made())
    share = found.events / found.events.sum()
    assert found.empty == pytest.approx(found.events @ np.log(share))
    assert found.bic == pytest.approx(-found.log_likelihood + 54 / 2 * np.log(found.n))
    ratio = found.log_likelihood / found.empty
    assert found.scaled_r2 == pytest.approx(1 - ratio ** (-2 / found.n * found.empty))
    assert_allclose(found.t_values, found.estimates / found.std_errors)
    assert ((found.p_values < 0.05) == (np.abs(found.t_values) > 1.959964)).all()


# --- What cannot be estimated is said ---


def refused(sample, model_type=1, kind="classical"):
    with pytest.raises(InputError) as error:
        estimate(sample, model_type, kind)
    return said(error)


@pytest.mark.parametrize("outcome", [0, 1, 2])
def test_an_outcome_that_happens_to_nobody(outcome):
    sample = made()
    other = np.where(sample.outcome == outcome, (outcome + 1) % 3, sample.outcome)
    found = refused(replace(sample, outcome=other))
    assert found[f"6.1, outcome {OUTCOMES[outcome]}"] == "happens to nobody"


def test_weights_that_are_no_numbers_of_persons():
    """Divided by their sum they would make N 1 and every standard error as much too large."""
    n = load(4_000, 1_200)
    for weight in (np.full(n, 1 / n), np.full(n, 0.3 / n), np.full(n, 1e300)):
        found = refused(made(weight=weight))
        assert any("to estimate" in f or "1.0e+300" in f for f in found.values())


@pytest.mark.parametrize("model_type", [1, 3])
def test_too_few_clusters_are_refused(model_type):
    n = load(9_000, 4_000)
    found = refused(made(n, cluster=np.arange(n) % 10), model_type, "clustered")
    assert set(found.values()) == {"has 10 values"}


def test_clusters_and_weights_of_a_frame_that_cannot_be_read():
    frame = table()
    some = np.arange(len(frame)) % 500
    for column, where in (
        (np.where(some == 7, np.nan, some), "rows are empty"),
        ([None if s == 7 else f"f{s}" for s in some], "rows are empty"),
        ([s if s == 7 else f"f{s}" for s in some], "different kinds"),
    ):
        with pytest.raises(InputError) as error:
            read_sample(frame.assign(f=pd.Series(column, dtype=object)), cluster="f")
        assert where in str(error.value)
    with pytest.raises(InputError) as error:
        read_sample(frame.assign(w="heavy"), weight="w")
    assert "no numbers" in str(error.value)
    words = frame.assign(f=[f"f{s}" for s in some], g=some)
    assert_array_equal(
        read_sample(words, cluster="f").cluster, read_sample(words, cluster="g").cluster
    )


@pytest.mark.parametrize("types", [0, 4, True, "1", (1, 4), (), None, (1, "2"), 1.0])
def test_types_of_models_that_there_are_not(types):
    assert "model_type" in refused(made(), types)


def test_types_may_be_any_collection_of_numbers():
    sample = made(1_200)
    expected = list(estimate(sample, (1, 2)))
    for types in ([2, 1], {1, 2}, np.array([1, 2]), (1, 2, 1))[: load(4, 1)]:
        assert list(estimate(sample, types)) == expected
    assert "threads" in refused_threads(sample)


def refused_threads(sample):
    with pytest.raises(InputError) as error:
        estimate(sample, 1, threads=0)
    return said(error)


def test_nearly_dependent_terms_are_refused():
    sample = made()
    people = replace(sample.people, family_immigrants=np.minimum(sample.people.family_total, 3))
    people = replace(people, family_total=people.family_immigrants + (np.arange(len(sample)) < 40))
    light = np.where(people.family_total > people.family_immigrants, 1e-7, 1.0)
    found = refused(replace(sample, people=people, weight=light))
    assert "nearly dependent" in found["6.1"] or any("follows from" in f for f in found.values())


@pytest.mark.skipif(not COMPILED, reason="needs many patterns")
def test_a_first_guess_without_an_outcome_is_not_made():
    """Each tenth pattern has nobody who emigrates, yet the whole has a maximum."""
    sample = made(150_000)
    whole = collapse(sample.people, TERMS, sample.outcome, None, 3)
    counts = whole.counts.copy()
    counts[::10, 2] = 0
    emptied = replace(whole, counts=counts)
    assert len(emptied) > 40_000
    found = maximise(emptied, 2)
    assert found.converged
    assert found.log_likelihood == pytest.approx(
        maximise(emptied, 1, np.zeros((len(TERMS), 2))).log_likelihood, rel=1e-12
    )


def test_a_value_that_nobody_has_and_one_that_everybody_has():
    sample = made()
    nobody = np.where(sample.people.education == 3, 2, sample.people.education)
    found = refused(replace(sample, people=replace(sample.people, education=nobody)))
    assert set(found) == {"6.1, education_upper_secondary"}
    assert "nobody has it" in found["6.1, education_upper_secondary"]
    women = np.full(len(sample), SEX.index("female"))
    found = refused(replace(sample, people=replace(sample.people, sex=women)))
    assert "everybody" in found["6.1, female"]
    found = refused(replace(sample, people=replace(sample.people, age=np.full(len(sample), 30))))
    assert found["6.1, age"] == "is 30 for everybody"


def test_perfect_separation_is_named_by_term_and_outcome():
    sample = made()
    refugees = sample.people.reason == 1
    outcome = np.where(refugees & (sample.outcome == 2), 0, sample.outcome)
    found = refused(replace(sample, outcome=outcome))
    assert set(found) == {"6.1, reason_refuge"}
    assert f"none of the {refugees.sum():,} persons with" in found["6.1, reason_refuge"]
    assert "emigrate" in found["6.1, reason_refuge"]


def test_separation_by_age_is_found_though_no_dummy_tells_it():
    sample = made()
    outcome = np.where(sample.people.age > 60, 2, np.where(sample.outcome == 2, 0, sample.outcome))
    (found,) = refused(replace(sample, outcome=outcome)).values()
    assert "no finite maximum" in found


def test_fewer_events_than_parameters():
    sample = made()
    movers = np.flatnonzero(sample.outcome == 1)[20:]
    outcome = sample.outcome.copy()
    outcome[movers] = 0
    found = refused(replace(sample, outcome=outcome))
    assert found["6.1, outcome domestic"] == "happens 20 times, to estimate 27 terms"


def test_all_models_of_a_type_are_judged_at_once():
    found = refused(taken(made(), np.arange(300)), 3)
    assert {where.split(",")[0] for where in found} == {f"E{i}" for i in range(1, 9)}


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_weights_that_are_no_weights(value):
    sample = made()
    weight = np.ones(len(sample))
    weight[6] = value
    found = refused(replace(sample, weight=weight))
    assert "row 7" in found["weight"]
    assert "1 rows are negative or no number" in found["weight"]


def test_weights_of_0_for_everybody():
    sample = made()
    assert refused(replace(sample, weight=np.zeros(len(sample)))) == {
        "weight": "is 0 for everybody"
    }


def test_collinear_terms():
    sample = made()
    people = replace(sample.people, family_immigrants=sample.people.family_total)
    ((where, found),) = refused(replace(sample, people=people)).items()
    names = {where.removeprefix("6.1, "), found.removeprefix("follows from ")}
    assert names == {"family_total", "family_immigrants"}


def test_choices_that_do_not_exist():
    sample = replace(made(), cluster=None)
    assert set(refused(sample, 4, "clusterd")) == {"model_type", "covariance"}
    assert refused(sample, 1, "clustered") == {"cluster": "is missing"}
    with pytest.raises(InputError, match="Did you mean 'robust'"):
        estimate(sample, 1, "robus")
    assert "persons" in refused(taken(sample, np.arange(0)))


def test_columns_and_codes_that_do_not_exist():
    frame = table()
    with pytest.raises(InputError, match="Did you mean 'outcome'"):
        fit_trinomial_logit(frame, outcome="outcom")
    with pytest.raises(InputError) as error:
        fit_trinomial_logit(frame, weight="w", cluster="f")
    assert set(said(error)) == {"column 'w'", "column 'f'"}
    frame.loc[4, "outcome"] = "emigrated"
    with pytest.raises(InputError, match=r"row 5.*Did you mean 'emigrate'"):
        fit_trinomial_logit(frame)
    with pytest.raises(InputError, match="age"):
        fit_trinomial_logit(frame.drop(columns="age"))


@settings(max_examples=load(40, 6))
@given(
    st.integers(1, 400),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(KINDS),
    st.sampled_from(["none", "whole", "any"]),
)
@example(1, 1, 2, "classical", "none")  # a stratum in which no factor shows
@example(673, 162, 2, "classical", "whole")  # information that is singular
@example(651, 3_126, 2, "classical", "none")  # information that is all but nothing
def test_small_samples_give_a_fit_or_say_why_not(n, seed, model_type, kind, weights):
    rng = np.random.default_rng(seed)
    people = read_covariates(crowd(n, seed))
    weight = {"none": None, "whole": rng.integers(0, 3, n) / 1.0, "any": rng.random(n)}[weights]
    share = rng.dirichlet([1, 1, 1])
    sample = Sample(people, rng.choice(3, n, p=share), weight, rng.integers(0, n, n))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = estimate(sample, model_type, kind)
        except InputError:
            return
    for model in found.values():
        assert np.isfinite(model.estimates).all()
        assert (model.std_errors > 0).all()
        scores, _ = by_hand(sample, model) if model_type == 1 else (np.zeros((1, 1)), 0)
        assert np.abs(scores.sum(axis=0)).max() < 0.1
        assert model.empty <= model.log_likelihood <= 0
