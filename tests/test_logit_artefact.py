"""An estimated logit written as an artefact, read back, and run."""

import json

import numpy as np
import pytest

from calibration.logit_artefact import write_artefact
from calibration.logit_estimate import estimate
from calibration.logit_sample import Sample
from sim.problems import InputError
from sim.transitions.artefact import read_artefact
from sim.transitions.covariance import read_covariances
from sim.transitions.covariates import Covariates
from sim.transitions.logit import logit_set, parameters_set, published_set
from sim.transitions.mobility import Mobility
from sim.transitions.process import Settings
from sim.transitions.terms import TERMS
from tests.conftest import load


def made_sample(n, seed=0):
    """Random people whose outcomes follow the published pooled model."""
    random = np.random.default_rng(seed)
    total = random.integers(1, 6, n)
    people = Covariates(
        age=random.integers(15, 75, n), sex=random.integers(0, 2, n),
        duration=random.integers(0, 5, n), education=random.integers(0, 6, n),
        status=random.integers(0, 5, n), reason=random.integers(0, 6, n), family_total=total,
        family_immigrants=1 + (random.random(n) * total).astype(np.int64),
        centrality=random.integers(0, 4, n),
    )  # fmt: skip
    chances = published_set(1).probabilities(people)
    outcome = (random.random(n)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    return Sample(people, outcome.astype(np.int64))


@pytest.fixture(scope="module")
def fitted():
    return estimate(made_sample(load(20_000, 4_000)), 1)


@pytest.fixture
def folder(fitted, tmp_path):
    return write_artefact(
        fitted, tmp_path / "mine", source="A made-up sample", estimation={"outcome_year": 2013},
        others={"tables.txt": "a table\n"},
    )  # fmt: skip


def test_what_is_written_is_read_back(fitted, folder):
    artefact, model = read_artefact(folder), fitted["6.1"]
    found = artefact.models["6.1"]
    order = [TERMS.index(term) for term in model.terms]
    np.testing.assert_allclose(found.estimates[order], model.estimates, rtol=1e-11)
    np.testing.assert_allclose(found.std_errors[order], model.std_errors, rtol=1e-11)
    assert found.diagnostics.n == model.n
    assert found.diagnostics.log_likelihood == pytest.approx(model.log_likelihood, rel=1e-11)
    assert artefact.source == "A made-up sample"
    assert artefact.estimation["outcome_year"] == 2013
    covariance = read_covariances(folder / "covariances.parquet")["6.1"]
    np.testing.assert_allclose(covariance.matrix, model.covariance, rtol=1e-9, atol=1e-15)
    assert (folder / "tables.txt").read_text() == "a table\n"


def test_a_run_uses_it(folder):
    settings = Settings(parameters=str(folder))
    chosen = parameters_set(settings)
    assert chosen.source == "A made-up sample"
    np.testing.assert_array_equal(chosen.coefficients, logit_set(folder, 1).coefficients)
    assert (chosen.coefficients != parameters_set(Settings()).coefficients).any()
    Mobility.ready(settings)


def test_a_type_that_was_not_estimated_is_refused(folder):
    with pytest.raises(InputError, match=r"holds models of type 1, none of type 3.*--model-type 1"):
        parameters_set(Settings(parameters=str(folder), model_type=3))


def test_parameters_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        parameters_set(Settings(parameters=str(tmp_path / "nowhere")))


def test_nothing_is_written_over(fitted, folder):
    before = (folder / "artefact.json").read_bytes()
    with pytest.raises(InputError, match="exists already; allowed: a new folder"):
        write_artefact(fitted, folder, source="x")
    assert (folder / "artefact.json").read_bytes() == before


def test_a_write_that_fails_leaves_nothing(fitted, tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("calibration.logit_artefact.write_covariances", broken)
    with pytest.raises(OSError, match="No space left"):
        write_artefact(fitted, tmp_path / "mine", source="x")
    assert list(tmp_path.iterdir()) == []


def test_the_head_is_that_of_every_artefact(folder):
    head = json.loads((folder / "artefact.json").read_text())
    assert head["name"] == "mine"
    assert head["outcomes"] == ["stay", "domestic", "emigrate"]
    assert tuple(head["terms"]) == TERMS
    assert head["estimation"]["covariance"] == "classical"
