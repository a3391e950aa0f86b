"""`vandring estimate`: from an extract to an artefact that a run uses."""

import csv
import json

import numpy as np
import pytest

from runs.cli import main
from sim.jit import COMPILED
from sim.transitions.artefact import read_artefact
from tests.conftest import load

ROWS = load("40000", "12000")


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    path = tmp_path_factory.mktemp("extract") / "persons.parquet"
    assert main(["example-data", "--rows", ROWS, "--out", str(path)]) == 0
    return str(path)


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capsys.readouterr()
        code = main(["estimate", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def refused(command, *words):
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err


def test_a_newcomer_goes_from_example_data_to_a_run(command, extract, tmp_path, capsys):
    assert main(["check", extract]) == 0
    code, out, _ = command(extract, "--out", "mine")
    assert code == 0
    assert "Model 6.1. Trinomial logit" in out
    assert "vandring run baseline --parameters mine --model-type 1" in out
    names = {p.name for p in (tmp_path / "mine").iterdir()}
    assert names == {
        "artefact.json", "coefficients.csv", "diagnostics.csv", "covariances.parquet", "tables.txt",
        "tables.csv", "tables.tex", "tests.txt", "tests.csv",
    }  # fmt: skip
    words = ["run", "baseline", "--parameters", "mine", "--population", "embedded:0.01"]
    assert main([*words, "--years", "2013..2013", "--replicates", "2", "--out", "r"]) == 0
    report = (tmp_path / "r" / "report.html").read_text("utf-8")
    assert "Estimated from persons.parquet, " in report
    assert "(synthetic)" in report
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["name"] == "mine"


def test_estimates_are_near_the_models_that_made_the_data(command, extract):
    """Coefficients of the example come from Table 6.1: none is more than five errors away."""
    from sim.transitions.logit import published_model

    command(extract, "--out", "mine")
    found = read_artefact("mine").models["6.1"]
    gap = (found.estimates - published_model("6.1").estimates) / found.std_errors
    # 54 normal numbers: one beyond 5 happens in 3 of 100,000 samples.
    assert np.nanmax(np.abs(gap)) < 5


def test_json_holds_estimates_and_errors(command, extract):
    code, out, _ = command(extract, "--out", "mine", "--json", "--errors", "robust")
    told = json.loads(out)
    assert code == 0
    model = told["models"]["6.1"]
    assert model["covariance"] == "robust"
    assert set(model["estimates"]) == {"domestic", "emigrate"}
    assert set(model["estimates"]["emigrate"]) == set(model["std_errors"]["emigrate"])
    assert model["n"] <= int(ROWS)


def test_linear_models_are_written_in_the_layout_of_the_report(command, extract, tmp_path):
    code, out, _ = command(extract, "--linear", "--errors", "HC1", "--out", "tables")
    assert code == 0, out
    assert {p.name for p in (tmp_path / "tables").iterdir()} == {
        "tables.txt", "tables.csv", "tables.tex"
    }  # fmt: skip
    with (tmp_path / "tables" / "tables.csv").open(encoding="utf-8", newline="") as file:
        tables = {row["table"] for row in csv.DictReader(file)}
    assert {"5.4", "5.8", "5.12", "5.13", "5.15", "5.31"} <= tables


def test_linear_tables_that_a_few_persons_do_not_allow_are_named_and_the_others_stand(
    command, tmp_path
):
    main(["example-data", "--rows", "1500", "--out", str(tmp_path / "few.parquet")])
    code, _, err = command("few.parquet", "--linear", "--out", "tables")
    assert code == 0, err
    assert "tables left out" in err
    left = {line.split()[2].strip(",") for line in err.splitlines() if line.startswith("  - table")}
    with (tmp_path / "tables" / "tables.csv").open(encoding="utf-8", newline="") as file:
        tables = {row["table"] for row in csv.DictReader(file)}
    assert left
    assert left | tables == {f"5.{number}" for number in range(1, 32)}
    assert not left & tables
    command("few.parquet", "--linear", "--omit-empty", "--out", "more")
    with (tmp_path / "more" / "tables.csv").open(encoding="utf-8", newline="") as file:
        assert {row["table"] for row in csv.DictReader(file)} > tables


@pytest.mark.skipif(not COMPILED, reason="needs many persons")
def test_several_types_at_once(command, extract, tmp_path):
    main(["example-data", "--rows", "300000", "--out", str(tmp_path / "many.parquet")])
    code, out, err = command("many.parquet", "--model-type", "2,1", "--out", "mine")
    assert code == 0, err
    assert "--parameters mine --model-type 2" in out
    models = read_artefact(tmp_path / "mine").models
    assert set(models) == {"6.1", "D1", "D2", "D3", "D4"}
    for words in ("1,1", "2,4", "", "1;2"):
        assert "allowed: 1, 2, 3, or several: 2,3" in refused(command, extract, "--model-type",
                                                              words, "--out", "x")  # fmt: skip


def test_all_wrong_words_at_once(command, extract):
    said = refused(command, extract, "--model-type", "4", "--errors", "robst", "--threads", "0")
    for part in (
        "--model-type: is '4'; allowed: 1, 2, 3",
        "--errors: is 'robst'; allowed: classical, robust, clustered",
        "--threads: is '0'; allowed: a whole number, 1 to 256",
        "--out: is missing; allowed: a new folder. Add --out my_models.",
    ):
        assert part in said


def test_options_that_would_be_ignored_are_refused(command, extract):
    said = refused(command, extract, "--linear", "--tests", "--json", "--model-type", "2",
                   "--threads", "2", "--out", "x")  # fmt: skip
    for option in ("--model-type", "--tests", "--json", "--threads"):
        assert f"{option}: cannot be combined with --linear" in said
    assert "--omit-empty: is of use with --linear alone" in refused(
        command, extract, "--omit-empty", "--out", "x"
    )


def test_places_and_files_that_are_none(command, extract, tmp_path):
    (tmp_path / "there").mkdir()
    assert "exists already; allowed: a new folder" in refused(command, extract, "--out", "there")
    assert "lies in no folder" in refused(command, extract, "--out", "a/b")
    assert "does not exist" in refused(command, "none.parquet", "--out", "mine")


def test_too_little_data_is_said_by_variable_and_outcome(command, tmp_path):
    main(["example-data", "--rows", "100", "--out", str(tmp_path / "few.parquet")])
    said = refused(command, "few.parquet", "--out", "mine")
    assert "to estimate 27 terms" in said or "has the outcome" in said or "same for all" in said
    assert not (tmp_path / "mine").exists()


def test_parameters_of_a_run_that_are_none(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["run", "baseline", "--population", "embedded:0.01", "--parameters", "nowhere"]
    assert main([*words, "--years", "2013..2013", "--replicates", "2"]) == 2
    assert "nowhere" in capsys.readouterr().err
