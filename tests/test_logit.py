"""The logit: terms, models, sets, probabilities."""

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import codes
from sim.problems import InputError
from sim.transitions.logit import (
    MOVES,
    OUTCOMES,
    TERMS,
    published_model,
    published_set,
)
from tests.logit_people import MODELS, WOMAN, crowd, frame, persons
from tests.published import ROOT, coefficients, probability_of_one


def applying(model_type, person):
    """Return the name of the model of a type that applies to a person."""
    level = person["centrality"]
    return ("6.1", f"D{level}", f"E{level + 4 * (person['sex'] == 'male')}")[model_type - 1]


# The order of terms and the shape of models


def test_terms_are_the_rows_of_table_6_1_in_their_order():
    assert len(TERMS) == len(set(TERMS)) == 27
    assert set(TERMS) == {term for term, _ in coefficients("6.1")}
    assert TERMS[:5] == ("constant", "age", "age_over_10_squared", "female", "duration_0_2")
    assert TERMS[-3:] == ("centrality_1", "centrality_2", "centrality_3")
    assert OUTCOMES == ("stay", *MOVES) == ("stay", "domestic", "emigrate")


@pytest.mark.parametrize("name", MODELS)
def test_models_know_whom_they_describe(name):
    model = published_model(name)
    assert model.name == name
    assert model.model_type == {"6": 1, "D": 2, "E": 3}[name[0]]
    if name[0] == "E":
        number = int(name[1])
        assert (model.sex, model.centrality) == (
            "female" if number <= 4 else "male",
            (number - 1) % 4 + 1,
        )
    else:
        assert model.sex is None
        assert model.centrality == (None if name == "6.1" else int(name[1]))
    assert model.estimates.shape == model.std_errors.shape == (27, 2)
    assert model.source.startswith("Rapporter 2016/27, Table ")


@pytest.mark.parametrize("name", ["e5", "E5", "E.5", " Table E.5 ", "table e5", "TABLE E5"])
def test_models_answer_to_the_names_people_use(name):
    assert published_model(name).name == "E5"
    assert published_model("Table 6.1").name == published_model("6.1").name == "6.1"


def test_an_unknown_model_gets_the_list_and_a_suggestion():
    allowed = re.escape(", ".join(MODELS))
    message = rf"'E55' is not the name of a model; allowed: {allowed}\. Did you mean 'E5'\?"
    with pytest.raises(InputError, match=message):
        published_model("E55")


