"""Covariances of coefficients: their form, the model they belong to, their file."""

from dataclasses import FrozenInstanceError, replace
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.problems import InputError
from sim.transitions import covariance as module
from sim.transitions.covariance import (
    COLUMNS,
    Covariance,
    published_covariance,
    read_covariances,
    write_covariances,
)
from sim.transitions.logit import MOVES, TERMS, published_model
from sim.transitions.terms import terms_of
from tests.logit_people import MODELS, crowd
from tests.published import coefficients, probability_of_one, terms_of_one

SOURCE = "made for tests"


@cache
def made_covariance(name):
    """Return the covariance that a weighted crowd of 400 would give a published model."""
    model, table = published_model(name), coefficients(name)
    terms = terms_of(model.model_type)
    people = crowd(400, seed=5)
    people["sex"] = model.sex or people["sex"]
    people["centrality"] = model.centrality or people["centrality"]
    information = 0
    weights = np.random.default_rng(6).uniform(50, 900, len(people))
    for weight, person in zip(weights, people.to_dict("records"), strict=True):
        given = terms_of_one(**person)
        z = np.array([given.get(term, 0) for term in terms], dtype=float)
        p = np.array(probability_of_one(table, **person)[1:])
        information += weight * np.kron(np.diag(p) - np.outer(p, p), np.outer(z, z))
    inverse = np.linalg.inv(information)
    return Covariance(name, terms, (inverse + inverse.T) / 2, SOURCE)


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    """The file of models D1 and E5 as a frame of rows."""
    path = tmp_path_factory.mktemp("covariances") / "c.parquet"
    write_covariances(path, [made_covariance("D1"), made_covariance("E5")])
    return pq.read_table(path).to_pandas()


@pytest.fixture
def said(tmp_path):
    """What is said of a file with these rows and this metadata."""

    def say(rows, meta=(("format", "vandring covariance 1"), ("source", SOURCE))):
        table = rows
        if isinstance(rows, pd.DataFrame):
            table = pa.Table.from_pandas(rows, preserve_index=False)
        path = tmp_path / "bad.parquet"
        pq.write_table(table.replace_schema_metadata(dict(meta)), path)
        with pytest.raises(InputError) as caught:
            read_covariances(path)
        assert str(caught.value).startswith(f"{path} has ")
        return str(caught.value)

    return say


# One covariance


@pytest.mark.parametrize("name", ["6.1", "D2", "E8"])
def test_standard_errors_stand_where_the_coefficients_do(name):
    covariance = made_covariance(name)
    k = len(covariance.terms)
    for i, term in enumerate(covariance.terms):
        for m in range(2):
            variance = covariance.matrix[m * k + i, m * k + i]
            assert covariance.std_errors[TERMS.index(term), m] == pytest.approx(variance**0.5)
    absent = [TERMS.index(term) for term in TERMS if term not in covariance.terms]
    assert np.isnan(covariance.std_errors[absent]).all()
    assert covariance.std_errors.shape == (27, 2)


def test_the_root_multiplies_to_the_matrix():
    covariance = made_covariance("D3")
    assert (np.triu(covariance.root, 1) == 0).all()
    scale = np.sqrt(np.diag(covariance.matrix))
    gap = (covariance.root @ covariance.root.T - covariance.matrix) / np.outer(scale, scale)
    assert np.abs(gap).max() < 1e-12


def test_rescaling_keeps_correlations_and_takes_usable_standard_errors():
    own, printed = made_covariance("E2"), published_model("E2").std_errors.copy()
    printed[TERMS.index("reason_work"), 0] = 0
    usable = np.isfinite(printed) & (printed > 0)
    ours = np.isfinite(own.std_errors)
    assert (ours & ~usable).sum() == 3  # two that rounding spoils, and the one above

    found = own.rescaled(printed)
    np.testing.assert_allclose(found.std_errors[usable], printed[usable], rtol=1e-12)
    kept = ours & ~usable
    np.testing.assert_allclose(found.std_errors[kept], own.std_errors[kept], rtol=1e-12)
    one, other = (
        c.matrix / np.sqrt(np.outer(np.diag(c.matrix), np.diag(c.matrix))) for c in (own, found)
    )
    np.testing.assert_allclose(one, other, atol=1e-12)
    np.testing.assert_allclose(found.rescaled(own.std_errors).matrix, own.matrix, rtol=1e-12)
    assert (found.model, found.terms, found.source) == (own.model, own.terms, own.source)


def test_covariances_cannot_be_altered():
    covariance = made_covariance("D1")
    with pytest.raises(FrozenInstanceError):
        covariance.model = "D2"
    with pytest.raises(ValueError, match="read-only"):
        covariance.matrix[0, 0] = 1


