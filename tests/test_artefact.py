"""Parameter artefacts: what is read, and what a spoilt folder is told."""

import json
import shutil

import numpy as np
import pytest

from sim.problems import InputError
from sim.transitions.artefact import PUBLISHED, published_artefact, read_artefact
from sim.transitions.logit import logit_set, published_set
from tests.logit_people import MODELS


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the published artefact, to be spoilt."""
    return shutil.copytree(PUBLISHED, tmp_path / "mine")


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_published_artefact_says_where_it_comes_from():
    artefact = published_artefact()
    assert tuple(artefact.models) == MODELS
    assert "Statistics Norway, Rapporter 2016/27" in artefact.source
    assert artefact.estimation["ages"] == [15, 74]
    assert len(artefact.notes) >= 5
    with pytest.raises(TypeError):
        artefact.models["6.2"] = artefact.models["6.1"]


def test_another_folder_drives_a_set_too(folder):
    edit(
        folder,
        "coefficients.csv",
        "6.1,1,all,all,constant,domestic,-4.624",
        "6.1,1,all,all,constant,domestic,-3.624",
    )
    change = logit_set(folder, 1).coefficients - published_set(1).coefficients
    assert np.count_nonzero(change) == 8
    np.testing.assert_allclose(change[:, :, 0, 0], 1)
    np.testing.assert_array_equal(
        logit_set(read_artefact(folder), 2).coefficients, published_set(2).coefficients
    )


def test_a_file_saved_by_a_spreadsheet_is_read(folder):
    path = folder / "coefficients.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert tuple(read_artefact(folder).models) == MODELS


LINE = "6.1,1,all,all,age,domestic,0.017,3.340,0.005090,"
AGE_AT_4 = "E4,3,4,female,age,domestic,-0.012"


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("artefact.json", '"schema_version": 1', '"schema_version": 2',
         r"artefact.json: schema_version is 2; allowed: 1\. Was it written by another version"),
        ("artefact.json", '"schema_version": 1,', "", "schema_version is None; allowed: 1"),
        ("artefact.json", "{", "", r"artefact.json: cannot be read as JSON \("),
        ("artefact.json", '"title"', '"titel"', r"unknown key 'titel'; .*Did you mean 'title'\?"),
        ("artefact.json", '"title"', '"titel"', r"artefact.json: title is missing"),
        ("artefact.json", '"female"', '"feemale"', r"terms holds the unknown 'feemale'; .*"
         r"Did you mean 'female'\?"),
        ("artefact.json", '"female"', '"age"', r"terms holds 'age' more than once"),
        ("artefact.json", '"notes": [', '"notes": 1, "x": [', "notes is a int; allowed: list"),
        ("coefficients.csv", "estimate,", "estimat,", r"unknown column 'estimat'; .*Did you mean "
         r"'estimate'\?"),
        ("coefficients.csv", "estimate,", "estimat,", r"coefficients.csv: has no column estimate"),
        ("coefficients.csv", LINE, LINE + ",,", "coefficients.csv: has rows of different length"),
        ("coefficients.csv", LINE, LINE.replace("age", "agee"),
         r"coefficients.csv line 4: term is 'agee'; .*Did you mean 'age'\?"),
        ("coefficients.csv", LINE, LINE.replace("age", "agee"),
         r"model 6.1: lacks age \(domestic\); allowed: every term once"),
        ("coefficients.csv", LINE, LINE.replace("domestic", "stay"),
         r"line 4: outcome is 'stay'; allowed: domestic, emigrate"),
        ("coefficients.csv", LINE, LINE.replace("0.017", "0,017x"), "different length"),
        ("coefficients.csv", LINE, LINE.replace("0.017", "high"), "line 4: estimate is 'high'; "
         "allowed: a finite number"),
        ("coefficients.csv", LINE, LINE.replace("0.017", "nan"), "line 4: estimate is 'nan'"),
        ("coefficients.csv", LINE, LINE.replace("0.017", ""), "line 4: estimate is ''"),
        ("coefficients.csv", LINE, LINE.replace("3.340", "?"), "line 4: t_value is '?'"),
        ("coefficients.csv", LINE, LINE.replace("0.005", "-0.005"),
         r"line 4: std_error is -0.005090; allowed: 0 or more\. Is it a t value\?"),
        ("coefficients.csv", LINE, LINE.replace("0.005090", "inf"), "line 4: std_error is 'inf'"),
        ("coefficients.csv", LINE, LINE.replace("age", "constant"),
         "line 4: repeats 6.1 constant domestic of line 2; allowed: one row a coefficient"),
        ("coefficients.csv", LINE, LINE.replace("1,all", "2,1"), "line 4: calls model 6.1 type 2, "
         "centrality 1, sex all; allowed: type 1, centrality all, sex all, as above"),
        ("coefficients.csv", LINE, LINE.replace("6.1,1", "6.1,7"), "model_type is '7'; allowed: 1"),
        ("coefficients.csv", AGE_AT_4, AGE_AT_4.replace(",age", ",female"),
         r"model E4: has female \(domestic\); allowed: no female term in type 3, by centrality"),
        ("diagnostics.csv", "E8,", "E9,", "diagnostics.csv line 14: names 'E9', which"),
        ("diagnostics.csv", "E8,", "E9,", "diagnostics.csv: has 0 rows for model E8"),
        ("diagnostics.csv", "E8,", "E7,", "diagnostics.csv: has 2 rows for model E7"),
        ("diagnostics.csv", "545966", "many", "line 2: n is 'many'; allowed: a whole number"),
        ("diagnostics.csv", "-116665", "", "line 2: log_likelihood is ''"),
    ],
)  # fmt: skip
def test_a_spoilt_artefact_is_refused_with_the_place_and_the_cure(folder, name, old, new, says):
    edit(folder, name, old, new)
    with pytest.raises(InputError, match=says.replace("'?'", r"'\?'")):
        read_artefact(folder)


@pytest.mark.parametrize("model", ["D1,2,1,all", "E1,3,1,female"])
def test_a_model_for_an_impossible_group_is_refused(folder, model):
    path = folder / "coefficients.csv"
    spoilt = model.replace(",1,", ",5,").replace("all", "both").replace("female", "women")
    path.write_text(path.read_text("utf-8").replace(model, spoilt), "utf-8")
    with pytest.raises(InputError, match=r"centrality is '5'; allowed: 1, 2, 3, 4 \(t") as caught:
        read_artefact(folder)
    assert "sex is" in str(caught.value)


def test_missing_files_are_all_named(folder):
    (folder / "diagnostics.csv").unlink()
    (folder / "artefact.json").unlink()
    with pytest.raises(InputError, match=r"(?s)artefact.json: is missing.*diagnostics.csv: is mis"):
        read_artefact(folder)
    with pytest.raises(InputError, match=r"folder: does not exist; allowed: a folder with art"):
        read_artefact(folder / "nowhere")


@pytest.mark.parametrize("content", ["[]", "3", "null"])
def test_a_head_that_is_no_object_is_refused(folder, content):
    (folder / "artefact.json").write_text(content)
    with pytest.raises(InputError, match=r"artefact.json: holds a \w+; allowed: a JSON object"):
        read_artefact(folder)


def test_a_table_without_rows_or_in_another_encoding_is_refused(folder):
    header = (folder / "coefficients.csv").read_text("utf-8").splitlines()[0]
    (folder / "coefficients.csv").write_text(header)
    (folder / "diagnostics.csv").write_bytes("modell,kjønn".encode("latin-1"))
    with pytest.raises(InputError, match=r"coefficients.csv: has no rows") as caught:
        read_artefact(folder)
    assert "diagnostics.csv: cannot be read as text" in str(caught.value)


def test_provenance_may_be_added_freely(folder):
    path = folder / "artefact.json"
    head = json.loads(path.read_text("utf-8")) | {"provenance": {"seed": 1}}
    path.write_text(json.dumps(head))
    assert read_artefact(folder).name == "published_2016"


def test_a_set_needs_one_model_in_every_cell(folder):
    for name in ("coefficients.csv", "diagnostics.csv"):
        lines = (folder / name).read_text("utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if not line.startswith("E7")))
    with pytest.raises(InputError, match="type 3, centrality 3, male: models that apply: none"):
        logit_set(folder, 3)
    assert logit_set(folder, 2).models[2] == ("D3", "D3")