def test_models_and_sets_cannot_be_altered():
    with pytest.raises(FrozenInstanceError):
        published_model("6.1").name = "mine"
    for array in (
        published_model("6.1").estimates,
        published_model("6.1").std_errors,
        published_set(3).coefficients,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


# Probabilities


@settings(deadline=None)
@given(st.data())
@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_models_and_sets_agree_with_the_rule_for_one_person(model_type, data):
    person = data.draw(persons())
    name = applying(model_type, person)
    expected = probability_of_one(coefficients(name), **person)
    table = pa.Table.from_pylist([person])

    np.testing.assert_allclose(published_model(name).probabilities(table)[0], expected, rtol=1e-11)
    np.testing.assert_allclose(
        published_set(model_type).probabilities(table)[0], expected, rtol=1e-11
    )


@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_a_set_uses_each_model_where_it_applies(model_type):
    people = crowd()
    together = published_set(model_type).probabilities(people)
    names = [applying(model_type, person) for person in people.to_dict("records")]
    for name in set(names):
        rows = np.array(names) == name
        alone = published_model(name).probabilities(people[rows])
        np.testing.assert_array_equal(together[rows], alone)
    cells = published_set(model_type).models
    assert cells == tuple(
        tuple(applying(model_type, {"centrality": level, "sex": sex}) for sex in codes.SEX.names)
        for level in (1, 2, 3, 4)
    )


@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_cells_of_a_set_hold_no_terms_of_sex_or_centrality(model_type):
    cells = published_set(model_type).coefficients
    assert cells.shape == (4, 2, len(TERMS), 2)
    folded = [TERMS.index(t) for t in ("female", "centrality_1", "centrality_2", "centrality_3")]
    assert not cells[:, :, folded].any()
    others = np.delete(np.arange(len(TERMS)), folded)
    assert np.all(cells[:, :, others] != 0)


def test_the_constant_of_a_cell_holds_what_sex_and_centrality_add():
    table = coefficients("6.1")
    for i, move in enumerate(MOVES):
        cells = published_set(1).coefficients[:, :, 0, i]
        parts = [table[term, move] for term in ("constant", "female", "centrality_2")]
        assert cells[1, 0] == pytest.approx(sum(parts))
        assert cells[3, 1] == parts[0]


def test_probabilities_are_probabilities():
    people = crowd()
    for model_type in (1, 2, 3):
        shares = published_set(model_type).probabilities(people)
        assert shares.shape == (len(people), 3)
        assert (shares > 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-14)


def test_log_odds_are_those_of_the_probabilities():
    people = crowd()
    shares = published_set(3).probabilities(people)
    log_odds = published_set(3).linear_predictor(people)
    np.testing.assert_allclose(log_odds, np.log(shares[:, 1:] / shares[:, :1]), atol=1e-12)


def test_a_person_does_not_depend_on_the_rows_around():
    people = crowd()
    order = np.random.default_rng(2).permutation(len(people))[:700]
    whole = published_set(3).probabilities(people)
    np.testing.assert_array_equal(published_set(3).probabilities(people.iloc[order]), whole[order])


@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("name", ["6.1", "D2", "E7"])
def test_a_larger_coefficient_favours_its_own_outcome_only(name, outcome):
    model = published_model(name)
    higher = model.estimates.copy()
    higher[0, outcome] += 0.1
    sex = model.sex or "female"
    people = frame(1, sex=[sex], centrality=[model.centrality or 4])
    change = replace(model, estimates=higher).probabilities(people) - model.probabilities(people)
    assert [c > 0 for c in change[0]] == [i == outcome + 1 for i in range(3)]


@pytest.mark.parametrize("model_type", [1, 2, 3])
def test_emigration_falls_with_duration_and_with_family_size(model_type):
    durations = frame(5, duration=[0, 3, 6, 11, 16], centrality=[4] * 5)
    emigrate = published_set(model_type).probabilities(durations)[:, 2]
    assert (np.diff(emigrate) < 0).all()
    sizes = frame(6, family_total=[4, 5, 6, 7, 8, 9])
    assert (np.diff(published_set(model_type).probabilities(sizes)[:, 2]) < 0).all()


@pytest.mark.parametrize(("first", "last"), [(0, 2), (3, 5), (6, 10), (11, 15), (16, 60)])
def test_duration_counts_in_classes(first, last):
    model = published_model("6.1")
    inside = model.probabilities(frame(2, duration=[first, last]))
    np.testing.assert_array_equal(inside[0], inside[1])
    if first:
        before = model.probabilities(frame(1, duration=[first - 1]))
        assert not np.allclose(before, inside[0])


def test_people_over_74_keep_the_age_terms_of_74_unless_told_otherwise():
    model = published_model("6.1")
    kept = model.probabilities(frame(3, age=[74, 75, 100]))
    np.testing.assert_array_equal(kept[1:], kept[[0, 0]])
    going_on = model.probabilities(frame(3, age=[74, 75, 100]), old_age="extrapolate")
    np.testing.assert_array_equal(going_on[0], kept[0])
    assert len(np.unique(going_on[:, 2])) == 3
    with pytest.raises(InputError, match=r"old_age: is 'as74'; .*Did you mean 'as_74'"):
        model.probabilities(frame(), old_age="as74")


@pytest.mark.parametrize(("size", "expected"), [(5e3, (0, 0, 1)), (-5e3, (1, 0, 0))])
def test_extreme_coefficients_do_not_overflow(size, expected):
    model = published_model("6.1")
    extreme = model.estimates.copy()
    extreme[0] = min(size, 0), size
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        shares = replace(model, estimates=extreme).probabilities(frame())
    np.testing.assert_allclose(shares[0], expected, atol=1e-12)


# Strangers to a model


def test_rows_outside_a_model_are_computed_with_a_warning():
    people = frame(3, sex=["male", "female", "male"], centrality=[1, 1, 2])
    message = (
        r"model E5 was estimated on men at centrality 1; 2 rows \(first: 2, 3\) of 3 are others"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        shares = published_model("E5").probabilities(people)
    assert caught[0].filename == __file__
    person = {**WOMAN, "sex": "female", "centrality": 1}
    np.testing.assert_allclose(shares[1], probability_of_one(coefficients("E5"), **person))
    with pytest.warns(UserWarning, match=r"1 row \(first: 3\) of 3") as caught:
        published_model("D1").linear_predictor(people)
    assert caught[0].filename == __file__


def test_rows_inside_a_model_raise_no_warning(recwarn):
    published_model("E5").probabilities(frame(sex=["male"], centrality=[1]))
    published_model("6.1").probabilities(crowd(100))
    published_set(3).probabilities(crowd(100))
    assert not recwarn.list


@pytest.mark.parametrize("model_type", [0, 4, "3", None])
def test_an_unknown_type_of_model_is_refused(model_type):
    with pytest.raises(InputError, match=r"model_type: is .*; allowed: 1 \(pooled\), 2 \(by cent"):
        published_set(model_type)


def test_importing_the_logit_does_not_import_pandas():
    code = "import sys, sim.transitions.logit; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