def test_what_is_no_covariance_is_our_own_mistake():
    with pytest.raises(AssertionError, match="D1: shape"):
        Covariance("D1", ("age",), np.eye(3), SOURCE)
    with pytest.raises(AssertionError, match="D1: not symmetric"):
        Covariance("D1", ("age",), np.array([[1.0, 0.5], [0.4, 1.0]]), SOURCE)


def test_a_covariance_belongs_to_one_model():
    made_covariance("D1").check(published_model("D1"))
    with pytest.raises(InputError, match=r"model: is asked about model D2; allowed: D1"):
        made_covariance("D1").check(published_model("D2"))
    with pytest.raises(InputError, match=r"terms: lack constant, age_over_10_squared, female"):
        Covariance("D1", ("age",), np.eye(2), SOURCE).check(published_model("D1"))


# Its file


def test_a_file_gives_back_the_same_bits(tmp_path):
    given = [made_covariance(name) for name in MODELS]
    write_covariances(tmp_path / "c.parquet", given)
    found = read_covariances(tmp_path / "c.parquet")

    assert tuple(found) == MODELS
    for covariance in given:
        again = found[covariance.model]
        assert (again.terms, again.source) == (covariance.terms, SOURCE)
        lower = np.tril_indices(len(covariance.matrix))
        assert (again.matrix[lower] == covariance.matrix[lower]).all()
        assert (again.matrix == again.matrix.T).all()


def test_a_file_is_tidy(frame):
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 48 * 49 // 2 + 46 * 47 // 2
    k, d1 = len(terms_of(2)), made_covariance("D1")
    row = frame.iloc[-1]
    assert tuple(row)[:5] == (
        "E5",
        "emigrate",
        "family_immigrants",
        "emigrate",
        "family_immigrants",
    )
    mine = frame.query("model == 'D1'").set_index(list(COLUMNS[1:5]))["covariance"]
    assert mine["emigrate", "constant", "domestic", "age"] == d1.matrix[k, 1]
    assert mine["emigrate", "female", "emigrate", "age"] == d1.matrix[k + 3, k + 1]


def test_order_side_and_kind_of_text_do_not_matter(frame, tmp_path):
    turned = frame.sample(frac=1, random_state=3)
    one, other = ["outcome", "term"], ["other_outcome", "other_term"]
    turned = turned.rename(columns=dict(zip(one + other, other + one, strict=True)))
    turned["term"] = turned["term"].astype("category")
    table = pa.Table.from_pandas(turned[list(COLUMNS)], preserve_index=False)
    meta = {"format": module.FORMAT, "source": SOURCE}
    pq.write_table(table.replace_schema_metadata(meta), tmp_path / "t.parquet")

    found = read_covariances(tmp_path / "t.parquet")
    for name, covariance in found.items():
        lower = np.tril_indices(len(covariance.matrix))
        assert (covariance.matrix[lower] == made_covariance(name).matrix[lower]).all()
    assert set(found) == {"D1", "E5"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        (tmp_path / f".c.parquet.{module.os.getpid()}.part").write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(module.pq, "write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        write_covariances(tmp_path / "c.parquet", [made_covariance("D1")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("covariances", "says"),
    [
        (lambda d1: [], "covariances: are none"),
        (lambda d1: [d1, d1], "model D1: repeats 1,176 pairs"),
        (lambda d1: [replace(d1, model="D9")], "hold 'D9'"),
        (lambda d1: [replace(d1, matrix=-d1.matrix)], "is not positive definite"),
        (lambda d1: [d1, replace(d1, model="D2", source="else")], "'made for tests', 'else'"),
        (lambda d1: [Covariance("D1", ("age",), np.eye(2), SOURCE)], "model D1: lacks 1,173 pairs"),
    ],
)
def test_what_could_not_be_read_is_not_written(covariances, says, tmp_path):
    with pytest.raises(InputError) as caught:
        write_covariances(tmp_path / "c.parquet", covariances(made_covariance("D1")))
    assert says in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# Files that are wrong


def test_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "c.parquet"
    with pytest.raises(InputError, match="file: does not exist"):
        read_covariances(path)
    with pytest.raises(InputError, match="file: is a folder"):
        read_covariances(tmp_path)
    for text in (b"", b"not parquet"):
        path.write_bytes(text)
        with pytest.raises(InputError, match="file: cannot be read as Parquet"):
            read_covariances(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.9999])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = tmp_path / "c.parquet"
    write_covariances(path, [made_covariance("D1")])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match="file: cannot be read as Parquet"):
        read_covariances(path)


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({}, "format: is not in the file's metadata; allowed: vandring covariance 1"),
        ({"format": "vandring covariance 1"}, "source: is not in the file's metadata"),
        (
            {"format": "vandring population 1", "source": "x"},
            "format: is 'vandring population 1'; ",
        ),
        ({"format": "vandring covariance 2", "source": "x"}, "made by another Vandring?"),
        ({"format": b"\xff\xfe", "source": "x"}, "format: is '��'"),
    ],
)
def test_wrong_metadata_is_named(frame, said, meta, says):
    assert says in said(frame, meta.items())


