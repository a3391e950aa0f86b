"""`vandring reconstruct`: what it writes, prints and refuses."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from calibration import fit_margins, fitting, reconstruct
from calibration.fit_table import Row
from runs import reconstruction
from runs.cli import main
from runs.reconstruction import as_csv
from scenarios.schema import load_scenario
from sim.agents import files

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

    pool = draw_pool(150, scale=0.05)
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
def test_one_step_is_one_step(command):
    _, _, err = command(*FEW, "--refit", "--steps", "1", "--out", "p.parquet")
    assert "has not converged after 1 step; nothing is written. Give it more with --steps." in err


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


def test_names_that_are_likely_mistakes(command, tmp_path):
    for name in ("p.csv", "p.YAML", "p.json"):
        assert "allowed: a name that ends in .parquet" in refused(command, *FEW, "--out", name)
    assert list(tmp_path.iterdir()) == []
    assert command(*FEW, "--out", "people")[0] == 0  # any other name will do


@pytest.mark.parametrize("name", ["", " ", "p\0.parquet", "\udcff.parquet", "p" * 300, "p" * 250])
def test_names_that_no_file_can_have(command, tmp_path, name):
    assert "--out: " in refused(command, *FEW, "--out", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["p.parquet", "p.parquet.fit.csv"])
def test_pipes_and_links_are_left_alone(command, tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "is no regular file" in refused(command, *FEW, "--out", "p.parquet")
    assert (tmp_path / name).is_fifo()
    (tmp_path / name).unlink()
    (tmp_path / "kept").write_text("kept")
    (tmp_path / name).symlink_to("kept")
    assert "is a link" in refused(command, *FEW, "--out", "p.parquet")
    assert (tmp_path / name).is_symlink()
    assert (tmp_path / "kept").read_text() == "kept"


@pytest.mark.parametrize("own", ["own", "own.fit.csv", "hard"])
def test_the_margins_are_not_written_over(command, tmp_path, own):
    (tmp_path / own).write_text("sex,persons\nfemale,280000\n")
    if own == "hard":
        os.link(tmp_path / "hard", tmp_path / "own")
    said = refused(command, *FEW, "--margins", f"../{tmp_path.name}/{own}", "--out", "own")
    assert "is the file of --margins; allowed: another file" in said
    assert (tmp_path / own).read_text() == "sex,persons\nfemale,280000\n"


def test_margins_without_a_name(command):
    assert "--margins: is ''; allowed: a CSV file" in refused(
        command, *FEW, "--margins", "", "--out", "p.parquet"
    )


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("failing", ["p.parquet", "p.parquet.fit.csv"])
def test_a_failure_leaves_both_files_as_they_were(command, tmp_path, monkeypatch, failing, old):
    if old:
        for name in ("p.parquet", "p.parquet.fit.csv"):
            (tmp_path / name).write_text(f"old {name}")
    rename = Path.rename

    def broken(self, target):
        if Path(target).name == failing and self.suffix != ".before":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    monkeypatch.setattr(Path, "replace", broken)
    said = refused(command, *FEW, "--out", "p.parquet")
    assert "--out: cannot be written (No space left on device)" in said
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left == ({n: f"old {n}" for n in ("p.parquet", "p.parquet.fit.csv")} if old else {})


def test_files_are_written_over(command, tmp_path):
    for name in ("p.parquet", "p.parquet.fit.csv"):
        (tmp_path / name).write_text("old")
    assert command(*FEW, "--out", "p.parquet")[0] == 0
    assert files.load(tmp_path / "p.parquet").year == 2013
    assert (tmp_path / "p.parquet.fit.csv").read_text().startswith("block,cell")
    assert len(list(tmp_path.iterdir())) == 2


def test_figures_that_are_not_known_are_null(command, tmp_path, monkeypatch):
    nan = float("nan")
    some = [Row("a", "b", "percent", nan, nan, nan, 1.0), Row("a", "c", "percent", 1, 1, 2, nan)]
    monkeypatch.setattr(fit_margins, "fit_table", lambda _: some)
    _, out, _ = command(*FEW, "--out", "p.parquet", "--json")
    assert "NaN" not in out
    first, second = json.loads(out)["figures"]
    assert first["published"] is first["found"] is first["difference"] is None
    assert second["allowed"] is None
    assert "nan" not in (tmp_path / "p.parquet.fit.csv").read_text()


def test_the_summary_says_how_many_are_judged(command):
    _, out, _ = command(*FEW, "--out", "p.parquet")
    (line,) = [line for line in out.splitlines() if line.startswith("standard errors")]
    assert line.split()[2:6] == ["28", line.split()[3], "of", "2"]
    assert "note, duration: cohorts of 1.1.2011" in out
    assert "\nnote: " not in out


def test_one_figure_is_one(monkeypatch):
    population = reconstruct(scale=0.001)
    asked = reconstruction.Asked(2013, 0.001, 1, Path("p"), reconstruction.Own())
    table = [Row("a" * 60, "c", "persons", 1.0, 1.0, 2.0, 0.5)]
    said = list(reconstruction._lines(population, table, asked))
    assert "1 figure is further off than it should be." in said
    assert f"{'a' * 36}...     1    0 of 1   c: 1, 2 persons" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_an_outcome_that_cannot_be_printed(tmp_path, more):
    words = ["reconstruct", *FEW, "--out", str(tmp_path / "p.parquet"), *more]
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "runs.cli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
    assert answer.returncode == 1
    assert answer.stderr == (
        "vandring: standard output cannot be written (No space left on device); "
        f"the people are in {tmp_path / 'p.parquet'}\n"
    )
    assert files.load(tmp_path / "p.parquet").year == 2013


def test_ones_own_figures_stand_in_every_table_and_replaced_ones_are_told(command, tmp_path):
    text = "margin,sex,age,persons,source\nage,female,30-39,26000,my count\nw,,67+,9000,\n"
    (tmp_path / "own.csv").write_text(text)
    words = ("--year", "2009", *FEW, "--margins", "own.csv", "--out", "p.parquet")
    code, out, err = command(*words)
    assert code == 0
    replaces = "replaces the built-in margin of that name with its 14 figures"
    assert f"vandring: your margin 'age' {replaces}, which the fit now leaves out\n" in err
    assert f"note, yours: age: my count; {replaces}." in out
    assert "yours: w  " in out
    with (tmp_path / "p.parquet.fit.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["block"].startswith("yours: ")]
    assert [row["cell"] for row in rows] == ["line 2 (sex female, age 30-39)", "line 3 (age 67+)"]
    assert [row["published"] for row in rows] == ["26000", "9000"]
    assert [row["allowed"] for row in rows] == ["260", "90"]
    people = files.load(tmp_path / "p.parquet")
    old = np.count_nonzero(people.immigrants & (2008 - people["birth_year"] >= 67))
    assert float(rows[1]["found"]) == pytest.approx(1000 * old)
    told = json.loads(command(*words, "--json")[1])["figures"]
    assert [row["cell"] for row in told[-2:]] == [row["cell"] for row in rows]


def test_the_question_of_the_baseline_is_true_of_any_start_year():
    question = load_scenario("baseline", {"years": "2006..2008"}).question
    assert "in each year, if people arrive as published" in question
