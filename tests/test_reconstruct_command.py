"""`vandring reconstruct`: what it writes, prints and refuses."""

import csv
import json

import numpy as np
import pytest

from calibration import fitting, reconstruct
from calibration.fit_table import Row
from runs.cli import main
from runs.reconstruction import as_csv
from sim.agents import files
from tests.conftest import load

FEW = ("--scale", "0.001")


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["reconstruct", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def small(monkeypatch):
    """Fits with few candidates, so that a test may fit."""
    from calibration.pool import draw_pool

    pool = draw_pool(load(150, 60), scale=0.05)
    monkeypatch.setattr(fitting, "draw_pool", lambda *_, **__: pool)


def refused(command, *words):
    code, out, err = command(*words)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    return err


def test_it_writes_the_people_that_the_function_draws(command, tmp_path):
    code, out, err = command(*FEW, "--year", "2006", "--seed", "7", "--out", "people.parquet")
    assert (code, err) == (0, "")
    found = files.load(tmp_path / "people.parquet")
    wanted = reconstruct(year=2006, scale=0.001, seed=7)
    assert found.year == 2006
    for name, column in wanted.columns.items():
        np.testing.assert_array_equal(found[name], column, err_msg=name)
    assert "reconstructed register of 1.1.2006 (synthetic; scale 0.001, seed 7)" in out
    assert "people.parquet.fit.csv" in out
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "people.parquet",
        "people.parquet.fit.csv",
    ]


def test_the_table_beside_it_holds_every_figure(command, tmp_path):
    command(*FEW, "--out", "p.parquet")
    with (tmp_path / "p.parquet.fit.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    blocks = {row["block"] for row in rows}
    assert {"sample size", "log likelihood", "standard errors", "county", "age x sex"} <= blocks
    sample = {r["cell"]: float(r["published"]) for r in rows if r["block"] == "sample size"}
    assert sample["6.1"] == 545_966
    assert sample["E8"] == 226_073


def test_json_tells_the_same_table(command):
    code, out, _ = command(*FEW, "--out", "p.parquet", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["population"] == "p.parquet"
    assert told["persons"]["resident_immigrants"] == pytest.approx(593, abs=10)
    first = told["figures"][0]
    assert (first["block"], first["cell"], first["published"]) == ("sample size", "6.1", 545_966)
    assert {"believed", "found", "difference", "allowed", "holds", "note"} <= set(first)
    notes = " ".join(figure["note"] for figure in told["figures"])
    assert "32 against 30 percent; the report is believed" in notes  # sources that contradict


def test_csv_says_what_is_only_shown():
    shown = Row("a", "b", "percent", 1.0, 1.0, 2.0, float("nan"))
    judged = Row("a", "c", "percent", 1.0, 1.0, 2.0, 0.5)
    lines = as_csv([shown, judged]).splitlines()
    assert lines[1] == "a,b,percent,1,1,2,1,,,"
    assert lines[2] == "a,c,percent,1,1,2,1,0.5,False,"


def test_wrong_options_are_all_named(command):
    said = refused(command, "--yaer", "2013", "--scale", "x", "--seed", "1.5", "--steps", "many")
    for part in (
        "--yaer: is unknown",
        "Did you mean '--year'?",
        "--scale: is 'x'; allowed: a number",
        "--seed: is '1.5'; allowed: a whole number",
        "--steps: is 'many'; allowed: a whole number",
        "--out: is missing; allowed: a file to write. Add --out people.parquet.",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--year", "2003"), "year: is '2003'; allowed: a whole number, 2004 to 2013"),
        (("--scale", "5"), "scale: is 5.0; allowed: a number above 0, at most 4"),
        (("--scale", "0.00001"), "allowed: 50 persons or more"),
        (("--seed", "-1"), "seed: is -1; allowed: a whole number, 0 or more"),
        (("--steps", "0"), "--steps: is 0; allowed: 1 to 10,000"),
        (("--margins", "none.csv"), "none.csv has 1 problem:\n  - file: does not exist"),
        (("surplus",), "surplus: is one word too many; allowed: options only"),
    ],
)
def test_values_that_cannot_be(command, tmp_path, words, says):
    assert says in refused(command, "--out", "p.parquet", *words)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(command, tmp_path):
    assert "is a folder" in refused(command, "--out", str(tmp_path))
    assert "there is no folder 'nowhere'" in refused(command, "--out", "nowhere/p.parquet")


@pytest.mark.usefixtures("small")
def test_a_fit_that_has_not_converged_says_so_and_writes_nothing(command, tmp_path):
    code, out, err = command(*FEW, "--refit", "--steps", "2", "--out", "p.parquet")
    assert (code, out) == (1, "")
    assert "the fit has not converged after 2 steps; nothing is written" in err
    assert "step 1, loss" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_contradictory_margins_are_named_with_their_size(command, tmp_path):
    (tmp_path / "own.csv").write_text("margin,sex,persons\nsex,female,300000\nsex,male,310000\n")
    said = refused(command, "--margins", "own.csv", "--out", "p.parquet")
    assert "They contradict each other by 16,676 persons." in said
    assert not (tmp_path / "p.parquet").exists()


def test_margins_of_ones_own_are_met(command, tmp_path):
    """Some 3,000 more women aged 30-39 on 1.1.2006 than the shipped people hold."""

    def women(people):
        age = people.year - 1 - people["birth_year"]
        return np.count_nonzero(
            people.immigrants & (people["sex"] == 0) & (age >= 30) & (age <= 39)
        )

    wanted = round(1.08 * women(reconstruct(year=2006)))
    (tmp_path / "own.csv").write_text(f"sex,age,persons\nfemale,30-39,{wanted}\n")
    code, _, err = command("--year", "2006", "--margins", "own.csv", "--out", "p.parquet")
    assert code == 0, err
    assert women(files.load(tmp_path / "p.parquet")) == pytest.approx(wanted, rel=0.01)
