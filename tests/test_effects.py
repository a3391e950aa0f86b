"""Effects on probabilities: against the rule for one person, by hand, and where they must vanish."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.problems import InputError
from sim.transitions import effects as module
from sim.transitions.covariance import Covariance
from sim.transitions.covariates import read_covariates
from sim.transitions.effects import average_effect, design, effect, effects
from sim.transitions.logit import MOVES, TERMS, published_model
from tests.logit_people import WOMAN, crowd, persons
from tests.published import coefficients, probability_of_one, terms_of_one
from tests.test_covariance import SOURCE, made_covariance

MAN = {**WOMAN, "sex": "male"}
STEP = 1e-5


def numerical_gradient(name, person):
    """Return (3, 2k) derivatives of the probabilities of one person, by small steps."""
    table = coefficients(name)
    columns = []
    for outcome in MOVES:
        for term in made_covariance(name).terms:
            key = (term, outcome)
            step = STEP / max(1.0, abs(terms_of_one(**person).get(term, 0)))
            up, down = (
                probability_of_one({**table, key: table[key] + sign * step}, **person)
                for sign in (1, -1)
            )
            columns.append((np.array(up) - np.array(down)) / (2 * step))
    return np.stack(columns, axis=1)


def expected(name, person, reference):
    """Return estimates and standard errors of one effect, by the definition."""
    table, matrix = coefficients(name), made_covariance(name).matrix
    difference = np.subtract(
        probability_of_one(table, **person), probability_of_one(table, **reference)
    )
    g = numerical_gradient(name, person) - numerical_gradient(name, reference)
    return difference, np.sqrt([row @ matrix @ row for row in g])


def hand_made(moving, leaving):
    """Return a model of women alone: log odds of a woman, nothing for a man."""
    estimates = np.zeros((27, 2))
    estimates[TERMS.index("female")] = moving, leaving
    return replace(published_model("6.1"), estimates=estimates)


# One effect


@settings(max_examples=15)
@given(person=persons(), reference=persons())
def test_an_effect_is_the_rule_for_one_person(person, reference):
    found = effect(published_model("6.1"), person, reference, made_covariance("6.1"))
    estimates, std_errors = expected("6.1", person, reference)
    np.testing.assert_allclose(found.estimates, estimates, atol=1e-12)
    np.testing.assert_allclose(found.std_errors, std_errors, rtol=2e-4, atol=1e-9)


@settings(max_examples=6)
@given(data=st.data(), name=st.sampled_from(["D2", "E7"]))
def test_effects_in_models_with_fewer_terms(data, name):
    whom = {"D2": {"centrality": 2}, "E7": {"centrality": 3, "sex": "male"}}[name]
    person, reference = data.draw(persons(**whom)), data.draw(persons(**whom))
    found = effect(published_model(name), person, reference, made_covariance(name))
    estimates, std_errors = expected(name, person, reference)
    np.testing.assert_allclose(found.estimates, estimates, atol=1e-12)
    np.testing.assert_allclose(found.std_errors, std_errors, rtol=2e-4, atol=1e-9)


def test_two_coefficients_by_hand():
    """A woman moves or leaves with odds 2 and 1 to 1, a man with odds 1 and 1 to 1.

    Her probabilities are 1/4, 1/2, 1/4. With variances 0.04 and 0.09 and covariance 0.01:
    staying (-1/8, -1/16), moving (1/4, -1/8), leaving (-1/8, 3/16) are the derivatives.
    """
    model = hand_made(np.log(2), 0)
    covariance = Covariance("6.1", ("female",), np.array([[0.04, 0.01], [0.01, 0.09]]), SOURCE)
    found = effect(model, WOMAN, MAN, covariance)

    np.testing.assert_allclose(found.estimates, [-1 / 12, 1 / 6, -1 / 12], rtol=1e-12)
    variances = [
        0.04 / 64 + 2 * 0.01 / 128 + 0.09 / 256,
        0.04 / 16 - 2 * 0.01 / 32 + 0.09 / 64,
        0.04 / 64 - 2 * 0.01 * 3 / 128 + 0.09 * 9 / 256,
    ]
    np.testing.assert_allclose(found.std_errors, np.sqrt(variances), rtol=1e-12)
    assert found.t_values[1] == pytest.approx(1 / 6 / 0.05728219, rel=1e-6)
    np.testing.assert_allclose(found.t_values, found.estimates / found.std_errors, rtol=1e-12)


def test_what_changes_nothing_has_no_effect_and_no_t_value():
    model, covariance = published_model("6.1"), made_covariance("6.1")
    for other in ({"duration": 5}, {}):
        found = effect(model, WOMAN, {**WOMAN, **other}, covariance)
        assert (found.estimates == 0).all()
        assert (found.std_errors == 0).all()
        assert np.isnan(found.t_values).all()
    old = {**WOMAN, "age": 74}
    assert (effect(model, {**WOMAN, "age": 90}, old, covariance).estimates == 0).all()
    grown = effect(model, {**WOMAN, "age": 90}, old, covariance, old_age="extrapolate")
    assert (grown.std_errors > 0).all()


def test_an_uncertain_zero_has_t_value_0():
    """A coefficient estimated as 0 has no effect, but it might have had one."""
    covariance = Covariance("6.1", ("female",), np.diag([0.04, 0.09]), SOURCE)
    found = effect(hand_made(0, 0), WOMAN, MAN, covariance)
    assert (found.estimates == 0).all() and (found.std_errors > 0).all()
    assert (found.t_values == 0).all()


def test_effects_sum_to_zero_and_turn_with_the_pair():
    there = effect(published_model("D4"), WOMAN, {**WOMAN, "age": 50}, made_covariance("D4"))
    back = effect(published_model("D4"), {**WOMAN, "age": 50}, WOMAN, made_covariance("D4"))
    assert there.estimates.sum() == pytest.approx(0, abs=1e-15)
    np.testing.assert_allclose(there.t_values, -back.t_values, rtol=1e-9)


# Many pairs


@pytest.fixture(scope="module")
def pairs():
    people = crowd(500, seed=2)
    return people, people.assign(status="employed", age=np.minimum(people["age"] + 7, 99))


def test_many_effects_are_each_its_own(pairs, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    people, changed = pairs[0].head(30), pairs[1].head(30)
    model, covariance = published_model("6.1"), made_covariance("6.1")
    found = effects(model, changed, pa.Table.from_pandas(people), covariance)
    assert found.estimates.shape == found.std_errors.shape == found.t_values.shape == (30, 3)
    for i, (one, other) in enumerate(
        zip(changed.to_dict("records"), people.to_dict("records"), strict=True)
    ):
        alone = effect(model, one, other, covariance)
        np.testing.assert_allclose(found.estimates[i], alone.estimates, atol=1e-15)
        np.testing.assert_allclose(found.std_errors[i], alone.std_errors, rtol=1e-10, atol=1e-16)


def test_the_size_of_chunks_changes_nothing(pairs, monkeypatch):
    model, covariance = published_model("6.1"), made_covariance("6.1")
    weights = np.arange(500)
    once = effects(model, *pairs, covariance)
    mean = average_effect(model, *pairs, covariance, weights)
    monkeypatch.setattr(module, "CHUNK", 37)
    again = effects(model, *pairs, covariance)
    mean_again = average_effect(model, *pairs, covariance, weights)
    np.testing.assert_allclose(once.std_errors, again.std_errors, rtol=1e-10)
    np.testing.assert_allclose(mean.std_errors, mean_again.std_errors, rtol=1e-10)


def test_no_pairs_have_no_effects():
    found = effects(published_model("6.1"), crowd(0), crowd(0), made_covariance("6.1"))
    assert found.estimates.shape == found.t_values.shape == (0, 3)


@settings(max_examples=15)
@given(person=persons())
def test_the_terms_are_those_of_one_person(person):
    given = terms_of_one(**person)
    people = read_covariates(pd.DataFrame([person]))
    assert dict(zip(TERMS, design(people)[0], strict=True)) == {t: given.get(t, 0) for t in TERMS}


def test_terms_and_coefficients_make_the_log_odds():
    people, model = read_covariates(crowd(300)), published_model("6.1")
    for old_age in ("as_74", "extrapolate"):
        made = design(people, old_age=old_age) @ model.estimates
        np.testing.assert_allclose(
            made, model.linear_predictor(people, old_age=old_age), atol=1e-12
        )


# Averages


def test_an_average_effect_is_the_mean_of_effects(pairs):
    people, changed = pairs[0].head(12), pairs[1].head(12)
    model, covariance = published_model("6.1"), made_covariance("6.1")
    weights = np.random.default_rng(4).uniform(0, 3, 12)
    share = weights / weights.sum()
    mean, g = 0, 0
    for w, one, other in zip(
        share, changed.to_dict("records"), people.to_dict("records"), strict=True
    ):
        mean += w * expected("6.1", one, other)[0]
        g += w * (numerical_gradient("6.1", one) - numerical_gradient("6.1", other))

    found = average_effect(model, people, changed, covariance, weights)
    np.testing.assert_allclose(found.estimates, mean, atol=1e-12)
    variances = [row @ covariance.matrix @ row for row in g]
    np.testing.assert_allclose(found.std_errors, np.sqrt(variances), rtol=2e-4)
    assert found.t_values.shape == (3,)


def test_the_average_of_one_pair_is_its_effect():
    model, covariance = published_model("6.1"), made_covariance("6.1")
    alone = effect(model, WOMAN, MAN, covariance)
    frames = (pd.DataFrame([MAN] * 4), pd.DataFrame([WOMAN] * 4))
    found = average_effect(model, *frames, covariance)
    np.testing.assert_allclose(found.estimates, alone.estimates, rtol=1e-12)
    np.testing.assert_allclose(found.t_values, alone.t_values, rtol=1e-9)


def test_weights_count_people(pairs):
    model, covariance = published_model("6.1"), made_covariance("6.1")
    times = np.arange(500) % 3
    repeated = [frame.loc[frame.index.repeat(times)] for frame in pairs]
    weighed = average_effect(model, *pairs, covariance, 10 * times)
    counted = average_effect(model, *repeated, covariance)
    np.testing.assert_allclose(weighed.estimates, counted.estimates, rtol=1e-10)
    np.testing.assert_allclose(weighed.std_errors, counted.std_errors, rtol=1e-10)


# What is refused


@pytest.mark.parametrize(
    "weights", [[1, 1], [1, 1, -1], [0, 0, 0], [1, np.nan, 1], [[1, 1, 1]], [1, np.inf, 1]]
)
def test_weights_that_cannot_weigh_are_refused(weights):
    people = pd.DataFrame([WOMAN] * 3)
    with pytest.raises(InputError, match=r"weights: h.*allowed: 3 finite numbers"):
        average_effect(published_model("6.1"), people, people, made_covariance("6.1"), weights)


def test_pairs_that_do_not_match_are_refused():
    model, covariance = published_model("6.1"), made_covariance("6.1")
    with pytest.raises(InputError, match="references: are 3, but people are 2"):
        effects(model, crowd(2), crowd(3), covariance)
    with pytest.raises(InputError, match="frame: has no rows"):
        average_effect(model, crowd(0), crowd(0), covariance)
    with pytest.raises(InputError, match=r"model: is asked about model D1; allowed: 6\.1"):
        effect(published_model("D1"), WOMAN, MAN, covariance)
    with pytest.raises(InputError, match=r"references has 1 problem(?s:.)*status"):
        effect(model, WOMAN, {**MAN, "status": "employd"}, covariance)
    with pytest.raises(InputError, match="age: is missing"):
        effect(model, {k: v for k, v in WOMAN.items() if k != "age"}, MAN, covariance)


def test_strangers_to_a_model_are_a_counterfactual():
    with pytest.warns(UserWarning, match="estimated on women and men at centrality 1"):
        effect(published_model("D1"), WOMAN, {**WOMAN, "centrality": 1}, made_covariance("D1"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        effect(published_model("D4"), WOMAN, MAN, made_covariance("D4"))