def test_wrong_columns_are_named(frame, said):
    message = said(frame.rename(columns={"other_term": "othr_term"}).assign(more=1))
    assert "'othr_term': is an unknown column" in message
    assert "Did you mean 'other_term'?" in message
    assert "'more': is an unknown column" in message
    assert "other_term: is missing" in message
    assert "term: appears more than once" in said(
        pa.Table.from_pandas(frame).append_column("term", pa.array(frame["term"]))
    )


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("model", "D11", "model: 1 row (first: 8) hold 'D11'; allowed: 6.1, D1, D2, "),
        ("term", "status_employd", "Did you mean 'status_employed'?"),
        ("outcome", "stay", "outcome: 1 row (first: 8) hold 'stay'; allowed: domestic, emigrate"),
        ("other_outcome", None, "other_outcome: 1 row (first: 8) are empty"),
        ("other_term", "", "other_term: 1 row (first: 8) hold ''"),
        ("covariance", np.nan, "covariance: 1 row (first: 8) hold no finite number"),
        ("covariance", np.inf, "covariance: 1 row (first: 8) hold no finite number"),
        ("term", "centrality_1", "model D1: has centrality_1; allowed: terms of its own: constant"),
    ],
)
def test_wrong_cells_are_named(frame, said, column, value, says):
    rows = frame.copy()
    rows.loc[7, column] = value
    assert says in said(rows)


def test_wrong_kinds_are_named(frame, said):
    message = said(frame.assign(term=1, covariance="x"))
    assert "term: holds int64, not codes" in message
    assert "covariance: holds string" in message or "covariance: holds large_string" in message
    assert message.count("\n") == 2


def test_many_unknown_codes_are_counted(frame, said):
    message = said(frame.assign(term=[f"x{i}" for i in range(len(frame))]))
    assert "term: 2252 more unknown codes" in message
    assert message.count("\n") == 6


def test_a_file_without_rows_is_refused(frame, said):
    empty = pa.Table.from_pandas(frame, preserve_index=False).slice(0, 0)
    assert "file: has no rows" in said(empty)


def test_missing_and_repeated_pairs_are_named(frame, said):
    message = said(pd.concat([frame.drop(index=[1, 4]), frame.iloc[[-1]]]))
    assert "model D1: lacks 2 pairs, such as age (domestic) with constant (domestic)" in message
    assert (
        "model E5: repeats 1 pair, such as family_immigrants (emigrate) with "
        "family_immigrants (emigrate)"
    ) in message


def test_a_pair_and_its_mirror_image_are_one_pair_twice(frame, said):
    mirrored = frame.iloc[[1]].assign(
        outcome="domestic", term="constant", other_outcome="domestic", other_term="age"
    )
    assert "model D1: repeats 1 pair" in said(pd.concat([frame, mirrored]))


def test_what_is_not_positive_definite_is_named(frame, said):
    rows = frame.copy()
    rows.loc[0, "covariance"] = -0.5
    message = said(rows)
    assert "model D1: is not positive definite" in message
    assert "The variance of constant (domestic) is -0.5." in message
    rows = frame.copy()
    rows.loc[1, "covariance"] *= 3  # age with constant: a correlation beyond -1
    assert "The variance" not in said(rows)
    assert "model D1: is not positive definite (least eigenvalue" in said(rows)


def test_the_published_file_is_read_once_and_by_any_name(tmp_path, monkeypatch):
    path = tmp_path / "c.parquet"
    write_covariances(path, [made_covariance(name) for name in ("D1", "E5")])
    monkeypatch.setattr(module, "PUBLISHED_FILE", path)
    module._published.cache_clear()
    try:
        assert published_covariance("Table E.5") is published_covariance("e5")
        assert published_covariance("E5").model == "E5"
        with pytest.raises(InputError, match="'E55' is not the name of a model"):
            published_covariance("E55")
    finally:
        module._published.cache_clear()


def test_moves_stand_in_the_order_of_the_matrix():
    assert MOVES == ("domestic", "emigrate")
